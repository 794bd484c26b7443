//! Converts columns of text, or of years, to timestamps.

#![forbid(unsafe_code)]

mod lenient;
mod pattern;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{Field, TimestampNanosecondType};
use arrow::record_batch::RecordBatch;
use chrono::NaiveDateTime;
use crunchbox_sdk::{
    ColumnKind, JsonMap, Result, Unconverted, as_text, column_index, migrate_colnames, plain, step, text_to,
    with_column,
};

use crate::pattern::Pattern;

#[derive(serde::Deserialize)]
struct Params {
    colnames: Vec<String>,
    input_format: InputFormat,
    error_means_null: bool,
}

#[derive(Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum InputFormat {
    Auto,
    Us,
    Eu,
}

#[step(migrate = migrate)]
fn render(table: RecordBatch, params: Params) -> Result<RecordBatch> {
    let mut unconverted = Unconverted::default();
    let mut table = table;
    for name in &params.colnames {
        let index = column_index(&table, name)?;
        let column = table.column(index);
        let (texts, pattern) = match (ColumnKind::of(column.data_type()), params.input_format) {
            (Some(ColumnKind::Number), _) => {
                let plainly = Field::new(name, column.data_type().clone(), true)
                    .with_metadata([("format".to_owned(), "{}".to_owned())].into());
                (as_text(&plainly, column)?, Some(Pattern::new("%Y")?))
            }
            (Some(ColumnKind::Text), InputFormat::Us) => {
                (Arc::clone(column), Some(Pattern::new("%m/%d/%Y")?))
            }
            (Some(ColumnKind::Text), InputFormat::Eu) => {
                (Arc::clone(column), Some(Pattern::new("%d/%m/%Y")?))
            }
            (Some(ColumnKind::Text), InputFormat::Auto) => (Arc::clone(column), guess(column)?),
            _ => continue,
        };
        let times = text_to::<TimestampNanosecondType>(&texts, |text| {
            let time = match &pattern {
                Some(pattern) => pattern.find(text),
                None => lenient::parse(text),
            };
            time.and_then(nanos)
        })?;
        unconverted.count(name, &texts, &times)?;
        let field = Field::new(name, times.data_type().clone(), true);
        table = with_column(&table, index, field, Arc::new(times))?;
    }
    match unconverted.message() {
        Some(message) if !params.error_means_null => Err(message.into()),
        _ => Ok(table),
    }
}

/// The pattern of a column's first text, if all have to be of one.
fn guess(column: &ArrayRef) -> Result<Option<Pattern>> {
    let nulls = column.logical_nulls();
    let mut rows = 0..column.len();
    let Some(row) = rows.find(|row| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(*row))) else {
        return Ok(None);
    };
    Pattern::guess(plain(&column.slice(row, 1))?.as_string::<i32>().value(0))
}

fn nanos(time: NaiveDateTime) -> Option<i64> {
    // The least of all is no time but what pandas writes for none.
    time.and_utc().timestamp_nanos_opt().filter(|nanos| *nanos > i64::MIN)
}

/// The menu was a number once.
fn migrate(params: JsonMap) -> JsonMap {
    let mut params = migrate_colnames(params);
    if let Some(number) = params.remove("type_date") {
        let format = match number.as_i64() {
            Some(1) => "us",
            Some(2) => "eu",
            _ => "auto",
        };
        params.insert("input_format".to_owned(), format.into());
        let error_means_null = params.remove("type_null").unwrap_or_default();
        params.insert("error_means_null".to_owned(), error_means_null);
    }
    params
}

#[cfg(test)]
mod tests;
