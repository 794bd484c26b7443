//! Turns rows into columns and columns into rows.

#![forbid(unsafe_code)]

use arrow::record_batch::RecordBatch;
use crunchbox_module_transpose::transpose;
use crunchbox_sdk::{JsonMap, Output, Result, step};

#[derive(serde::Deserialize)]
struct Params {
    firstcolname: String,
}

#[step(migrate = migrate)]
fn render(table: RecordBatch, params: Params) -> Result<Output> {
    transpose(&table, &params.firstcolname, "")
}

/// Once there were no params.
fn migrate(mut params: JsonMap) -> JsonMap {
    params.entry("firstcolname").or_insert_with(|| "".into());
    params
}

#[cfg(test)]
mod tests {
    use crunchbox_sdk::testing::{assert_table, run, table, text};
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_first_column_can_be_named() {
        for (name, expected) in [("", "A"), ("B", "B")] {
            let output = run(render, table([text("A", [Some("x")])]), json!({"firstcolname": name})).unwrap();
            assert_eq!(output.table.unwrap().schema().field(0).name(), expected);
        }
        let output =
            run(render, table([text("A", []), text("B", [])]), json!({"firstcolname": "A"})).unwrap();
        assert_table(&output, &table([text("A", [Some("B")])]));
    }

    #[test]
    fn old_params_are_migrated() {
        assert_eq!(Value::from(migrate(JsonMap::new())), json!({"firstcolname": ""}));
    }
}
