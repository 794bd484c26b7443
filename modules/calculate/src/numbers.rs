//! Columns of numbers of any width.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, UInt64Array};
use arrow::datatypes::{DataType, Float64Type, Int64Type, UInt64Type};
use crunchbox_sdk::{ColumnKind, Error, Result, cast};

/// A column of numbers.
pub(crate) enum Numbers {
    Integers(Int64Array),
    /// Of 64 bits, without a sign.
    Large(UInt64Array),
    Floats(Float64Array),
}

impl Numbers {
    /// # Errors
    /// If the column holds none: a bug, for the params want columns of numbers.
    pub(crate) fn new(column: &ArrayRef) -> Result<Numbers> {
        let data_type = column.data_type();
        if ColumnKind::of(data_type) != Some(ColumnKind::Number) {
            return Err(Error::bug(format!(
                "a column of type {data_type} holds no numbers: the params are not clean"
            )));
        }
        Ok(if data_type.is_floating() {
            Numbers::Floats(cast(column, &DataType::Float64)?.as_primitive::<Float64Type>().clone())
        } else if *data_type == DataType::UInt64 {
            Numbers::Large(column.as_primitive::<UInt64Type>().clone())
        } else {
            Numbers::Integers(cast(column, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
        })
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Numbers::Integers(array) => array.len(),
            Numbers::Large(array) => array.len(),
            Numbers::Floats(array) => array.len(),
        }
    }

    pub(crate) fn are_whole(&self) -> bool {
        !matches!(self, Numbers::Floats(_))
    }

    /// A cell; `None` if it has no value.
    pub(crate) fn float(&self, row: usize) -> Option<f64> {
        match self {
            Numbers::Floats(array) => array.is_valid(row).then(|| array.value(row)),
            _ => self.integer(row).map(|integer| integer as f64),
        }
    }

    /// A cell; `None` if it has no value or the column is one of floats.
    pub(crate) fn integer(&self, row: usize) -> Option<i128> {
        match self {
            Numbers::Integers(array) => array.is_valid(row).then(|| array.value(row).into()),
            Numbers::Large(array) => array.is_valid(row).then(|| array.value(row).into()),
            Numbers::Floats(_) => None,
        }
    }
}

/// A column of floats; what is infinite or no number is no value.
pub(crate) fn floats(cells: impl Iterator<Item = Option<f64>>) -> ArrayRef {
    Arc::new(cells.map(|cell| cell.filter(|float| float.is_finite())).collect::<Float64Array>())
}

/// A column of integers; `None` if one of them needs more than 64 bits.
pub(crate) fn integers(cells: impl Iterator<Item = Option<i128>>) -> Option<ArrayRef> {
    let narrow = |cell: Option<i128>| cell.map(i64::try_from).transpose().ok();
    let cells: Option<Int64Array> = cells.map(narrow).collect::<Option<Vec<Option<i64>>>>().map(Into::into);
    Some(Arc::new(cells?))
}
