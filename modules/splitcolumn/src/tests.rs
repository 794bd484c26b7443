//! The rules, case by case; the rest is in the conformance cases.

use arrow::array::AsArray;
use crunchbox_sdk::Output;
use crunchbox_sdk::testing::{Column, assert_errors, assert_table, dictionary, integer, run, table, text};
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn split(columns: impl IntoIterator<Item = Column>, method: &str, delimiter: &str, count: i64) -> Output {
    let params = json!({"column": "A", "method": method, "delimiter": delimiter, "numchars": count});
    run(render, table(columns), params).unwrap()
}

#[test]
fn the_delimiter_is_taken_literally() {
    let output = split([text("A", [Some("a.b.c"), Some("d"), None, Some(".")])], "delimiter", ".", 1);
    let expected = [
        text("A 1", [Some("a"), Some("d"), None, Some("")]),
        text("A 2", [Some("b"), None, None, Some("")]),
        text("A 3", [Some("c"), None, None, None]),
    ];
    assert_table(&output, &table(expected));
}

#[test]
fn characters_are_counted_and_not_bytes() {
    let cells = [Some("éa€"), Some("x"), Some(""), None];
    let left = split([text("A", cells)], "left", "", 2);
    let expected = [
        text("A 1", [Some("éa"), Some("x"), Some(""), None]),
        text("A 2", [Some("€"), Some(""), Some(""), None]),
    ];
    assert_table(&left, &table(expected));
    let right = split([text("A", cells)], "right", "", 2);
    let expected = [
        text("A 1", [Some("é"), Some(""), Some(""), None]),
        text("A 2", [Some("a€"), Some("x"), Some(""), None]),
    ];
    assert_table(&right, &table(expected));
}

#[test]
fn the_parts_take_the_columns_place_and_free_names() {
    let (before, after) = (integer("A 1", [None]), integer("C", [None]));
    let output = split([before.clone(), text("A", [Some("x-y")]), after.clone()], "delimiter", "-", 1);
    let parts = [before, text("A 3", [Some("x")]), text("A 2", [Some("y")]), after];
    assert_table(&output, &table(parts));
}

#[test]
fn nothing_to_split_is_nothing_done() {
    for delimiter in ["", "-"] {
        for column in [text("A", [Some("ab"), None]), text("A", []), dictionary("A", [None, None])] {
            assert_table(&split([column.clone()], "delimiter", delimiter, 1), &table([column]));
        }
    }
    assert_errors(&split([text("A", [])], "left", "", 0), &["badParam.numchars.negative"]);
}

#[test]
fn many_delimiters_make_not_too_many_columns() {
    let output = split([text("A", [Some("-".repeat(1000).as_str())])], "delimiter", "-", 1);
    let parts = output.table.unwrap();
    assert_eq!(parts.num_columns(), 101);
    assert_eq!(parts.column(100).as_string::<i32>().value(0), "-".repeat(900));
}

#[test]
fn old_params_are_migrated() {
    let migrated = |old: serde_json::Value| migrate(old.as_object().unwrap().clone());
    let first = json!({"column": "A", "delimiter": ",", "method": "delimiter", "numchars": 1});
    assert_eq!(migrated(json!({"column": "A", "delimiter": ","})), *first.as_object().unwrap());
    assert_eq!(migrated(json!({"method": 2}))["method"], "right");
    assert_eq!(migrated(json!({"method": "left"}))["method"], "left");
}

proptest! {
    #[test]
    fn parts_joined_are_the_text(cell in "[a,€]{0,12}", count in 1..15_i64) {
        let joined = |output: Output, separator: &str| {
            let table = output.table.unwrap();
            let parts = table.columns().iter().filter(|part| part.is_valid(0));
            parts.map(|part| part.as_string::<i32>().value(0)).collect::<Vec<_>>().join(separator)
        };
        for (method, separator) in [("delimiter", ","), ("left", ""), ("right", "")] {
            prop_assert_eq!(joined(split([text("A", [Some(cell.as_str())])], method, ",", count), separator), &*cell);
        }
    }
}
