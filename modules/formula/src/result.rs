//! The column that values make.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, StringArray};
use arrow::datatypes::{DataType, Field};
use crunchbox_sdk::number_field;
use ironcalc_base::cell::CellValue;

/// A column of one value in the first row.
pub(crate) fn first(value: CellValue, rows: usize) -> ArrayRef {
    let nothing = std::iter::repeat_with(|| CellValue::None);
    let values: Vec<CellValue> = std::iter::once(value).chain(nothing).take(rows).collect();
    if are_numbers(&values) { numbers(&values) } else { texts(&values) }
}

/// A column of all values: of numbers if they all are, or look like it.
pub(crate) fn all(values: &[CellValue]) -> ArrayRef {
    if are_numbers(values) {
        return numbers(values);
    }
    let parsed: Option<Vec<CellValue>> = values.iter().map(as_number).collect();
    parsed.map_or_else(|| texts(values), |values| numbers(&values))
}

fn are_numbers(values: &[CellValue]) -> bool {
    values.iter().all(|value| matches!(value, CellValue::Number(_) | CellValue::None))
}

pub(crate) fn field(name: &str, column: &ArrayRef) -> Field {
    match column.data_type() {
        DataType::Utf8 => Field::new(name, DataType::Utf8, true),
        numbers => number_field(name, numbers.clone(), "{:,}"),
    }
}

fn as_number(value: &CellValue) -> Option<CellValue> {
    match value {
        CellValue::None => Some(CellValue::None),
        CellValue::Number(number) => Some(CellValue::Number(*number)),
        CellValue::String(text) => {
            text.trim().parse().ok().filter(|number: &f64| number.is_finite()).map(CellValue::Number)
        }
        CellValue::Boolean(_) => None,
    }
}

fn numbers(values: &[CellValue]) -> ArrayRef {
    let number = |value: &CellValue| match value {
        CellValue::Number(number) => Some(*number).filter(|number| number.is_finite()),
        _ => None,
    };
    Arc::new(values.iter().map(number).collect::<Float64Array>())
}

fn texts(values: &[CellValue]) -> ArrayRef {
    let text = |value: &CellValue| match value {
        CellValue::None => None,
        CellValue::String(text) => Some(text.clone()),
        CellValue::Number(number) => Some(format!("{number:?}")),
        CellValue::Boolean(is_true) => Some(if *is_true { "True" } else { "False" }.to_owned()),
    };
    Arc::new(values.iter().map(text).collect::<StringArray>())
}
