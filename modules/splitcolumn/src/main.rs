//! Splits a column of text into several.

#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::compute::max;
use arrow::datatypes::{Field, Schema, UInt32Type};
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::colnames::{MAX_COLUMN_NAME_BYTES, unique_colnames};
use crunchbox_sdk::{I18nMessage, JsonMap, Result, Source, column_index, map_text, step, text_to};

/// So many splits at most: each makes a column.
const MAX_SPLITS: usize = 100;

#[derive(serde::Deserialize)]
struct Params {
    column: String,
    method: Method,
    delimiter: String,
    numchars: i64,
}

#[derive(Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Method {
    Delimiter,
    Left,
    Right,
}

#[step(migrate = migrate)]
fn render(table: RecordBatch, params: Params) -> Result<RecordBatch> {
    if params.column.is_empty() {
        return Ok(table);
    }
    let index = column_index(&table, &params.column)?;
    let parts = match params.method {
        Method::Delimiter => at_delimiter(table.column(index), &params.delimiter)?,
        Method::Left | Method::Right => {
            let Some(count) = usize::try_from(params.numchars).ok().filter(|count| *count > 0) else {
                return Err(I18nMessage::new("badParam.numchars.negative")
                    .from_source(Source::Module)
                    .into());
            };
            by_count(table.column(index), params.method, count)?
        }
    };
    if parts.len() < 2 { Ok(table) } else { in_place(&table, index, parts) }
}

fn at_delimiter(column: &ArrayRef, delimiter: &str) -> Result<Vec<ArrayRef>> {
    if delimiter.is_empty() {
        return Ok(Vec::new());
    }
    let splits = usize::try_from(most_splits(column, delimiter)?)?;
    let part = |number| map_text(column, |text| nth_part(text, delimiter, number).map(Cow::from));
    (0..=splits).map(part).collect()
}

/// How often the delimiter is in the cell that it is in most often.
fn most_splits(column: &ArrayRef, delimiter: &str) -> Result<u32> {
    let counts = text_to::<UInt32Type>(column, |text| {
        u32::try_from(text.matches(delimiter).take(MAX_SPLITS).count()).ok()
    })?;
    Ok(max(&counts).unwrap_or(0))
}

fn nth_part<'a>(text: &'a str, delimiter: &str, number: usize) -> Option<&'a str> {
    text.splitn(MAX_SPLITS + 1, delimiter).nth(number)
}

fn by_count(column: &ArrayRef, method: Method, count: usize) -> Result<Vec<ArrayRef>> {
    let middle = |text: &str| match method {
        Method::Right => text.char_indices().rev().nth(count - 1).map_or(0, |(at, _)| at),
        _ => text.char_indices().nth(count).map_or(text.len(), |(at, _)| at),
    };
    let left = map_text(column, |text| Some(text[..middle(text)].into()))?;
    let right = map_text(column, |text| Some(text[middle(text)..].into()))?;
    Ok(vec![left, right])
}

/// The table with the parts in the place of the column.
fn in_place(table: &RecordBatch, index: usize, parts: Vec<ArrayRef>) -> Result<RecordBatch> {
    let mut fields = table.schema_ref().fields().to_vec();
    let mut columns = table.columns().to_vec();
    let whole = fields.remove(index);
    let others: Vec<String> = fields.iter().map(|field| field.name().clone()).collect();
    let names: Vec<String> = (1..=parts.len()).map(|number| format!("{} {number}", whole.name())).collect();
    let names = unique_colnames(&names, &others, MAX_COLUMN_NAME_BYTES);
    let part_fields = names
        .into_iter()
        .zip(&parts)
        .map(|(name, part)| Arc::new(Field::new(name.name, part.data_type().clone(), true)));
    fields.splice(index..index, part_fields);
    columns.splice(index..=index, parts);
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

/// There was one method once, then its number in a menu.
fn migrate(mut params: JsonMap) -> JsonMap {
    let method = match params.get("method").map(serde_json::Value::as_i64) {
        None => {
            params.insert("numchars".to_owned(), 1.into());
            "delimiter"
        }
        Some(Some(0)) => "delimiter",
        Some(Some(1)) => "left",
        Some(Some(_)) => "right",
        Some(None) => return params,
    };
    params.insert("method".to_owned(), method.into());
    params
}

#[cfg(test)]
mod tests;
