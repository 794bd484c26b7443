//! How values compare, in one place for all steps that sort or group.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::compute::SortOptions;
use arrow::datatypes::{
    DataType, Float64Type, Int32Type, Int64Type, TimeUnit, TimestampNanosecondType, UInt64Type,
};
use arrow::error::ArrowError;
use arrow::row::{RowConverter, Rows, SortField};

use crate::cast::cast;

/// A column in the form whose own order and equality are those that people expect: dictionaries as what they stand
/// for, floats in one width and without a negative zero.
///
/// # Errors
/// None, unless a dictionary is broken.
pub fn comparable(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    Ok(match column.data_type() {
        DataType::Dictionary(_, values) => cast(column, values)?,
        DataType::Float16 | DataType::Float32 => without_negative_zero(&cast(column, &DataType::Float64)?),
        DataType::Float64 => without_negative_zero(column),
        _ => Arc::clone(column),
    })
}

fn without_negative_zero(column: &ArrayRef) -> ArrayRef {
    let floats: PrimitiveArray<Float64Type> = column.as_primitive::<Float64Type>().unary(|value| value + 0.0);
    Arc::new(floats)
}

/// For each row of a [`comparable`] column of numbers or times a number whose order is that of the values; whatever
/// where a row has none. `None` for other columns.
///
/// # Errors
/// None, unless the column is broken.
pub fn ranks(column: &ArrayRef) -> Result<Option<Vec<u64>>, ArrowError> {
    const SIGN: u64 = 1 << 63;
    let signed = |value: i64| (value as u64) ^ SIGN;
    let float = |value: f64| {
        let bits = value.to_bits();
        if bits & SIGN == 0 { bits | SIGN } else { !bits }
    };
    Ok(Some(match column.data_type() {
        DataType::UInt64 => ranked::<UInt64Type>(column, |value| value),
        DataType::Float64 => ranked::<Float64Type>(column, float),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => ranked::<TimestampNanosecondType>(column, signed),
        DataType::Date32 => {
            ranked::<Int32Type>(&cast(column, &DataType::Int32)?, |value| signed(i64::from(value)))
        }
        integer if integer.is_integer() => ranked::<Int64Type>(&cast(column, &DataType::Int64)?, signed),
        _ => return Ok(None),
    }))
}

fn ranked<T: ArrowPrimitiveType>(array: &ArrayRef, rank: impl Fn(T::Native) -> u64) -> Vec<u64> {
    array.as_primitive::<T>().values().iter().map(|value| rank(*value)).collect()
}

/// The cells of several columns as one text of bytes per row: equal and in order as the rows are, nulls last.
pub struct Encoded(Rows);

impl Encoded {
    /// Encodes [`comparable`] columns, each ascending or not.
    ///
    /// # Errors
    /// If a column is of a type that has no order.
    pub fn new<'a>(columns: impl IntoIterator<Item = (&'a ArrayRef, bool)>) -> Result<Encoded, ArrowError> {
        let mut fields = Vec::new();
        let mut arrays = Vec::new();
        for (column, ascending) in columns {
            let options = SortOptions { descending: !ascending, nulls_first: false };
            fields.push(SortField::new_with_options(column.data_type().clone(), options));
            arrays.push(Arc::clone(column));
        }
        Ok(Encoded(RowConverter::new(fields)?.convert_columns(&arrays)?))
    }

    /// The bytes of a row.
    pub fn row(&self, row: u32) -> &[u8] {
        self.0.row(row as usize).data()
    }
}
