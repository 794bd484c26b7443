//! Converts columns of text to numbers.

#![forbid(unsafe_code)]

mod numerals;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{Float64Type, Int64Type, UInt64Type};
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::formats::NumberFormat;
use crunchbox_sdk::{
    ColumnKind, I18nMessage, JsonMap, Result, Source, Unconverted, column_index, migrate_colnames,
    number_field, step, text_to, with_column,
};
use serde_json::Value;

use crate::numerals::{Locale, NumberType, Numerals};

#[derive(serde::Deserialize)]
struct Params {
    colnames: Vec<String>,
    extract: bool,
    input_number_type: NumberType,
    input_locale: Locale,
    error_means_null: bool,
    output_format: String,
}

#[step(migrate = migrate)]
fn render(table: RecordBatch, params: Params) -> Result<RecordBatch> {
    if let Err(error) = params.output_format.parse::<NumberFormat>() {
        let message = I18nMessage::new("badParam.output_format.invalid").arg("message", error.to_string());
        return Err(message.from_source(Source::Module).into());
    }
    let numerals = Numerals::new(params.input_number_type, params.input_locale, params.extract)?;
    let mut unconverted = Unconverted::default();
    let mut table = table;
    for name in &params.colnames {
        let index = column_index(&table, name)?;
        let column = table.column(index);
        let numbers = match ColumnKind::of(column.data_type()) {
            Some(ColumnKind::Number) => Arc::clone(column),
            Some(ColumnKind::Text) => {
                let numbers = convert(column, &numerals)?;
                unconverted.count(name, column, &numbers)?;
                numbers
            }
            _ => continue,
        };
        let field = number_field(name, numbers.data_type().clone(), &params.output_format);
        table = with_column(&table, index, field, numbers)?;
    }
    match unconverted.message() {
        Some(message) if !params.error_means_null => Err(message.into()),
        _ => Ok(table),
    }
}

/// The numbers that a column of text holds, as integers if they all are.
fn convert(column: &ArrayRef, numerals: &Numerals) -> Result<ArrayRef> {
    let floats = text_to::<Float64Type>(column, |text| {
        numerals.find(text)?.parse().ok().filter(|number: &f64| number.is_finite())
    })?;
    if floats.null_count() == floats.len() {
        return Ok(Arc::new(floats));
    }
    let integers = text_to::<Int64Type>(column, |text| numerals.find(text)?.parse().ok())?;
    if integers.null_count() == floats.null_count() {
        return Ok(Arc::new(integers));
    }
    let large = text_to::<UInt64Type>(column, |text| numerals.find(text)?.parse().ok())?;
    Ok(if large.null_count() == floats.null_count() { Arc::new(large) } else { Arc::new(floats) })
}

/// The menus were numbers once.
fn migrate(params: JsonMap) -> JsonMap {
    let mut params = migrate_colnames(params);
    let Some(format) = params.remove("type_format") else { return params };
    let extract = params.get("extract").and_then(Value::as_bool).unwrap_or_default();
    let number_type = match params.remove("type_extract").and_then(|number| number.as_i64()) {
        Some(1) if extract => "int",
        Some(2) if extract => "float",
        _ => "any",
    };
    let locale = if format == 1 { "eu" } else { "us" };
    let colnames = params.remove("colnames").unwrap_or_default();
    let migrated = serde_json::json!({
        "colnames": colnames,
        "extract": extract,
        "input_number_type": number_type,
        "input_locale": locale,
        "error_means_null": true,
        "output_format": "{:,}",
    });
    migrated.as_object().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests;
