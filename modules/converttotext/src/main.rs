//! Converts columns to the text that their values are shown as.

#![forbid(unsafe_code)]

use arrow::array::Array;
use arrow::datatypes::Field;
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::{ColumnKind, Result, as_text, column_index, step, with_column};

#[derive(serde::Deserialize)]
struct Params {
    colnames: Vec<String>,
}

#[step(migrate = crunchbox_sdk::migrate_colnames)]
fn render(table: RecordBatch, params: Params) -> Result<RecordBatch> {
    let mut table = table;
    for name in &params.colnames {
        let index = column_index(&table, name)?;
        let (field, column) = (table.schema_ref().field(index), table.column(index));
        if ColumnKind::of(field.data_type()) != Some(ColumnKind::Text) {
            let texts = as_text(field, column)?;
            table = with_column(&table, index, Field::new(name, texts.data_type().clone(), true), texts)?;
        }
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use crunchbox_sdk::DateUnit;
    use crunchbox_sdk::testing::{assert_table, date, dictionary, integer, run, table, text, timestamp};
    use serde_json::json;

    use super::*;

    #[test]
    fn chosen_columns_become_text() {
        let output = run(
            render,
            table([
                integer("A", [Some(1234), None]),
                integer("B", [Some(1), None]),
                timestamp("C", [Some(60_000_000_000), None]),
                date("D", DateUnit::Month, [Some(31), None]),
                dictionary("E", [Some("x"), None]),
            ]),
            json!({"colnames": ["A", "C", "D", "E"]}),
        );
        let expected = table([
            text("A", [Some("1,234"), None]),
            integer("B", [Some(1), None]),
            text("C", [Some("1970-01-01T00:01Z"), None]),
            text("D", [Some("1970-02"), None]),
            dictionary("E", [Some("x"), None]),
        ]);
        assert_table(&output.unwrap(), &expected);
    }

    #[test]
    fn a_table_without_rows_has_columns_of_text() {
        let output = run(render, table([integer("A", [])]), json!({"colnames": ["A"]})).unwrap();
        assert_table(&output, &table([text("A", [])]));
    }
}
