//! The rules, case by case; the rest is in the conformance cases.

use std::sync::Arc;

use arrow::array::{AsArray, Int8Array};
use arrow::datatypes::Int64Type;
use crunchbox_sdk::testing::{
    Column, assert_errors, assert_table, context, date, dictionary, integer, number, number_array, run_with,
    table, text, timestamp, with_tab,
};
use crunchbox_sdk::{DateUnit, Output};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{params::migrate, render};

fn joined(left: Vec<Column>, right: Vec<Column>, on: &[&str], add: &[&str], join: &str) -> Output {
    joined_with(left, right, json!({"on": on, "right": add, "rightAll": false}), join)
}

fn joined_with(left: Vec<Column>, right: Vec<Column>, columns: Value, join: &str) -> Output {
    let context = with_tab(context("Tab 1"), "tab-2", "Tab 2", table(right));
    let params = json!({"right_tab": "tab-2", "join_columns": columns, "type": join});
    run_with(render, table(left), params, &context).unwrap()
}

#[test]
fn rows_are_in_the_order_that_is_kept() {
    let left =
        || vec![text("A", [Some("b"), Some("a"), Some("x"), Some("b")]), integer("B", (1..5).map(Some))];
    let right =
        || vec![text("A", [Some("a"), Some("b"), Some("y"), Some("a")]), integer("C", (6..10).map(Some))];
    for (join, keys, b, c) in [
        ("left", "baaxb", [1, 2, 2, 3, 4], [7, 6, 9, 0, 7]),
        ("inner", "baab", [1, 2, 2, 4, 0], [7, 6, 9, 7, 0]),
        ("right", "abbya", [2, 1, 4, 0, 2], [6, 7, 7, 8, 9]),
    ] {
        let cells =
            |cells: [i64; 5]| cells.into_iter().take(keys.len()).map(|cell| (cell > 0).then_some(cell));
        let keys: Vec<String> = keys.chars().map(String::from).collect();
        let expected = [
            text("A", keys.iter().map(|key| Some(key.as_str()))),
            integer("B", cells(b)),
            integer("C", cells(c)),
        ];
        assert_table(&joined(left(), right(), &["A"], &["C"], join), &table(expected));
    }
}

#[test]
fn several_columns_match_together_and_no_value_matches_no_value() {
    let left = vec![integer("A", [Some(1), None, Some(1)]), text("B", [Some("x"), None, None])];
    let right = vec![
        text("B", [None, None, Some("x")]),
        integer("A", [None, Some(1), Some(2)]),
        integer("C", [Some(10), Some(20), Some(30)]),
    ];
    let expected = [
        integer("A", [Some(1), None, Some(1)]),
        text("B", [Some("x"), None, None]),
        integer("C", [None, Some(10), Some(20)]),
    ];
    assert_table(&joined(left, right, &["A", "B"], &["C"], "left"), &table(expected));
}

#[test]
fn numbers_match_whatever_their_width() {
    let left = || vec![number_array("A", "{:d}", Arc::new(Int8Array::from(vec![1, 2])))];
    let right = || vec![number("A", [Some(2.0), Some(2.5)]), timestamp("T", [Some(5), None])];
    let inner = joined(left(), right(), &["A"], &["T"], "inner");
    let expected = [number_array("A", "{:d}", Arc::new(Int8Array::from(vec![2]))), timestamp("T", [Some(5)])];
    assert_table(&inner, &table(expected));
    let all = joined(left(), right(), &["A"], &[], "right");
    let keys = number("A", [Some(2.0), Some(2.5)]).1;
    assert_table(&all, &table([number_array("A", "{:d}", keys)]));
    let zeros = joined(vec![number("A", [Some(-0.0)])], vec![number("A", [Some(0.0)])], &["A"], &[], "inner");
    assert_eq!(zeros.table.unwrap().num_rows(), 1);
}

#[test]
fn dates_of_both_tables_have_a_unit_that_is_true_of_all() {
    let left = || vec![date("A", DateUnit::Year, [Some(0)])];
    let right = vec![date("A", DateUnit::Month, [Some(31), Some(0)])];
    assert_table(
        &joined(left(), right.clone(), &["A"], &[], "right"),
        &table([date("A", DateUnit::Month, [Some(31), Some(0)])]),
    );
    assert_table(&joined(left(), right, &["A"], &[], "left"), &table(left()));
}

#[test]
fn text_matches_however_it_is_stored() {
    let left = vec![dictionary("A", [Some("a"), Some("a"), Some("b")])];
    let right = vec![text("A", [Some("a")]), dictionary("B", [Some("only")])];
    let output = joined(left, right, &["A"], &["B"], "inner");
    let output = output.table.unwrap();
    assert_eq!(output.num_rows(), 2);
    assert_eq!(output.column(0).as_any_dictionary().values().len(), 1, "what is not used has gone");
    assert_eq!(output.column(1).as_any_dictionary().values().len(), 1);
}

#[test]
fn all_new_columns_can_be_wanted() {
    let left = vec![integer("A", [Some(1)]), text("B", [Some("mine")])];
    let right = vec![text("C", [Some("c")]), text("B", [Some("theirs")]), integer("A", [Some(1)])];
    let output = joined_with(left, right, json!({"on": ["A"], "right": [], "rightAll": true}), "left");
    let expected = [integer("A", [Some(1)]), text("B", [Some("mine")]), text("C", [Some("c")])];
    assert_table(&output, &table(expected));
}

#[test]
fn what_does_not_fit_is_the_users_to_mend() {
    let left = || vec![integer("A", [Some(1)]), text("B", [Some("x")])];
    let right = || vec![text("A", [Some("1")]), text("B", [Some("y")])];
    let output = joined(left(), right(), &["A"], &["B"], "left");
    assert_errors(&output, &["error.differentColumnTypes"]);
    let json = serde_json::to_value(&output.errors[0].message.arguments).unwrap();
    let expected =
        json!({"column_name": "A", "left_type": "number", "right_type": "text", "other_tab_name": "Tab 2"});
    assert_eq!(json, expected);
    let output = joined(left(), vec![integer("A", []), text("B", [])], &["A"], &["B"], "left");
    assert_errors(&output, &["error.columnAlreadyExists"]);
    assert_errors(&joined(left(), right(), &[], &["B"], "left"), &["error.columnAlreadyExists"]);
}

#[test]
fn unfinished_params_change_nothing() {
    let left = || vec![integer("A", [Some(1)])];
    assert_table(&joined(left(), vec![integer("B", [])], &[], &["B"], "inner"), &table(left()));
    assert_table(&joined(left(), vec![integer("B", [])], &["A"], &[], "inner"), &table(left()));
    let columns = json!({"on": ["A"], "right": [], "rightAll": false});
    let params = json!({"right_tab": null, "join_columns": columns, "type": "left"});
    assert_table(&run_with(render, table(left()), params, &context("")).unwrap(), &table(left()));
}

#[test]
fn tables_without_rows_are_joined() {
    let empty = || vec![integer("A", []), text("B", [])];
    let some = || vec![integer("A", [Some(1)]), text("C", [Some("c")])];
    let none = [integer("A", []), text("B", []), text("C", [])];
    assert_table(&joined(empty(), some(), &["A"], &["C"], "left"), &table(none));
    let right = [integer("A", [Some(1)]), text("B", [None]), text("C", [Some("c")])];
    assert_table(&joined(empty(), some(), &["A"], &["C"], "right"), &table(right));
}

#[test]
fn old_params_are_migrated() {
    let migrated = |params: Value| Value::from(migrate(params.as_object().unwrap().clone()));
    let columns = json!({"on": ["A", "B"], "right": ["C"], "rightAll": false});
    let new = json!({"right_tab": "t", "join_columns": columns, "type": "inner"});
    let old = json!({"right_tab": "t", "join_columns": {"on": "A,B", "right": "C"}, "type": 1});
    assert_eq!(migrated(old), new);
    assert_eq!(migrated(new.clone()), new);
}

proptest! {
    #[test]
    fn a_join_is_all_pairs_that_match(
        left in prop::collection::vec(prop::option::of(0i64..4), 0..20),
        right in prop::collection::vec(prop::option::of(0i64..4), 0..20),
    ) {
        let rows = |name: &str, count: usize| integer(name, (0..count as i64).map(Some));
        let tables = || (
            vec![integer("K", left.iter().copied()), rows("L", left.len())],
            vec![integer("K", right.iter().copied()), rows("R", right.len())],
        );
        for join in ["left", "inner", "right"] {
            let mut expected = Vec::new();
            if join == "right" {
                for (r, key) in right.iter().enumerate() {
                    let before = expected.len();
                    expected.extend((0..left.len()).filter(|l| left[*l] == *key).map(|l| (Some(l as i64), Some(r as i64))));
                    if expected.len() == before { expected.push((None, Some(r as i64))); }
                }
            } else {
                for (l, key) in left.iter().enumerate() {
                    let before = expected.len();
                    expected.extend((0..right.len()).filter(|r| right[*r] == *key).map(|r| (Some(l as i64), Some(r as i64))));
                    if expected.len() == before && join == "left" { expected.push((Some(l as i64), None)); }
                }
            }
            let (a, b) = tables();
            let output = joined(a, b, &["K"], &["R"], join).table.unwrap();
            let cells = |index: usize| output.column(index).as_primitive::<Int64Type>().iter().collect::<Vec<_>>();
            let found: Vec<_> = cells(1).into_iter().zip(cells(2)).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
