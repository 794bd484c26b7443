//! The sum of a column of floats, as a JSON result: a step that reads one column of however many.

#![forbid(unsafe_code)]

use arrow::array::AsArray;
use arrow::datatypes::Float64Type;
use crunchbox_sdk::{Error, JsonMap, Output, column, figures, prelude::*};
use serde_json::json;

#[derive(serde::Deserialize)]
struct Params {
    column: String,
}

#[step]
fn render(table: RecordBatch, params: Params) -> Result<Output> {
    let (_, values) = column(&table, &params.column)?;
    let floats = values.as_primitive_opt::<Float64Type>();
    let floats = floats.ok_or_else(|| Error::bug(format!("column {:?} holds no floats", params.column)))?;
    Ok(Output::default().with_json(JsonMap::from_iter([("sum".to_owned(), json!(figures::total(floats)))])))
}

#[cfg(test)]
mod tests {
    use crunchbox_sdk::testing::{number, run, table};
    use serde_json::json;

    #[test]
    fn what_is_missing_adds_nothing() {
        let input = table([number("a", [Some(1.5), None, Some(2.0)])]);
        let output = run(super::render, input, json!({"column": "a"})).unwrap();
        assert_eq!(output.json["sum"], json!(3.5));
    }
}
