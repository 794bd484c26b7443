//! Keeps, or deletes, the rows that meet a condition.

#![forbid(unsafe_code)]

mod compare;
mod condition;

use arrow::array::BooleanArray;
use arrow::compute::filter_record_batch;
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::{Error, Result, compact, step};

use crate::condition::{Condition, Evaluation};

#[derive(serde::Deserialize)]
struct Params {
    keep: bool,
    condition: Option<Condition>,
}

#[step]
fn render(table: RecordBatch, params: Params) -> Result<RecordBatch> {
    let Some(condition) = params.condition else { return Ok(table) };
    let mut evaluation = Evaluation::new(&table);
    let mask = evaluation.mask(&condition)?;
    if !evaluation.errors.is_empty() {
        return Err(Error::many(evaluation.errors));
    }
    let mask = if params.keep { mask } else { !&mask };
    Ok(compact(&filter_record_batch(&table, &BooleanArray::new(mask, None))?)?)
}

#[cfg(test)]
mod tests;
