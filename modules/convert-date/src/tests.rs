//! The rules, case by case; the rest is in the conformance cases.

use crunchbox_sdk::testing::{
    Column, assert_errors, assert_table, date, dictionary, integer, number, run, table, text, timestamp,
};
use crunchbox_sdk::{DateUnit, Output};
use serde_json::json;

use super::*;

fn convert(column: Column, format: &str, error_means_null: bool) -> Output {
    let params = json!({"colnames": ["A"], "input_format": format, "error_means_null": error_means_null});
    run(render, table([column]), params).unwrap()
}

/// Days and hours since 1970-01-01.
#[track_caller]
fn assert_converted<const N: usize>(column: Column, format: &str, hours: [Option<i64>; N]) {
    let expected = timestamp("A", hours.map(|hours| hours.map(|hours| hours * 3_600_000_000_000)));
    assert_table(&convert(column, format, true), &table([expected]));
}

#[test]
fn dates_of_one_form_are_found_anywhere() {
    let cells = [Some("on 02/01/1970, or so"), Some("1970-02-01"), None, Some("2/30/1970")];
    assert_converted(text("A", cells), "us", [Some(31 * 24), None, None, None]);
    assert_converted(text("A", cells), "eu", [Some(24), None, None, None]);
}

#[test]
fn the_first_text_says_which_form_all_are_of() {
    let months_first = [Some("01/02/1970"), Some("02/01/1970 x"), Some("1970-01-02"), Some("13/01/1970")];
    assert_converted(text("A", months_first), "auto", [Some(24), Some(31 * 24), None, Some(59 * 24)]);
    let days_first = [None, Some("31/01/1970"), Some("02/01/1970")];
    assert_converted(text("A", days_first), "auto", [None, Some(30 * 24), Some(24)]);
    let words = [Some("01 January 1970 05:00"), Some("02 february 1970 06:00"), Some("2/2/1970")];
    assert_converted(text("A", words), "auto", [Some(5), Some(32 * 24 + 6), None]);
    let halves = [Some("01/01/1970 05:00 AM"), Some("01/01/1970 05:00 PM")];
    assert_converted(text("A", halves), "auto", [Some(5), Some(17)]);
    let mixed = [Some("1970-01-02"), Some("1/3/1970"), Some("Jan 4, 1970 1 am")];
    assert_converted(dictionary("A", mixed), "auto", [Some(24), Some(48), Some(73)]);
}

#[test]
fn numbers_are_years() {
    assert_converted(
        integer("A", [Some(1970), Some(12), None, Some(99999)]),
        "us",
        [Some(0), None, None, None],
    );
    assert_converted(number("A", [Some(1970.0), Some(1970.5)]), "auto", [Some(0), Some(0)]);
}

#[test]
fn what_does_not_fit_a_timestamp_is_no_date() {
    assert_converted(text("A", [Some("1600-01-01"), Some("2300-01-01")]), "auto", [None, None]);
    assert_errors(&convert(text("A", [None, Some("")]), "auto", false), &["ErrorCount.message"]);
}

#[test]
fn other_columns_stay() {
    for column in [timestamp("A", [Some(1)]), date("A", DateUnit::Day, [Some(1)])] {
        assert_table(&convert(column.clone(), "auto", false), &table([column]));
    }
    assert_converted(text("A", []), "auto", []);
    assert_converted(dictionary("A", [None, None]), "auto", [None, None]);
}

#[test]
fn old_params_are_migrated() {
    let old = json!({"colnames": "A,B", "type_date": 2, "type_null": false});
    let new = json!({"colnames": ["A", "B"], "input_format": "eu", "error_means_null": false});
    assert_eq!(migrate(old.as_object().unwrap().clone()), *new.as_object().unwrap());
}
