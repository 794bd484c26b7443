//! Turning whatever a file holds into the four column types of profile workbench.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Float16Type, Float32Type, Float64Type, Schema, TimeUnit};
use arrow::util::display::FormatOptions;

use crate::error::{Check, TableError, guarded};
use crate::pieces::Pieces;
use crate::source::{Dictionaries, Source, batch_of};
use crunchbox_protocol::TableLimits;
use crunchbox_protocol::formats::{DateUnit, NumberFormat};

const DEFAULT_FORMAT: &str = "{:,}";
const DEFAULT_UNIT: &str = "day";

/// The same table with types and metadata of profile workbench; see [`crate::ConvertOptions::normalise`].
pub(crate) fn normalise(source: Source, limits: &TableLimits) -> Result<Source, TableError> {
    let Source { schema, rows, dictionaries, plain, batches } = source;
    let kept = dictionaries == Dictionaries::Growing;
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Dictionary(..) if kept => {
            Ok(field.as_ref().clone().with_nullable(true).with_metadata(HashMap::new()))
        }
        _ => target(field),
    });
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    let schema = Arc::new(Schema::new(fields));
    let result = schema.clone();
    let batches = Pieces::new(batches, limits.decoded_bytes, dictionaries).map(move |batch| {
        let batch = batch?;
        guarded(|| {
            let mut columns = Vec::with_capacity(batch.num_columns());
            for (field, array) in result.fields().iter().zip(batch.columns()) {
                columns
                    .push(convert(array, field.data_type()).map_err(|error| error.in_column(field.name()))?);
            }
            batch_of(result.clone(), columns, batch.num_rows())
                .map_err(|error| TableError::new(Check::Conversion, error.to_string()))
        })
    });
    Ok(Source { schema, rows, dictionaries, plain, batches: Box::new(batches) })
}

/// What a column becomes. All columns may hold nulls, as numbers that are not finite become null.
fn target(field: &Field) -> Result<Field, TableError> {
    let values = match field.data_type() {
        DataType::Dictionary(_, values) => values.as_ref(),
        DataType::RunEndEncoded(_, values) => values.data_type(),
        other => other,
    };
    let data_type = match values {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Boolean | DataType::Null => {
            DataType::Utf8
        }
        DataType::Time32(_) | DataType::Time64(_) => DataType::Utf8,
        number if number.is_integer() || number.is_floating() => number.clone(),
        decimal if decimal.is_decimal() => DataType::Float64,
        DataType::Timestamp(..) => DataType::Timestamp(TimeUnit::Nanosecond, None),
        DataType::Date32 | DataType::Date64 => DataType::Date32,
        other => {
            let what = format!(
                "type {other} has no place among text, numbers, timestamps and dates; leave the column out, or turn it into text"
            );
            return Err(TableError::new(Check::Conversion, what).in_column(field.name()));
        }
    };
    let entry = |key: &str, good: &dyn Fn(&str) -> bool, default: &str| {
        let value = field.metadata().get(key).filter(|value| good(value)).map_or(default, String::as_str);
        HashMap::from([(key.to_string(), value.to_string())])
    };
    let metadata = match &data_type {
        DataType::Utf8 | DataType::Timestamp(..) => HashMap::new(),
        DataType::Date32 => entry("unit", &|unit| unit.parse::<DateUnit>().is_ok(), DEFAULT_UNIT),
        _ => entry("format", &|format| format.parse::<NumberFormat>().is_ok(), DEFAULT_FORMAT),
    };
    Ok(Field::new(field.name(), data_type, true).with_metadata(metadata))
}

fn convert(array: &ArrayRef, target: &DataType) -> Result<ArrayRef, TableError> {
    let array = match array.data_type() {
        // Casting drops the zone and moves the values by its offset; the values themselves are UTC already.
        DataType::Timestamp(unit, Some(_)) => {
            let utc = DataType::Timestamp(*unit, None);
            let data = array.to_data().into_builder().data_type(utc).build();
            arrow::array::make_array(data.map_err(|error| conversion_error(&error))?)
        }
        _ => array.clone(),
    };
    let array = if array.data_type() == target {
        array
    } else {
        // A value that doesn't fit is an error, not null.
        let options = CastOptions { safe: false, format_options: FormatOptions::new() };
        cast_with_options(&array, target, &options).map_err(|error| conversion_error(&error))?
    };
    Ok(match target {
        DataType::Float16 => finite::<Float16Type>(&array),
        DataType::Float32 => finite::<Float32Type>(&array),
        DataType::Float64 => finite::<Float64Type>(&array),
        _ => array,
    })
}

/// The same numbers, with null for those that are not finite.
fn finite<T: ArrowPrimitiveType<Native: Into<f64> + Copy>>(array: &ArrayRef) -> ArrayRef {
    let numbers = array.as_primitive::<T>();
    let is_finite = |number: T::Native| Into::<f64>::into(number).is_finite();
    if numbers.values().iter().all(|number| is_finite(*number)) {
        return array.clone();
    }
    Arc::new(
        numbers
            .iter()
            .map(|number| number.filter(|number| is_finite(*number)))
            .collect::<PrimitiveArray<T>>(),
    )
}

fn conversion_error(error: &arrow::error::ArrowError) -> TableError {
    TableError::new(Check::Conversion, error.to_string())
}
