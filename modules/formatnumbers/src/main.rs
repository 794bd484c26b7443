//! Changes how columns of numbers are shown.

#![forbid(unsafe_code)]

use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use crunchbox_sdk::formats::NumberFormat;
use crunchbox_sdk::{ColumnKind, I18nMessage, Result, Source, column_index, number_field, step, with_column};

#[derive(serde::Deserialize)]
struct Params {
    colnames: Vec<String>,
    format: String,
}

#[step]
fn render(table: RecordBatch, params: Params) -> Result<RecordBatch> {
    if let Err(error) = params.format.parse::<NumberFormat>() {
        let message = I18nMessage::new("badParam.format.invalid").arg("message", error.to_string());
        return Err(message.from_source(Source::Module).into());
    }
    let mut table = table;
    for name in &params.colnames {
        let index = column_index(&table, name)?;
        let column = Arc::clone(table.column(index));
        if ColumnKind::of(column.data_type()) == Some(ColumnKind::Number) {
            let field = number_field(name, column.data_type().clone(), &params.format);
            table = with_column(&table, index, field, column)?;
        }
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use arrow::array::Int8Array;
    use crunchbox_sdk::testing::{assert_errors, assert_table, integer, number_array, run, table, text};
    use serde_json::json;

    use super::*;

    #[test]
    fn chosen_columns_have_the_format() {
        let small = Arc::new(Int8Array::from(vec![Some(1), None]));
        let input =
            [number_array("A", "{}", small.clone()), integer("B", [None, None]), text("C", [None, None])];
        let params = json!({"colnames": ["A", "C"], "format": "{:d} cows"});
        let output = run(render, table(input.clone()), params).unwrap();
        let [_, b, c] = input;
        assert_table(&output, &table([number_array("A", "{:d} cows", small), b, c]));
    }

    #[test]
    fn what_is_no_format_is_an_error() {
        let params = json!({"colnames": ["A"], "format": "{:d} and {:d}"});
        assert_errors(&run(render, table([integer("A", [])]), params).unwrap(), &["badParam.format.invalid"]);
    }
}
