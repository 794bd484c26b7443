//! Deletes rows that repeat others, or numbers them.

#![forbid(unsafe_code)]

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, UInt32Array};
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::groups::{Nulls, Numbers, distinct};
use crunchbox_sdk::{
    JsonMap, Result, column, migrate_colnames, number_field, number_format, step, take_rows,
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
fn render(table: RecordBatch, params: Params) -> Result<RecordBatch> {
    if params.colnames.is_empty() {
        return Ok(table);
    }
    let mut keys = Vec::new();
    for name in &params.colnames {
        keys.push(column(&table, name)?.1.clone());
    }
    match params.action {
        Action::Delete => {
            let mut firsts = distinct(&keys, Nulls::Alike)?.firsts;
            // One without a value may come out of its turn.
            firsts.sort_unstable();
            Ok(take_rows(&table, &UInt32Array::from(firsts))?)
        }
        Action::Cumcount => {
            let numbers: ArrayRef = Arc::new(numbers(&distinct(&keys, Nulls::InNone)?));
            let existing = table.schema_ref().field_with_name(NUMBER).ok();
            let field = number_field(NUMBER, DataType::Int64, existing.map_or("{:,}", number_format));
            Ok(with_named_column(&table, field, numbers)?)
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
    use crunchbox_sdk::testing::{Column, assert_table, dictionary, integer, number, run, table, text};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn dedupe(columns: impl IntoIterator<Item = Column>, colnames: &[&str], action: &str) -> Output {
        run(render, table(columns), json!({"colnames": colnames, "action": action})).unwrap()
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
