//! Rules of the Arrow format that decoders leave alone: digits of decimals, range of times of day.

use arrow::array::{ArrayData, AsArray, make_array};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimeUnit,
};

use crate::error::{Check, TableError};

const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

/// Checks an array and the arrays inside it.
pub(crate) fn check(data: &ArrayData) -> Result<(), TableError> {
    match data.data_type() {
        DataType::Decimal32(precision, _) => decimal(
            make_array(data.clone()).as_primitive::<Decimal32Type>().validate_decimal_precision(*precision),
        )?,
        DataType::Decimal64(precision, _) => decimal(
            make_array(data.clone()).as_primitive::<Decimal64Type>().validate_decimal_precision(*precision),
        )?,
        DataType::Decimal128(precision, _) => decimal(
            make_array(data.clone()).as_primitive::<Decimal128Type>().validate_decimal_precision(*precision),
        )?,
        DataType::Decimal256(precision, _) => decimal(
            make_array(data.clone()).as_primitive::<Decimal256Type>().validate_decimal_precision(*precision),
        )?,
        DataType::Time32(TimeUnit::Second) => time::<Time32SecondType>(data, SECONDS_PER_DAY)?,
        DataType::Time32(_) => time::<Time32MillisecondType>(data, SECONDS_PER_DAY * 1_000)?,
        DataType::Time64(TimeUnit::Microsecond) => {
            time::<Time64MicrosecondType>(data, SECONDS_PER_DAY * 1_000_000)?
        }
        DataType::Time64(_) => time::<Time64NanosecondType>(data, SECONDS_PER_DAY * 1_000_000_000)?,
        _ => {}
    }
    data.child_data().iter().try_for_each(check)
}

fn decimal(result: Result<(), arrow::error::ArrowError>) -> Result<(), TableError> {
    result.map_err(|error| TableError::new(Check::ArrowDecimalPrecision, error.to_string()))
}

fn time<T: ArrowPrimitiveType<Native: Into<i64>>>(data: &ArrayData, per_day: i64) -> Result<(), TableError> {
    let array = make_array(data.clone());
    let outside =
        array.as_primitive::<T>().iter().flatten().map(Into::into).find(|time| !(0..per_day).contains(time));
    match outside {
        Some(time) => {
            let what = format!("{time} is not a time of day, which counts from 0 to {}", per_day - 1);
            Err(TableError::new(Check::ArrowTimeRange, what))
        }
        None => Ok(()),
    }
}
