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
    use proptest::prelude::*;
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

    proptest! {
        #[test]
        fn a_second_time_nothing_goes(cells in prop::collection::vec(prop::collection::vec(prop::option::weighted(0.3, 0i64..3), 3), 0..6)) {
            let columns = cells.iter().enumerate().map(|(index, cells)| integer(&format!("c{index}"), cells.iter().copied()));
            let columns = std::iter::once(integer("kept", [Some(1); 3])).chain(columns);
            let once = run(render, table(columns), json!({})).unwrap().table.unwrap();
            prop_assert!(once.columns().iter().all(|column| column.null_count() < 3));
            let valued = cells.iter().filter(|cells| cells.iter().any(Option::is_some)).count();
            prop_assert_eq!(once.num_columns(), 1 + valued);
            let twice = run(render, once.clone(), json!({})).unwrap();
            prop_assert_eq!(twice.table.unwrap(), once);
        }
    }
}
