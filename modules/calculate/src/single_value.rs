//! The value that is added to all rows, or multiplied with.

use arrow::array::{Array, AsArray};
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::{ColumnKind, Result, column, plain};

use crate::numbers::Numbers;
use crate::{Params, message};

/// Where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Selector {
    /// There is none.
    None,
    Cell,
    Constant,
}

/// The value that the params name.
///
/// # Errors
/// If there is no such cell, or it holds no number.
pub(crate) fn find(table: &RecordBatch, params: &Params) -> Result<f64> {
    if params.single_value_selector != Selector::Cell {
        return Ok(params.single_value_constant);
    }
    if params.single_value_row < 1 {
        return Err(message("badParam.single_value_row.tooSmall").into());
    }
    let row = usize::try_from(params.single_value_row - 1)?;
    if row >= table.num_rows() {
        let limit = i32::try_from(table.num_rows()).unwrap_or(i32::MAX);
        return Err(message("badParam.single_value_row.tooBig").arg("limit", limit).into());
    }
    if params.single_value_col.is_empty() {
        return Err(message("badParam.single_value_col.missing").into());
    }
    let (_, column) = column(table, &params.single_value_col)?;
    let number = match ColumnKind::of(column.data_type()) {
        Some(ColumnKind::Number) => Numbers::new(&column.slice(row, 1))?.float(0),
        // A number may be written in text.
        Some(ColumnKind::Text) => {
            let cell = plain(&column.slice(row, 1))?;
            let text = cell.as_string::<i32>();
            text.iter().flatten().next().and_then(|text| text.trim().parse().ok())
        }
        _ => None,
    };
    let number = number.filter(|number| number.is_finite());
    number.ok_or_else(|| message("badParam.single_value_col.notANumber").into())
}
