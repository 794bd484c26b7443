//! Makes a column with a spreadsheet's formula.

#![forbid(unsafe_code)]

mod formula;
mod missing;
mod result;
mod sheet;

use arrow::array::ArrayRef;
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::colnames::{MAX_COLUMN_NAME_BYTES, clean_colname};
use crunchbox_sdk::{I18nMessage, JsonMap, Result, Source, step, with_named_column};

use crate::formula::Formula;
use crate::sheet::{Cells, Sheet};

#[derive(serde::Deserialize)]
struct Params {
    syntax: Syntax,
    formula_excel: String,
    all_rows: bool,
    formula_python: String,
    out_column: String,
}

#[derive(Clone, Copy, PartialEq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Syntax {
    Excel,
    Python,
}

#[step(migrate = migrate)]
fn render(table: RecordBatch, params: Params) -> Result<RecordBatch> {
    let text = match params.syntax {
        Syntax::Excel => params.formula_excel.trim(),
        Syntax::Python => params.formula_python.trim(),
    };
    if text.is_empty() {
        return Ok(table);
    }
    if params.syntax == Syntax::Python {
        return Err(message("python.notSupported").into());
    }
    let formula = Formula::parse(text)?;
    let cells = Cells::new(&table)?;
    let values = if params.all_rows { all_rows(&formula, &cells)? } else { one_row(&formula, &cells)? };
    let name = free_name(&table, &params.out_column);
    let field = result::field(&name, &values);
    Ok(with_named_column(&table, field, values)?)
}

fn all_rows(formula: &Formula, cells: &Cells<'_>) -> Result<ArrayRef> {
    formula.check_all_rows(cells.columns())?;
    let mut sheet = Sheet::new(formula, cells.columns())?;
    let mut values = Vec::new();
    for row in 0..cells.rows() {
        for input in formula.inputs() {
            for column in input.columns(cells.columns()) {
                sheet.set(0, column, cells.get(row, column)?, input.refuses_numeric_text())?;
            }
        }
        values.push(sheet.evaluate()?);
    }
    Ok(result::all(&values))
}

fn one_row(formula: &Formula, cells: &Cells<'_>) -> Result<ArrayRef> {
    formula.check_one_row(cells.rows(), cells.columns())?;
    let mut sheet = Sheet::new(formula, cells.columns())?;
    for input in formula.inputs() {
        for row in input.rows(cells.rows()) {
            for column in input.columns(cells.columns()) {
                sheet.set(row, column, cells.get(row, column)?, input.refuses_numeric_text())?;
            }
        }
    }
    Ok(result::first(sheet.evaluate()?, cells.rows()))
}

/// The name that was asked for, or `result`, with the first number behind it that makes it a new one.
fn free_name(table: &RecordBatch, asked: &str) -> String {
    let name = clean_colname(asked, MAX_COLUMN_NAME_BYTES).name;
    let name = if name.is_empty() { "result".to_owned() } else { name };
    let is_taken = |name: &str| table.schema_ref().index_of(name).is_ok();
    if !is_taken(&name) {
        return name;
    }
    let numbered = (0..=table.num_columns()).map(|number| {
        let number = number.to_string();
        let room = clean_colname(&name, MAX_COLUMN_NAME_BYTES - number.len()).name;
        format!("{room}{number}")
    });
    // There are more numbers than columns: one of them is free.
    numbered.into_iter().find(|name| !is_taken(name)).unwrap_or(name)
}

fn message(id: &str) -> I18nMessage {
    I18nMessage::new(id).from_source(Source::Module)
}

/// The language was a number once.
fn migrate(mut params: JsonMap) -> JsonMap {
    if let Some(number) = params.get("syntax").and_then(serde_json::Value::as_i64) {
        let syntax = if number == 1 { "python" } else { "excel" };
        params.insert("syntax".to_owned(), syntax.into());
    }
    params
}

#[cfg(test)]
mod tests;
