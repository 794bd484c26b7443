//! The rules, case by case; the rest is in the conformance cases.

use arrow::array::UInt64Array;
use crunchbox_sdk::Output;
use crunchbox_sdk::testing::{
    Column, assert_errors, assert_table, date, dictionary, integer, number, number_array, run, table, text,
};
use serde_json::json;

use super::*;

fn convert_as(columns: impl IntoIterator<Item = Column>, error_means_null: bool, format: &str) -> Output {
    let params = json!({"colnames": ["A"], "extract": false, "input_number_type": "any",
        "input_locale": "us", "error_means_null": error_means_null, "output_format": format});
    run(render, table(columns), params).unwrap()
}

#[track_caller]
fn assert_converted(column: Column, expected: Column) {
    assert_table(&convert_as([column], true, "{:,}"), &table([expected]));
}

#[test]
fn a_column_has_the_narrowest_type_that_holds_its_numbers() {
    let large = number_array("A", "{:,}", Arc::new(UInt64Array::from(vec![Some(u64::MAX), None])));
    assert_converted(text("A", [Some("18446744073709551615"), None]), large);
    assert_converted(
        text("A", [Some("-9223372036854775808"), Some("x")]),
        integer("A", [Some(i64::MIN), None]),
    );
    assert_converted(text("A", [Some("1"), Some("0.5")]), number("A", [Some(1.0), Some(0.5)]));
    assert_converted(
        text("A", [Some("-1"), Some("18446744073709551615")]),
        number("A", [Some(-1.0), Some(18446744073709551615.0)]),
    );
    assert_converted(text("A", [Some(&*"9".repeat(400)), None]), number("A", [None, None]));
    assert_converted(text("A", []), number("A", []));
}

#[test]
fn dictionaries_are_text_too() {
    assert_converted(
        dictionary("A", [Some("1,000"), Some("1,000"), None]),
        integer("A", [Some(1000), Some(1000), None]),
    );
}

#[test]
fn errors_are_told_unless_they_are_nulls() {
    let cells = || text("A", [Some("1"), None, Some("")]);
    assert_errors(&convert_as([cells()], false, "{:,}"), &["ErrorCount.message"]);
    assert_converted(cells(), integer("A", [Some(1), None, None]));
    assert_errors(&convert_as([cells()], true, "{:T}"), &["badParam.output_format.invalid"]);
}

#[test]
fn numbers_get_the_format_and_other_columns_nothing() {
    let output = convert_as([integer("A", [Some(1)]), text("B", [Some("1")])], false, "{:.1f}");
    let one = Arc::new(arrow::array::Int64Array::from(vec![1]));
    assert_table(&output, &table([number_array("A", "{:.1f}", one), text("B", [Some("1")])]));
    let dates = || date("A", crunchbox_sdk::DateUnit::Day, [Some(1)]);
    assert_table(&convert_as([dates()], false, "{:.1f}"), &table([dates()]));
}

#[test]
fn old_params_are_migrated() {
    let old =
        json!({"colnames": "A,B", "extract": true, "type_extract": 2, "type_format": 1, "type_replace": 0});
    let new = json!({"colnames": ["A", "B"], "extract": true, "input_number_type": "float",
        "input_locale": "eu", "error_means_null": true, "output_format": "{:,}"});
    assert_eq!(migrate(old.as_object().unwrap().clone()), *new.as_object().unwrap());
}
