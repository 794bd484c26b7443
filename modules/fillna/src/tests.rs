//! The rules, case by case; the rest is in the conformance cases.

use std::sync::Arc;

use arrow::array::{Int8Array, UInt64Array};
use crunchbox_sdk::DateUnit;
use crunchbox_sdk::testing::{
    Column, assert_table, date, dictionary, integer, number, number_array, run, table, text, timestamp,
};

use super::*;

fn fill(column: Column, method: &str, value: &str) -> Output {
    let params = json!({"colnames": ["A"], "method": method, "value": value, "from_colnames": []});
    run(render, table([column]), params).unwrap()
}

#[track_caller]
fn assert_filled(column: Column, value: &str, expected: Column) {
    assert_table(&fill(column, "value", value), &table([expected]));
}

#[test]
fn a_value_is_read_as_the_columns_type() {
    assert_filled(text("A", [None]), "", text("A", [Some("")]));
    assert_filled(dictionary("A", [Some("x"), None]), "y", text("A", [Some("x"), Some("y")]));
    assert_filled(integer("A", [Some(1), None]), " 2", integer("A", [Some(1), Some(2)]));
    assert_filled(integer("A", [Some(1), None]), "2.5", number("A", [Some(1.0), Some(2.5)]));
    assert_filled(number("A", [Some(1.5), None]), "-2", number("A", [Some(1.5), Some(-2.0)]));
    assert_filled(timestamp("A", [None]), "1970-01-01T00:01", timestamp("A", [Some(60_000_000_000)]));
    let month = |day| date("A", DateUnit::Month, [day]);
    assert_filled(month(None), "1970-02-09", month(Some(31)));
}

#[test]
fn an_empty_value_fills_text_alone() {
    for column in [integer("A", [None]), timestamp("A", [None]), date("A", DateUnit::Day, [None])] {
        assert_filled(column.clone(), "", column);
    }
}

#[test]
fn integers_are_as_wide_as_they_must() {
    let narrow = || number_array("A", "{:,}", Arc::new(Int8Array::from(vec![Some(1), None])));
    assert_filled(narrow(), "127", number_array("A", "{:,}", Arc::new(Int8Array::from(vec![1, 127]))));
    assert_filled(narrow(), "128", integer("A", [Some(1), Some(128)]));
    let large = number_array("A", "{:,}", Arc::new(UInt64Array::from(vec![1, u64::MAX])));
    assert_filled(narrow(), "18446744073709551615", large);
}

#[test]
fn what_does_not_fit_makes_text_of_the_column() {
    for (column, value, id, shown) in [
        (number("A", [Some(1234.0), None]), "NaN", "errors.valueNotNumber", "1,234"),
        (timestamp("A", [Some(0), None]), "x", "errors.valueNotTimestamp", "1970-01-01"),
        (date("A", DateUnit::Quarter, [Some(0), None]), "Q2", "errors.valueNotDate", "1970 Q1"),
    ] {
        let mut output = fill(column, "value", value);
        assert_eq!(output.errors.remove(0).message.id, id);
        assert_table(&output, &table([text("A", [Some(shown), Some(value)])]));
    }
    assert_filled(integer("A", [Some(1)]), "x", integer("A", [Some(1)]));
}

#[test]
fn values_come_from_above_and_below() {
    let cells = || dictionary("A", [None, Some("x"), None, Some("x"), Some("x"), None]);
    let above = dictionary("A", [None, Some("x"), Some("x"), Some("x"), Some("x"), Some("x")]);
    assert_table(&fill(cells(), "pad", ""), &table([above]));
    let below = dictionary("A", [Some("x"), Some("x"), Some("x"), Some("x"), Some("x"), None]);
    assert_table(&fill(cells(), "backfill", ""), &table([below]));
    let none = fill(integer("A", [None, None]), "pad", "");
    assert_table(&none, &table([integer("A", [None, None])]));
}

fn from(columns: impl IntoIterator<Item = Column>, sources: &[&str]) -> Output {
    let params = json!({"colnames": ["A"], "method": "columns", "value": "", "from_colnames": sources});
    run(render, table(columns), params).unwrap()
}

#[test]
fn values_come_from_the_first_column_that_has_one() {
    let a = integer("A", [Some(1), None, None]);
    let b = integer("B", [None, None, Some(2)]);
    let c = number("C", [Some(7.5), Some(8.5), Some(9.5)]);
    let output = from([a, b.clone(), c.clone()], &["A", "B", "C"]);
    let filled = number("A", [Some(1.0), Some(8.5), Some(2.0)]);
    assert_table(&output, &table([filled, b, c]));
}

#[test]
fn columns_of_other_types_make_text() {
    let (a, b) = (integer("A", [Some(1), None]), date("B", DateUnit::Year, [None, Some(0)]));
    let mut output = from([a, b.clone()], &["B"]);
    assert_eq!(output.errors.remove(0).message.id, "errors.valueColumnsWrongType");
    assert_table(&output, &table([text("A", [Some("1"), Some("1970")]), b]));
    let days = |name| date(name, DateUnit::Day, [None, Some(1)]);
    let years = date("A", DateUnit::Year, [Some(0), None]);
    assert_eq!(from([years, days("B")], &["B"]).errors.len(), 1);
}

#[test]
fn old_params_are_migrated() {
    let old = json!({"colnames": "A,B", "contenttype": 1, "method": 1, "fillvalue": "x"});
    let new = json!({"colnames": ["A", "B"], "method": "backfill", "value": "x", "from_colnames": []});
    assert_eq!(migrate(old.as_object().unwrap().clone()), *new.as_object().unwrap());
}
