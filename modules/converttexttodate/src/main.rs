//! Converts columns of text to dates.

#![forbid(unsafe_code)]

mod parse;

use std::str::FromStr as _;
use std::sync::Arc;

use arrow::datatypes::Date32Type;
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::{
    ColumnKind, DateUnit, I18nMessage, Result, Source, column_index, date_field, step, text_to, with_column,
};

use crate::parse::{BadDate, Format};

#[derive(serde::Deserialize)]
struct Params {
    colnames: Vec<String>,
    format: String,
    error_means_null: bool,
    unit: String,
}

#[step]
fn render(table: RecordBatch, params: Params) -> Result<RecordBatch> {
    let format = Format::new(&params.format);
    let unit = DateUnit::from_str(&params.unit)?;
    let mut table = table;
    for name in &params.colnames {
        let index = column_index(&table, name)?;
        if ColumnKind::of(table.column(index).data_type()) != Some(ColumnKind::Text) {
            continue;
        }
        let mut first_bad = None;
        let dates = text_to::<Date32Type>(table.column(index), |text| {
            if text.is_empty() {
                return None;
            }
            match format.parse(text) {
                Ok(day) => unit.first_day(day),
                Err(bad) => {
                    first_bad.get_or_insert_with(|| (text.to_owned(), bad));
                    None
                }
            }
        })?;
        if let Some((text, bad)) = first_bad
            && !params.error_means_null
        {
            return Err(message(name, text, bad, &params.format).into());
        }
        table = with_column(&table, index, date_field(name, unit), Arc::new(dates))?;
    }
    Ok(table)
}

fn message(name: &str, text: String, bad: BadDate, format: &str) -> I18nMessage {
    let message = |id: &str| I18nMessage::new(id).arg("column", name).arg("value", text);
    match bad {
        BadDate::Format => message("error.formatMismatch").arg("format", format),
        BadDate::Month => message("error.invalidMonth"),
        BadDate::Day => message("error.invalidDay"),
    }
    .from_source(Source::Module)
}

#[cfg(test)]
mod tests {
    use crunchbox_sdk::Output;
    use crunchbox_sdk::testing::{
        Column, assert_errors, assert_table, date, dictionary, integer, run, table, text,
    };
    use serde_json::json;

    use super::*;

    fn convert(column: Column, unit: &str, error_means_null: bool) -> Output {
        let params = json!({"colnames": ["A"], "format": "YYYY-MM-DD",
            "error_means_null": error_means_null, "unit": unit});
        run(render, table([column]), params).unwrap()
    }

    #[test]
    fn text_becomes_the_first_day_of_its_unit() {
        let cells = [Some("1970-02-15"), None, Some(""), Some("1970-02-15")];
        for column in [text("A", cells), dictionary("A", cells)] {
            let expected = date("A", DateUnit::Month, [Some(31), None, None, Some(31)]);
            assert_table(&convert(column, "month", false), &table([expected]));
        }
    }

    #[test]
    fn errors_are_told_unless_they_are_nulls() {
        for (cell, id) in [
            ("1970-1-1", "error.formatMismatch"),
            ("1970-13-01", "error.invalidMonth"),
            ("1970-02-29", "error.invalidDay"),
        ] {
            let column = || text("A", [Some("1970-01-01"), Some(cell)]);
            assert_errors(&convert(column(), "day", false), &[id]);
            let expected = date("A", DateUnit::Day, [Some(0), None]);
            assert_table(&convert(column(), "day", true), &table([expected]));
        }
    }

    #[test]
    fn other_columns_stay() {
        for column in [integer("A", [Some(1)]), date("A", DateUnit::Day, [Some(1)])] {
            assert_table(&convert(column.clone(), "year", false), &table([column]));
        }
    }
}
