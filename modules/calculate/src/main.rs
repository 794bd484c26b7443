//! Makes a column of others, row by row.

#![forbid(unsafe_code)]

mod numbers;
mod operation;
mod single_value;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::Field;
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::colnames::{MAX_COLUMN_NAME_BYTES, clean_colname};
use crunchbox_sdk::{
    Error, I18nMessage, Result, Source, column, migrate_colnames, number_field, number_format, step,
    with_named_column,
};

use crate::numbers::Numbers;
use crate::operation::{Fold, Pairing};
use crate::single_value::Selector;

const PERCENT: &str = "{:,.1%}";

#[derive(serde::Deserialize)]
struct Params {
    operation: String,
    colnames: Vec<String>,
    col1: String,
    col2: String,
    single_value_selector: Selector,
    single_value_col: String,
    single_value_row: i64,
    single_value_constant: f64,
    outcolname: String,
}

/// What comes of an operation: the name it has if none is given, its format, its cells.
struct Outcome {
    name: String,
    format: String,
    cells: ArrayRef,
}

#[step(migrate = migrate_colnames)]
fn render(table: RecordBatch, params: Params) -> Result<RecordBatch> {
    let outcome = if params.operation == "percent_of_column_sum" {
        percent_of_sum(&table, &params)?
    } else if let Some(fold) = Fold::named(&params.operation) {
        fold_columns(&table, &params, fold)?
    } else if let Some(pairing) = Pairing::named(&params.operation) {
        pair_columns(&table, &params, pairing)?
    } else if params.operation.is_empty() {
        None
    } else {
        return Err(Error::bug(format!("there is no operation {:?}", params.operation)));
    };
    let Some(outcome) = outcome else { return Ok(table) };
    let name = if params.outcolname.is_empty() { &outcome.name } else { &params.outcolname };
    let name = clean_colname(name, MAX_COLUMN_NAME_BYTES).name;
    let name = if name.is_empty() { outcome.name } else { name };
    let field = number_field(&name, outcome.cells.data_type().clone(), &outcome.format);
    Ok(with_named_column(&table, field, outcome.cells)?)
}

/// One value of several columns.
fn fold_columns(table: &RecordBatch, params: &Params, fold: Fold) -> Result<Option<Outcome>> {
    let takes_value = fold.takes_value() && params.single_value_selector != Selector::None;
    if params.colnames.is_empty() || (params.colnames.len() == 1 && !takes_value) {
        return Ok(None);
    }
    let mut numbers = Vec::new();
    for name in &params.colnames {
        numbers.push(numbers_of(table, name)?.1);
    }
    let value = if takes_value { Some(single_value::find(table, params)?) } else { None };
    let (first, _) = column(table, &params.colnames[0])?;
    let names = match params.colnames.len() {
        1..=3 => params.colnames.join(", "),
        count => format!("{count} columns"),
    };
    Ok(Some(Outcome {
        name: format!("{} of {names}", fold.word()),
        format: number_format(first).to_owned(),
        cells: fold.apply(&numbers, value),
    }))
}

/// One value of two columns.
fn pair_columns(table: &RecordBatch, params: &Params, pairing: Pairing) -> Result<Option<Outcome>> {
    if params.col1.is_empty() || params.col2.is_empty() {
        return Ok(None);
    }
    let (field1, first) = numbers_of(table, &params.col1)?;
    let (field2, second) = numbers_of(table, &params.col2)?;
    let is_percent = number_format(field1).contains("%}");
    let format = match pairing {
        Pairing::Subtract | Pairing::Divide => number_format(field1),
        Pairing::PercentMultiply => number_format(field2),
        Pairing::PercentChange | Pairing::PercentDivide => PERCENT,
    };
    Ok(Some(Outcome {
        name: pairing.name(&params.col1, &params.col2),
        format: format.to_owned(),
        cells: pairing.apply(&first, &second, is_percent),
    }))
}

fn percent_of_sum(table: &RecordBatch, params: &Params) -> Result<Option<Outcome>> {
    if params.col1.is_empty() {
        return Ok(None);
    }
    let (_, numbers) = numbers_of(table, &params.col1)?;
    let sum: f64 = (0..numbers.len()).filter_map(|row| numbers.float(row)).sum();
    if sum == 0.0 {
        return Err(message("badData.percent_of_column_sum.sumIsZero").into());
    }
    Ok(Some(Outcome {
        name: format!("Percent of {}", params.col1),
        format: PERCENT.to_owned(),
        cells: numbers::floats((0..numbers.len()).map(|row| Some(numbers.float(row)? / sum))),
    }))
}

fn numbers_of<'a>(table: &'a RecordBatch, name: &str) -> Result<(&'a Field, Numbers)> {
    let (field, column) = column(table, name)?;
    Ok((field, Numbers::new(column)?))
}

fn message(id: &str) -> I18nMessage {
    I18nMessage::new(id).from_source(Source::Module)
}

#[cfg(test)]
mod tests;
