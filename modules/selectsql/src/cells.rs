//! A column of a result, whose cells are of whatever type SQLite gives.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Float64Array, Int64Array, StringArray, StringBuilder,
    TimestampNanosecondArray, new_null_array,
};
use arrow::datatypes::{DataType, Field, Schema};
use crunchbox_sdk::{ColumnKind, DateUnit, date_unit, result_field};
use rusqlite::types::ValueRef;

use crate::times::{parse_date, parse_timestamp};

/// The cells so far, in the narrowest type that holds all.
pub(crate) enum Cells {
    /// None of them has a value.
    Nulls(usize),
    Integers(Vec<Option<i64>>),
    Floats(Vec<Option<f64>>),
    Texts(StringBuilder),
}

/// Bytes, which no column can hold.
#[derive(Debug)]
pub(crate) struct Bytes;

impl Cells {
    /// Adds a cell.
    pub(crate) fn push(&mut self, cell: ValueRef) -> Result<(), Bytes> {
        match cell {
            ValueRef::Null => self.push_null(),
            ValueRef::Integer(number) => self.push_integer(number),
            // There are infinities in SQL, but not in tables.
            ValueRef::Real(number) if !number.is_finite() => self.push_null(),
            ValueRef::Real(number) => self.push_float(number),
            ValueRef::Text(text) => self.texts().append_value(String::from_utf8_lossy(text)),
            ValueRef::Blob(_) => return Err(Bytes),
        }
        Ok(())
    }

    fn push_null(&mut self) {
        match self {
            Cells::Nulls(count) => *count += 1,
            Cells::Integers(numbers) => numbers.push(None),
            Cells::Floats(numbers) => numbers.push(None),
            Cells::Texts(texts) => texts.append_null(),
        }
    }

    fn push_integer(&mut self, number: i64) {
        match self {
            Cells::Nulls(count) => {
                let mut numbers = vec![None; *count];
                numbers.push(Some(number));
                *self = Cells::Integers(numbers);
            }
            Cells::Integers(numbers) => numbers.push(Some(number)),
            Cells::Floats(numbers) => numbers.push(Some(number as f64)),
            Cells::Texts(texts) => texts.append_value(number.to_string()),
        }
    }

    fn push_float(&mut self, number: f64) {
        match self {
            Cells::Nulls(count) => *self = Cells::Floats(vec![None; *count]),
            Cells::Integers(numbers) => {
                *self =
                    Cells::Floats(numbers.iter().map(|number| number.map(|number| number as f64)).collect());
            }
            Cells::Floats(_) => {}
            Cells::Texts(texts) => return texts.append_value(float_text(number)),
        }
        if let Cells::Floats(numbers) = self {
            numbers.push(Some(number));
        }
    }

    /// All cells as texts.
    fn texts(&mut self) -> &mut StringBuilder {
        let mut texts = StringBuilder::new();
        match self {
            Cells::Nulls(count) => (0..*count).for_each(|_| texts.append_null()),
            Cells::Integers(numbers) => {
                texts.extend(numbers.iter().map(|number| number.map(|number| number.to_string())));
            }
            Cells::Floats(numbers) => texts.extend(numbers.iter().map(|number| number.map(float_text))),
            Cells::Texts(_) => {}
        }
        if !matches!(self, Cells::Texts(_)) {
            *self = Cells::Texts(texts);
        }
        match self {
            Cells::Texts(texts) => texts,
            _ => unreachable!("they are texts by now"),
        }
    }

    /// The column. `origin` is the input's column that it is, if it is one as it is.
    pub(crate) fn finish(self, name: &str, input: &Schema, origin: Option<&Field>) -> (Field, ArrayRef) {
        let values: ArrayRef = match self {
            Cells::Nulls(count) => {
                new_null_array(origin.map_or(&DataType::Utf8, |origin| origin.data_type()), count)
            }
            Cells::Integers(numbers) => Arc::new(Int64Array::from(numbers)),
            Cells::Floats(numbers) => Arc::new(Float64Array::from(numbers)),
            Cells::Texts(mut texts) => {
                let texts = texts.finish();
                let times = origin.and_then(|origin| times(&texts, ColumnKind::of(origin.data_type())));
                times.unwrap_or_else(|| Arc::new(texts))
            }
        };
        let unit = origin.map_or(DateUnit::Day, date_unit);
        (result_field(input, name, values.data_type(), unit_of(&values, unit)), values)
    }
}

/// As SQLite writes it.
fn float_text(number: f64) -> String {
    format!("{number:?}")
}

/// The timestamps or dates that the texts stand for. A column may be an input's column in its first rows and something
/// else in others, after a UNION: `None` if one of them is of another kind.
fn times(texts: &StringArray, kind: Option<ColumnKind>) -> Option<ArrayRef> {
    fn all<T>(texts: &StringArray, parse: fn(&str) -> Option<T>) -> Option<Vec<Option<T>>> {
        texts.iter().map(|text| text.map_or(Some(None), |text| parse(text).map(Some))).collect()
    }
    Some(match kind? {
        ColumnKind::Timestamp => Arc::new(TimestampNanosecondArray::from(all(texts, parse_timestamp)?)),
        ColumnKind::Date => Arc::new(Date32Array::from(all(texts, parse_date)?)),
        ColumnKind::Text | ColumnKind::Number => return None,
    })
}

/// The unit, if all dates have it.
fn unit_of(values: &ArrayRef, unit: DateUnit) -> DateUnit {
    let dates = values.as_primitive_opt::<arrow::datatypes::Date32Type>();
    let has_it = |day: i32| unit.first_day(day) == Some(day);
    if dates.is_none_or(|dates| dates.iter().flatten().all(has_it)) { unit } else { DateUnit::Day }
}
