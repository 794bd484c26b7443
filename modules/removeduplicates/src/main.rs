//! Deletes rows that repeat others, or numbers them.

#![forbid(unsafe_code)]

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, UInt32Array};
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::keys::order_of_rows;
use crunchbox_sdk::numbers::{Nulls, Numbers, distinct, distinct_among};
use crunchbox_sdk::{
    Context, JsonMap, Output, Result, column, migrate_colnames, number_field, number_format, step, take_rows,
    with_named_column,
};

/// The column that holds the numbers of rows.
const NUMBER: &str = "Duplicate number";

#[derive(serde::Deserialize)]
struct Params {
    colnames: Vec<String>,
    action: Action,
}

#[derive(Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Delete,
    Cumcount,
}

#[step(migrate = migrate)]
fn render(table: RecordBatch, params: Params, context: &Context) -> Result<Output> {
    let numbers_all = matches!(params.action, Action::Cumcount) || params.colnames.is_empty();
    // All rows come out again: to put them in order would take longer than to number them.
    let table = if numbers_all && !context.is_first_part() { table.slice(0, 0) } else { table };
    if params.colnames.is_empty() {
        return Ok(Output::table(table));
    }
    let mut keys = Vec::new();
    for name in &params.colnames {
        keys.push(column(&table, name)?.1.clone());
    }
    match params.action {
        Action::Delete => {
            let own = context.rows_of_part(&keys)?;
            let mut firsts = distinct_among(&keys, own.as_ref(), Nulls::Alike)?.firsts;
            // One without a value may come out of its turn.
            firsts.sort_unstable();
            let firsts = UInt32Array::from(firsts);
            let order = own.map(|_| order_of_rows(&firsts));
            Ok(Output { table: Some(take_rows(&table, &firsts)?), order, ..Output::default() })
        }
        Action::Cumcount => {
            let numbers: ArrayRef = Arc::new(numbers(&distinct(&keys, Nulls::InNone)?));
            let existing = table.schema_ref().field_with_name(NUMBER).ok();
            let field = number_field(NUMBER, DataType::Int64, existing.map_or("{:,}", number_format));
            Ok(Output::table(with_named_column(&table, field, numbers)?))
        }
    }
}

/// For each row how many there are like it up to it. Those without a value are all alike.
fn numbers(rows: &Numbers) -> Int64Array {
    let mut counts = vec![0; rows.firsts.len()];
    let mut without_value = 0;
    let number = |row: &u32| {
        let count = counts.get_mut(*row as usize).unwrap_or(&mut without_value);
        *count += 1;
        *count
    };
    rows.of_row.iter().map(number).collect()
}

/// The columns were one text once, and the action a number.
fn migrate(params: JsonMap) -> JsonMap {
    let mut params = migrate_colnames(params);
    if let Some(action) = params.remove("type") {
        let action = if action == 1 { "cumcount" } else { "delete" };
        params.insert("action".to_owned(), action.into());
    }
    params
}

#[cfg(test)]
mod tests {
    use crunchbox_sdk::Output;
    use crunchbox_sdk::testing::{
        Column, assert_parts, assert_table, dictionary, integer, number, run_with, table, text,
    };
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn dedupe(columns: impl IntoIterator<Item = Column>, colnames: &[&str], action: &str) -> Output {
        let params = json!({"colnames": colnames, "action": action});
        run_with(render, table(columns), params, &Context::default()).unwrap()
    }

    fn cells() -> [Column; 2] {
        [
            dictionary("A", [Some("a"), Some("a"), None, Some("a"), None]),
            number("B", [Some(0.0), Some(-0.0), Some(1.0), Some(2.0), Some(1.0)]),
        ]
    }

    #[test]
    fn the_first_of_each_is_kept() {
        let output = dedupe(cells(), &["A", "B"], "delete");
        let kept =
            [dictionary("A", [Some("a"), None, Some("a")]), number("B", [Some(0.0), Some(1.0), Some(2.0)])];
        assert_table(&output, &table(kept));
        let output = dedupe(cells(), &["A"], "delete");
        assert_table(
            &output,
            &table([dictionary("A", [Some("a"), None]), number("B", [Some(0.0), Some(1.0)])]),
        );
    }

    #[test]
    fn rows_are_numbered() {
        let output = dedupe([integer("A", [Some(7), Some(8), Some(7)])], &["A"], "cumcount");
        let expected = [
            integer("A", [Some(7), Some(8), Some(7)]),
            integer("Duplicate number", [Some(1), Some(1), Some(2)]),
        ];
        assert_table(&output, &table(expected.clone()));
        let again = dedupe(expected.clone(), &["Duplicate number"], "cumcount");
        let numbers = integer("Duplicate number", [Some(1), Some(2), Some(1)]);
        assert_table(&again, &table([expected[0].clone(), numbers]));
    }

    #[test]
    fn rows_without_a_value_are_numbered_as_one_kind() {
        let columns =
            [integer("A", [None, Some(1), None, None]), text("B", [Some("x"), None, Some("y"), Some("x")])];
        let output = dedupe(columns.clone(), &["A", "B"], "cumcount");
        let [a, b] = columns;
        let numbers = integer("Duplicate number", [Some(1), Some(2), Some(3), Some(4)]);
        assert_table(&output, &table([a, b, numbers]));
    }

    #[test]
    fn no_columns_or_rows_are_nothing_to_do() {
        assert_table(&dedupe(cells(), &[], "delete"), &table(cells()));
        assert_table(&dedupe([integer("A", [])], &["A"], "delete"), &table([integer("A", [])]));
    }

    #[test]
    fn parts_by_key_make_up_the_rows() {
        const ROWS: usize = 9000;
        let words: Vec<String> = (0..ROWS).map(|row| (row % 1700).to_string()).collect();
        let some = |row: usize| !row.is_multiple_of(11);
        let columns = [
            text("A", (0..ROWS).map(|row| some(row).then_some(words[row].as_str()))),
            integer("B", (0..ROWS).map(|row| Some((row % 3) as i64))),
            number("C", (0..ROWS).map(|row| Some(row as f64))),
        ];
        let rows = table(columns);
        // Of some different rows, of few, of all and of none.
        for colnames in [vec!["A"], vec!["A", "B"], vec!["B"], vec!["C"], vec![]] {
            for action in ["delete", "cumcount"] {
                assert_parts(render, &rows, &json!({"colnames": colnames, "action": action}), 3);
            }
        }
    }

    #[test]
    fn old_params_are_migrated() {
        let old = json!({"colnames": "A,B", "type": 1});
        let new = json!({"colnames": ["A", "B"], "action": "cumcount"});
        assert_eq!(migrate(old.as_object().unwrap().clone()), *new.as_object().unwrap());
    }

    proptest! {
        #[test]
        fn what_is_kept_has_no_duplicates(cells in proptest::collection::vec(proptest::option::of(0..5_i64), 0..30)) {
            let kept = dedupe([integer("A", cells.clone())], &["A"], "delete");
            let mut different = Vec::new();
            for cell in cells {
                if !different.contains(&cell) {
                    different.push(cell);
                }
            }
            assert_table(&kept, &table([integer("A", different)]));
        }
    }
}
