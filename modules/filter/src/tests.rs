//! The rules, case by case; the rest is in the conformance cases.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int8Array, UInt64Array};
use crunchbox_sdk::testing::{
    Column, assert_errors, assert_table, date, dictionary, integer, number, number_array, run, table, text,
    timestamp,
};
use crunchbox_sdk::{DateUnit, Output};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::render;

fn filter(columns: impl IntoIterator<Item = Column>, keep: bool, condition: &Value) -> Output {
    run(render, table(columns), json!({"keep": keep, "condition": condition})).unwrap()
}

fn leaf(operation: &str, value: Value) -> Value {
    json!({"operation": operation, "column": "A", "value": value, "isCaseSensitive": false, "isRegex": false})
}

/// The values of column A that are kept.
#[track_caller]
fn assert_kept(column: &Column, condition: &Value, kept: &Column) {
    assert_table(&filter([column.clone()], true, condition), &table([kept.clone()]));
}

#[test]
fn no_condition_leaves_the_table_alone() {
    let column = integer("A", [Some(1), None]);
    assert_kept(&column, &Value::Null, &column);
}

#[test]
fn text_is_folded_by_all_of_unicode() {
    let column = text("A", [Some("STRASSE"), Some("Straße"), Some("strase"), None]);
    let kept = text("A", [Some("STRASSE"), Some("Straße")]);
    assert_kept(&column, &leaf("text_is", json!("straße")), &kept);
    assert_kept(&column, &leaf("text_contains", json!("RASS")), &kept);
}

#[test]
fn a_null_meets_no_comparison_and_so_the_negation_of_each() {
    let column = integer("A", [Some(1), None]);
    let not = json!({"operation": "not", "condition": leaf("number_is", json!(1))});
    assert_kept(&column, &not, &integer("A", [None]));
    assert_kept(&column, &leaf("cell_is_null", Value::Null), &integer("A", [None]));
}

#[test]
fn wide_integers_are_compared_exactly() {
    let big = 9_007_199_254_740_993i64; // 2^53 + 1, which no float is
    let column = integer("A", [Some(big - 1), Some(big), Some(i64::MAX), Some(i64::MIN)]);
    assert_kept(&column, &leaf("number_is", json!(big)), &integer("A", [Some(big)]));
    assert_kept(
        &column,
        &leaf("number_is_greater_than", json!(9_223_372_036_854_775_808.0)),
        &integer("A", []),
    );
    assert_kept(&column, &leaf("number_is_less_than", json!(-1e300)), &integer("A", []));
    assert_kept(&column, &leaf("number_is_less_than", json!(1e300)), &column);
    let unsigned =
        |values: Vec<u64>| number_array("A", "{:,}", Arc::new(UInt64Array::from(values)) as ArrayRef);
    let column = unsigned(vec![0, u64::MAX]);
    assert_kept(&column, &leaf("number_is_greater_than", json!(i64::MAX)), &unsigned(vec![u64::MAX]));
    assert_kept(&column, &leaf("number_is_greater_than_or_equals", json!(-0.5)), &column);
}

#[test]
fn narrow_integers_meet_values_beyond_them() {
    let narrow =
        |values: Vec<Option<i8>>| number_array("A", "{:d}", Arc::new(Int8Array::from(values)) as ArrayRef);
    let column = narrow(vec![Some(-128), Some(127), None]);
    assert_kept(
        &column,
        &leaf("number_is_less_than_or_equals", json!(300)),
        &narrow(vec![Some(-128), Some(127)]),
    );
    assert_kept(&column, &leaf("number_is_less_than", json!(-127.5)), &narrow(vec![Some(-128)]));
}

#[test]
fn times_beyond_the_column_are_before_or_after_all() {
    let column = timestamp("A", [Some(i64::MAX), Some(i64::MIN), None]);
    let both = timestamp("A", [Some(i64::MAX), Some(i64::MIN)]);
    assert_kept(&column, &leaf("timestamp_is_before", json!("9999-01-01")), &both);
    assert_kept(&column, &leaf("timestamp_is_after", json!("0001-01-01T00:00Z")), &both);
}

#[test]
fn dates_are_compared_with_the_day_in_utc() {
    let column = date("A", DateUnit::Month, [Some(0), Some(31), None]);
    let first = date("A", DateUnit::Month, [Some(0)]);
    assert_kept(&column, &leaf("timestamp_is", json!("1970-01-02T04:00:00+05:00")), &first);
    assert_kept(&column, &leaf("timestamp_is_before", json!("1970-02-01T23:59")), &first);
}

#[test]
fn dictionaries_shrink_to_what_is_left() {
    let column = dictionary("A", [Some("x"), Some("y"), Some("x"), None, Some("z"), Some("x")]);
    let output = filter([column], true, &leaf("text_is", json!("x")));
    let kept = output.table.unwrap();
    assert_eq!(kept.num_rows(), 3);
    assert_eq!(arrow::array::AsArray::as_any_dictionary(kept.column(0)).values().len(), 1);
}

#[test]
fn every_bad_expression_is_told_in_order() {
    let regex = |pattern: &str| json!({"operation": "text_is", "column": "A", "value": pattern, "isCaseSensitive": true, "isRegex": true});
    let or =
        json!({"operation": "or", "conditions": [regex("*"), {"operation": "not", "condition": regex("(")}]});
    let output = filter([text("A", [Some("x")])], true, &or);
    assert_errors(&output, &["regexParseError.message", "regexParseError.message"]);
    assert_ne!(output.errors[0], output.errors[1]);
}

#[test]
fn an_operation_on_another_kind_of_column_is_a_bug() {
    for (operation, value) in [("text_is", json!("x")), ("timestamp_is", json!("2020-01-01"))] {
        let input = table([number("A", [Some(1.0)])]);
        let json = json!({"keep": true, "condition": leaf(operation, value)});
        run(render, input, json).unwrap_err();
    }
}

proptest! {
    #[test]
    fn a_filter_and_its_negation_have_all_rows(
        values in prop::collection::vec(prop::option::of(-5i64..5), 0..50), limit in -5.5f64..5.5, operation in 0..5usize,
    ) {
        let operations = ["", "_greater_than", "_greater_than_or_equals", "_less_than", "_less_than_or_equals"];
        let condition = leaf(&format!("number_is{}", operations[operation]), json!(limit));
        let rows = |keep| {
            let output = filter([integer("A", values.iter().copied())], keep, &condition);
            output.table.unwrap().num_rows()
        };
        prop_assert_eq!(rows(true) + rows(false), values.len());
        let by_hand = values.iter().flatten().map(|value| *value as f64).filter(|value| match operation {
            0 => *value == limit,
            1 => *value > limit,
            2 => *value >= limit,
            3 => *value < limit,
            _ => *value <= limit,
        });
        prop_assert_eq!(rows(true), by_hand.count());
    }
}
