//! The rules of a profile and the limits, over a table that is known to be well-formed.

use std::collections::{BTreeMap, HashMap, HashSet};

use arrow::array::{
    Array, ArrayData, ArrayRef, AsArray, BooleanBufferBuilder, OffsetSizeTrait, PrimitiveArray, RecordBatch,
};
use arrow::datatypes::{
    ArrowDictionaryKeyType, ArrowNativeType, ArrowPrimitiveType, DataType, Date32Type, Field, Float16Type,
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, SchemaRef, TimeUnit,
};
use chrono::{Datelike, NaiveDate, Weekday};

use crate::error::{Check, TableError, shown};
use crate::info::ColumnKind;
use crunchbox_protocol::formats::{DateUnit, NumberFormat};
use crunchbox_protocol::{Profile, TableLimits};

/// Day 0 of Date32, 1970-01-01, counted from 31 December of the year 0.
const UNIX_EPOCH_FROM_CE: i32 = 719_163;

/// How many numbers are looked at before it is asked whether all were finite.
const FINITE_BLOCK: usize = 4096;

/// Judges a table: its schema at once, then one batch after the other.
pub(crate) struct TableRules<'a> {
    profile: Profile,
    limits: &'a TableLimits,
    schema: SchemaRef,
    /// In profile workbench, the dictionary of each dictionary column, and which of its values are used.
    dictionaries: HashMap<usize, DictionaryUse>,
    /// Dictionaries whose text was counted already.
    counted: Vec<ArrayData>,
    text_bytes: u64,
    rows: u64,
    growing_dictionaries: bool,
}

struct DictionaryUse {
    used: BooleanBufferBuilder,
}

impl<'a> TableRules<'a> {
    pub(crate) fn new(
        schema: SchemaRef,
        profile: Profile,
        limits: &'a TableLimits,
    ) -> Result<Self, TableError> {
        let columns = schema.fields().len() as u64;
        if columns > limits.columns {
            return Err(TableError::over(Check::MaxColumns, "columns", columns, limits.columns));
        }
        for field in schema.fields() {
            let bytes = field.name().len() as u64;
            if bytes > limits.column_name_bytes {
                let what = "bytes in the column name";
                let error =
                    TableError::over(Check::ColumnNameMaxBytes, what, bytes, limits.column_name_bytes);
                return Err(error.in_column(field.name()));
            }
        }
        if profile == Profile::Workbench {
            let mut positions = BTreeMap::new();
            for (index, field) in schema.fields().iter().enumerate() {
                check_name(field.name(), index)?;
                if let Some(first) = positions.insert(field.name().as_str(), index) {
                    let what = format!("columns {} and {} have the same name", first + 1, index + 1);
                    return Err(TableError::new(Check::ColumnNameUnique, what).in_column(field.name()));
                }
                check_column(field).map_err(|error| error.in_column(field.name()))?;
            }
        }
        let (dictionaries, counted) = (HashMap::new(), Vec::new());
        Ok(TableRules {
            profile,
            limits,
            schema,
            dictionaries,
            counted,
            text_bytes: 0,
            rows: 0,
            growing_dictionaries: false,
        })
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Judges a dictionary that no batch may ever show.
    pub(crate) fn dictionary(&mut self, column: usize, values: &ArrayRef) -> Result<(), TableError> {
        if self.profile == Profile::Workbench && !self.dictionaries.contains_key(&column) {
            check_dictionary(values).map_err(|error| error.in_column(self.name(column)))?;
            let mut used = BooleanBufferBuilder::new(values.len());
            used.append_n(values.len(), false);
            self.dictionaries.insert(column, DictionaryUse { used });
        }
        Ok(())
    }

    /// Each dictionary begins with that of the batch before, and keeps the rules of profile workbench.
    pub(crate) fn with_growing_dictionaries(mut self) -> Self {
        self.growing_dictionaries = true;
        self
    }

    /// Judges the next batch; it has the schema that the rules were made for.
    pub(crate) fn batch(&mut self, batch: &RecordBatch) -> Result<(), TableError> {
        let first_row = self.rows;
        self.rows = self.rows.saturating_add(batch.num_rows() as u64);
        if self.rows > self.limits.rows {
            return Err(TableError::over(Check::MaxRows, "rows or more", self.rows, self.limits.rows));
        }
        for (index, array) in batch.columns().iter().enumerate() {
            self.sizes(&array.to_data()).map_err(|error| error.in_column(self.name(index)))?;
            if self.profile == Profile::Workbench {
                self.values(index, array, first_row).map_err(|error| error.in_column(self.name(index)))?;
            }
        }
        Ok(())
    }

    /// Judges what only the whole table shows.
    pub(crate) fn finish(&self) -> Result<(), TableError> {
        let mut columns: Vec<_> = self.dictionaries.iter().collect();
        columns.sort_unstable_by_key(|(index, _)| **index);
        for (index, dictionary) in columns {
            if let Some(unused) = (0..dictionary.used.len()).find(|value| !dictionary.used.get_bit(*value)) {
                let what = format!(
                    "no row uses value {} of the {} in the dictionary",
                    unused + 1,
                    dictionary.used.len()
                );
                return Err(
                    TableError::new(Check::DictionaryValuesAllUsed, what).in_column(self.name(*index))
                );
            }
        }
        Ok(())
    }

    fn name(&self, column: usize) -> &str {
        self.schema.field(column).name()
    }

    /// Counts the text and binary values of an array and the arrays inside it.
    fn sizes(&mut self, data: &ArrayData) -> Result<(), TableError> {
        let (longest, total) = match data.data_type() {
            DataType::Utf8 | DataType::Binary => self.offset_sizes::<i32>(data),
            DataType::LargeUtf8 | DataType::LargeBinary => self.offset_sizes::<i64>(data),
            DataType::Utf8View | DataType::BinaryView => {
                let lengths = data.buffer::<u128>(0)[..data.len()].iter().map(|view| u64::from(*view as u32));
                lengths.fold((0, 0), |(longest, total), length| (length.max(longest), length + total))
            }
            DataType::FixedSizeBinary(width) => {
                let width = u64::try_from(*width).unwrap_or(0);
                (if data.is_empty() { 0 } else { width }, width.saturating_mul(data.len() as u64))
            }
            _ => (0, 0),
        };
        if longest > self.limits.bytes_per_value {
            let what = "bytes in one value";
            return Err(TableError::over(
                Check::MaxBytesPerValue,
                what,
                longest,
                self.limits.bytes_per_value,
            ));
        }
        self.text_bytes = self.text_bytes.saturating_add(total);
        if self.text_bytes > self.limits.bytes_text {
            let what = "bytes of text or more in all";
            return Err(TableError::over(Check::MaxBytesText, what, self.text_bytes, self.limits.bytes_text));
        }
        for child in data.child_data() {
            if matches!(data.data_type(), DataType::Dictionary(..)) {
                // Each batch shows the same dictionary again.
                if self.counted.iter().any(|known| known.ptr_eq(child)) {
                    continue;
                }
                self.counted.push(child.clone());
            }
            self.sizes(child)?;
        }
        Ok(())
    }

    /// Longest value and sum of all, in bytes. Values that are short enough all together are not looked at one by one:
    /// the sum then stands for the longest too.
    fn offset_sizes<O: OffsetSizeTrait>(&self, data: &ArrayData) -> (u64, u64) {
        if data.is_empty() {
            return (0, 0);
        }
        let offsets = &data.buffer::<O>(0)[..=data.len()];
        let total = (offsets[data.len()].as_usize() - offsets[0].as_usize()) as u64;
        if total <= self.limits.bytes_per_value {
            return (total, total);
        }
        // In the offsets' own type and without an early end, so that many are compared at once.
        let lengths = offsets[1..].iter().zip(offsets).map(|(end, start)| *end - *start);
        let longest =
            lengths.fold(O::default(), |longest, length| if length > longest { length } else { longest });
        (longest.as_usize() as u64, total)
    }

    fn values(&mut self, column: usize, array: &ArrayRef, first_row: u64) -> Result<(), TableError> {
        match array.data_type() {
            DataType::Float16 => check_finite::<Float16Type>(array, first_row),
            DataType::Float32 => check_finite::<Float32Type>(array, first_row),
            DataType::Float64 => check_finite::<Float64Type>(array, first_row),
            DataType::Date32 => {
                let unit = self.schema.field(column).metadata().get("unit");
                let unit = unit.and_then(|word| word.parse().ok()).unwrap_or(DateUnit::Day);
                check_dates(array.as_primitive(), unit, first_row)
            }
            DataType::Dictionary(..) if self.growing_dictionaries => Ok(()),
            DataType::Dictionary(index, _) => {
                self.dictionary(column, array.as_any_dictionary().values())?;
                let Some(dictionary) = self.dictionaries.get_mut(&column) else {
                    return Ok(());
                };
                match index.as_ref() {
                    DataType::Int8 => dictionary.mark::<Int8Type>(array),
                    DataType::Int16 => dictionary.mark::<Int16Type>(array),
                    DataType::Int32 => dictionary.mark::<Int32Type>(array),
                    _ => {}
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl DictionaryUse {
    fn mark<K: ArrowDictionaryKeyType>(&mut self, array: &ArrayRef) {
        for key in array.as_dictionary::<K>().keys().iter().flatten() {
            self.used.set_bit(key.as_usize(), true);
        }
    }
}

fn check_name(name: &str, index: usize) -> Result<(), TableError> {
    if name.is_empty() {
        let what = format!("column {} has no name", index + 1);
        return Err(TableError::new(Check::ColumnNameEmpty, what));
    }
    if let Some(byte) = name.bytes().find(|byte| *byte < 0x20) {
        let what = format!("the name holds the control character 0x{byte:02x}");
        return Err(TableError::new(Check::ColumnNameControlCharacters, what).in_column(name));
    }
    Ok(())
}

/// A column's type and metadata, in profile workbench.
fn check_column(field: &Field) -> Result<(), TableError> {
    let metadata = field.metadata();
    let metadata_error = |what: &str| {
        let mut keys: Vec<_> = metadata.keys().map(|key| shown(key)).collect();
        keys.sort_unstable();
        let found = if keys.is_empty() { "none".to_string() } else { format!("[{}]", keys.join(", ")) };
        TableError::new(Check::FieldMetadata, format!("{what}; the field's metadata has {found}"))
    };
    match field.data_type() {
        DataType::Timestamp(unit, zone) => {
            if !metadata.is_empty() {
                return Err(metadata_error("a timestamp has no metadata"));
            }
            if let Some(zone) = zone {
                let what = format!("time zone \"{}\"; timestamps are in UTC, without a zone", shown(zone));
                return Err(TableError::new(Check::TimestampTimezone, what));
            }
            if *unit != TimeUnit::Nanosecond {
                return Err(TableError::new(
                    Check::TimestampUnit,
                    format!("unit {unit:?} instead of nanosecond"),
                ));
            }
            return Ok(());
        }
        DataType::Dictionary(index, values) => {
            if **values != DataType::Utf8 {
                let what = format!("a dictionary of {values}, where only text has one");
                return Err(TableError::new(Check::DictionaryValueType, what));
            }
            if !matches!(**index, DataType::Int8 | DataType::Int16 | DataType::Int32) {
                let what = format!("indices of type {index} instead of Int8, Int16 or Int32");
                return Err(TableError::new(Check::DictionaryIndexType, what));
            }
        }
        _ => {}
    }
    match ColumnKind::of(field.data_type()) {
        Some(ColumnKind::Text) if !metadata.is_empty() => Err(metadata_error("text has no metadata")),
        Some(ColumnKind::Number) => {
            let format = metadata
                .get("format")
                .filter(|_| metadata.len() == 1)
                .ok_or_else(|| metadata_error("a number has exactly a \"format\""))?;
            format.parse::<NumberFormat>().map(drop).map_err(|error| {
                TableError::new(Check::NumberFormat, format!("format \"{}\": {error}", shown(format)))
            })
        }
        Some(ColumnKind::Date) => match metadata.get("unit").map(String::as_str) {
            Some(unit) if metadata.len() == 1 && unit.parse::<DateUnit>().is_ok() => Ok(()),
            Some(unit) if metadata.len() == 1 => Err(metadata_error(&format!(
                "unit \"{}\" instead of day, week, month, quarter or year",
                shown(unit)
            ))),
            _ => Err(metadata_error("a date has exactly a \"unit\"")),
        },
        Some(ColumnKind::Text | ColumnKind::Timestamp) => Ok(()),
        None => {
            let what =
                format!("type {}, where a column is text, number, timestamp or date", field.data_type());
            Err(TableError::new(Check::ColumnType, what))
        }
    }
}

fn check_dictionary(values: &ArrayRef) -> Result<(), TableError> {
    if values.null_count() > 0 {
        let what =
            format!("{} of the {} values in the dictionary are null", values.null_count(), values.len());
        return Err(TableError::new(Check::DictionaryValuesNotNull, what));
    }
    let mut seen = HashSet::with_capacity(values.len());
    match values.as_string::<i32>().iter().flatten().find(|value| !seen.insert(*value)) {
        Some(twice) => {
            let what = format!("\"{}\" is in the dictionary twice", shown(twice));
            Err(TableError::new(Check::DictionaryValuesUnique, what))
        }
        None => Ok(()),
    }
}

fn check_finite<T: ArrowPrimitiveType<Native: Into<f64> + Copy>>(
    array: &ArrayRef,
    first_row: u64,
) -> Result<(), TableError> {
    let array = array.as_primitive::<T>();
    let finite = |value: T::Native| Into::<f64>::into(value).is_finite();
    // The values of null slots don't count, but when all are finite there is no need to look which ones are null.
    // Without an early end within a block, so that many are compared at once.
    let mut blocks = array.values().chunks(FINITE_BLOCK);
    let finite_block = |block: &[T::Native]| block.iter().fold(true, |all, value| all & finite(*value));
    if blocks.all(finite_block) {
        return Ok(());
    }
    let found = (0..array.len()).find(|index| array.is_valid(*index) && !finite(array.value(*index)));
    match found {
        Some(index) => {
            let value: f64 = array.value(index).into();
            let what = format!("row {} is {value}; write null instead", first_row + index as u64 + 1);
            Err(TableError::new(Check::FloatsAllFinite, what))
        }
        None => Ok(()),
    }
}

fn check_dates(array: &PrimitiveArray<Date32Type>, unit: DateUnit, first_row: u64) -> Result<(), TableError> {
    for (index, days) in array.iter().enumerate() {
        let Some(days) = days else { continue };
        let row = first_row + index as u64 + 1;
        let date = days
            .checked_add(UNIX_EPOCH_FROM_CE)
            .and_then(NaiveDate::from_num_days_from_ce_opt)
            .filter(|date| (1..=9999).contains(&date.year()))
            .ok_or_else(|| {
                let what = format!("row {row} is {days} days from 1970-01-01, not in the years 1 to 9999");
                TableError::new(Check::DateRange, what)
            })?;
        let first_day_of_unit = match unit {
            DateUnit::Day => true,
            DateUnit::Week => date.weekday() == Weekday::Mon,
            DateUnit::Month => date.day() == 1,
            DateUnit::Quarter => date.day() == 1 && date.month() % 3 == 1,
            DateUnit::Year => date.ordinal() == 1,
        };
        if !first_day_of_unit {
            let what = format!("row {row} is {date}, not the first day of a {}", unit.as_str());
            return Err(TableError::new(Check::DateUnit, what));
        }
    }
    Ok(())
}
