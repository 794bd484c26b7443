//! Deletes the columns without a single value.

#![forbid(unsafe_code)]

use arrow::array::Array;
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::{Result, step};

#[derive(serde::Deserialize)]
struct Params {}

#[step]
fn render(table: RecordBatch, _params: Params) -> Result<RecordBatch> {
    let columns = table.columns().iter().enumerate();
    let kept: Vec<usize> = columns
        // A dictionary's own values may be null too, so the count is of what the rows stand for.
        .filter(|(_, column)| column.logical_null_count() < column.len())
        .map(|(index, _)| index)
        .collect();
    Ok(table.project(&kept)?)
}

#[cfg(test)]
mod tests {
    use crunchbox_sdk::DateUnit;
    use crunchbox_sdk::testing::{
        assert_table, date, dictionary, integer, number, run, table, text, timestamp,
    };
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_with_a_value_stay() {
        let kept = || {
            [
                text("text", [None, Some("")]),
                number("number", [Some(0.0), None]),
                date("date", DateUnit::Year, [None, Some(0)]),
            ]
        };
        let mut columns = kept().to_vec();
        columns.insert(1, timestamp("no time", [None, None]));
        columns.push(dictionary("no word", [None, None]));
        let output = run(render, table(columns), json!({})).unwrap();
        assert_table(&output, &table(kept()));
    }

    #[test]
    fn without_values_nothing_stays() {
        let output = run(render, table([integer("A", [None]), text("B", [None])]), json!({})).unwrap();
        assert_eq!(output.table.unwrap().num_columns(), 0);
    }
}
