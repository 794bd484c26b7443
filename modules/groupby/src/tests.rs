//! The rules, case by case; the rest is in the conformance cases.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float32Array, UInt64Array};
use arrow::datatypes::{Float64Type, Int64Type};
use crunchbox_sdk::testing::{
    Column, assert_errors, assert_parts, assert_table, date, dictionary, integer, number, number_array,
    run_with, table, text, timestamp,
};
use crunchbox_sdk::{Context, DateUnit, Output};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::render;

fn groupby(
    columns: impl IntoIterator<Item = Column>,
    by: &[&str],
    aggregations: &[(&str, &str, &str)],
) -> Output {
    let aggregations: Vec<Value> = aggregations
        .iter()
        .map(|(operation, colname, outname)| json!({"operation": operation, "colname": colname, "outname": outname}))
        .collect();
    let groups = json!({"colnames": by, "group_dates": false, "date_granularities": {}});
    let params = json!({"groups": groups, "aggregations": aggregations});
    run_with(render, table(columns), params, &Context::default()).unwrap()
}

fn counts(name: &str, values: impl IntoIterator<Item = i64>) -> Column {
    let column = integer(name, values.into_iter().map(Some));
    number_array(name, "{:,d}", column.1)
}

#[test]
fn groups_are_in_order_and_rows_without_a_key_are_dropped() {
    let columns = [
        text("A", [Some("b"), None, Some("a"), Some("b")]),
        integer("B", [Some(1), Some(2), Some(3), Some(4)]),
    ];
    let output = groupby(columns, &["A"], &[("sum", "B", "S"), ("size", "", "N")]);
    let expected = [text("A", [Some("a"), Some("b")]), integer("S", [Some(3), Some(5)]), counts("N", [1, 2])];
    assert_table(&output, &table(expected));
}

#[test]
fn names_are_names_of_columns() {
    let long = "é".repeat(58);
    let column = || integer(&long, [Some(1)]);
    let output =
        groupby([column()], &[], &[("min", &long, ""), ("max", &long, "a\nb"), ("sum", &long, "\n")]);
    // 120 bytes are room for 54 of these letters behind the first word, and for 56 behind the other.
    let name = |word: &str, letters: usize| format!("{word} of {}", "é".repeat(letters));
    let one = |name: &str| integer(name, [Some(1)]);
    assert_table(&output, &table([one(&name("Minimum", 54)), one("ab"), one(&name("Sum", 56))]));
}

#[test]
fn several_keys_make_a_group_together() {
    let columns = || {
        [
            dictionary("A", [Some("y"), Some("x"), Some("y"), Some("x")]),
            date("D", DateUnit::Month, [Some(31), Some(0), Some(31), None]),
        ]
    };
    let output = groupby(columns(), &["A", "D"], &[]);
    let expected = [
        text("A", [Some("x"), Some("y")]),
        date("D", DateUnit::Month, [Some(0), Some(31)]),
        counts("Group Size", [1, 2]),
    ];
    assert_table(&output, &table(expected));
}

#[test]
fn without_groups_there_is_one_row_even_of_nothing() {
    let operations = [
        ("size", "A", "size"),
        ("nunique", "A", "nunique"),
        ("sum", "A", "sum"),
        ("mean", "A", "mean"),
        ("median", "A", "median"),
        ("min", "A", "min"),
        ("first", "A", "first"),
    ];
    let output = groupby([integer("A", [])], &[], &operations);
    let expected = [
        counts("size", [0]),
        counts("nunique", [0]),
        integer("sum", [Some(0)]),
        number("mean", [None]),
        number("median", [None]),
        integer("min", [None]),
        integer("first", [None]),
    ];
    assert_table(&output, &table(expected));
}

#[test]
fn with_groups_nothing_has_no_rows() {
    let output = groupby([text("A", []), integer("B", [])], &["A"], &[("mean", "B", "m")]);
    assert_table(&output, &table([text("A", []), number("m", [])]));
}

#[test]
fn sums_of_whole_numbers_never_wrap() {
    let sum = |array: ArrayRef| {
        groupby([number_array("A", "{:,}", array)], &[], &[("sum", "A", "s")]).table.unwrap()
    };
    let big = sum(Arc::new(arrow::array::Int64Array::from(vec![i64::MAX, 1])));
    assert_eq!(big.column(0).as_primitive::<arrow::datatypes::UInt64Type>().value(0), 1 << 63);
    let huge = sum(Arc::new(UInt64Array::from(vec![u64::MAX, u64::MAX])));
    assert_eq!(huge.column(0).as_primitive::<Float64Type>().value(0), 36_893_488_147_419_103_232.0);
    let low = sum(Arc::new(arrow::array::Int64Array::from(vec![i64::MIN, -1])));
    assert_eq!(low.column(0).as_primitive::<Float64Type>().value(0), -9_223_372_036_854_775_808.0);
}

#[test]
fn a_mean_of_floats_keeps_their_format() {
    let floats = || number_array("A", "{:.1%}", Arc::new(Float32Array::from(vec![0.5, 1.0])) as ArrayRef);
    let output = groupby([floats()], &[], &[("mean", "A", "m"), ("median", "A", "d"), ("sum", "A", "s")]);
    let mean = |name: &str, value: f64| {
        number_array(name, "{:.1%}", Arc::new(arrow::array::Float64Array::from(vec![value])) as ArrayRef)
    };
    assert_table(&output, &table([mean("m", 0.75), mean("d", 0.75), mean("s", 1.5)]));
}

#[test]
fn figures_of_text_and_times_are_of_their_kind() {
    let columns = [
        text("T", [Some("b"), None, Some("a")]),
        timestamp("S", [Some(3), Some(-1), None]),
        date("D", DateUnit::Week, [None, Some(4), Some(-3)]),
    ];
    let output = groupby(
        columns,
        &[],
        &[
            ("min", "T", "a"),
            ("max", "T", "b"),
            ("first", "T", "c"),
            ("min", "S", "d"),
            ("max", "D", "e"),
            ("first", "D", "f"),
        ],
    );
    let week = |name: &str, day: i32| date(name, DateUnit::Week, [Some(day)]);
    let expected = [
        text("a", [Some("a")]),
        text("b", [Some("b")]),
        text("c", [Some("b")]),
        timestamp("d", [Some(-1)]),
        week("e", 4),
        week("f", 4),
    ];
    assert_table(&output, &table(expected));
}

#[test]
fn one_name_is_one_column() {
    let columns = || [integer("A", [Some(1), Some(2)]), integer("B", [Some(3), Some(4)])];
    let output = groupby(columns(), &[], &[("min", "A", "x"), ("max", "A", "y"), ("max", "B", "x")]);
    assert_table(&output, &table([integer("y", [Some(2)]), integer("x", [Some(1)])]));
    let output = groupby(columns(), &["A"], &[("sum", "B", "A")]);
    assert_table(&output, &table([integer("A", [Some(3), Some(4)])]));
}

#[test]
fn text_has_no_sum_but_a_way_to_get_one() {
    let columns = [text("A", [Some("1")]), text("B", [Some("2")])];
    let output =
        groupby(columns, &[], &[("sum", "A", ""), ("mean", "A", ""), ("median", "B", ""), ("min", "A", "")]);
    assert_errors(&output, &["non_numeric_colnames.error"]);
    let json = serde_json::to_value(&output.errors).unwrap();
    assert_eq!(json[0]["arguments"], json!({"n_columns": 2, "first_colname": "A"}));
    assert_eq!(
        json[0]["quick_fixes"][0]["prepend_step"],
        json!({"module": "converttexttonumber", "params": {"colnames": ["A", "B"]}})
    );
}

fn warned(columns: impl IntoIterator<Item = Column>, granularities: Value) -> Output {
    let groups = json!({"colnames": ["A"], "group_dates": true, "date_granularities": granularities});
    let params = json!({"groups": groups, "aggregations": []});
    run_with(render, table(columns), params, &Context::default()).unwrap()
}

#[test]
fn hints_about_dates_name_what_is_grouped_by() {
    let id = |output: Output| output.errors[0].message.id.clone();
    assert_eq!(id(warned([text("A", [Some("x")])], json!({}))), "group_dates.text_selected");
    assert_eq!(id(warned([timestamp("A", [Some(1)])], json!({}))), "group_dates.timestamp_selected");
    assert_eq!(id(warned([date("A", DateUnit::Day, [Some(1)])], json!({}))), "group_dates.date_selected");
    assert_eq!(id(warned([integer("A", [Some(1)])], json!({"A": "T"}))), "group_dates.select_date_columns");
}

#[test]
fn old_granularities_round_and_say_so() {
    let second = 1_000_000_000;
    let output = warned([timestamp("A", [Some(61 * second), Some(119 * second)])], json!({"A": "T"}));
    assert_eq!(output.errors[0].message.id, "group_dates.granularity_deprecated.need_rounding");
    let rounded = output.table.unwrap();
    assert_eq!(rounded.num_rows(), 1);
    assert_eq!(rounded.column(0), &timestamp("A", [Some(60 * second)]).1);
    let output = warned([timestamp("A", [Some(60 * second)])], json!({"A": "T"}));
    assert_eq!(output.errors[0].message.id, "group_dates.timestamp_selected", "it is round already");
}

proptest! {
    #[test]
    fn sums_of_groups_add_up(
        rows in prop::collection::vec((prop::option::of(0i64..5), prop::option::of(-1000i64..1000)), 0..80),
    ) {
        let columns = [integer("A", rows.iter().map(|row| row.0)), integer("B", rows.iter().map(|row| row.1))];
        let output = groupby(columns, &["A"], &[("sum", "B", "s"), ("size", "", "n"), ("nunique", "B", "u"), ("max", "B", "m")]);
        let output = output.table.unwrap();
        let total = |index: usize| output.column(index).as_primitive::<Int64Type>().iter().flatten().sum::<i64>();
        let keyed = || rows.iter().filter(|row| row.0.is_some());
        prop_assert_eq!(total(1), keyed().filter_map(|row| row.1).sum::<i64>());
        prop_assert_eq!(total(2), keyed().count() as i64);
        let unique: std::collections::BTreeSet<_> = keyed().filter(|row| row.1.is_some()).collect();
        prop_assert_eq!(total(3), unique.len() as i64);
        let maxima: Vec<_> = output.column(0).as_primitive::<Int64Type>().iter()
            .map(|key| keyed().filter(|row| row.0 == key).filter_map(|row| row.1).max()).collect();
        prop_assert_eq!(output.column(4), &integer("m", maxima).1);
    }
}

#[test]
fn parts_by_key_make_up_the_groups() {
    const ROWS: usize = 9000;
    let some = |row: &usize| !row.is_multiple_of(11);
    let words: Vec<String> = (0..ROWS).map(|row| format!("{}", row % 1700)).collect();
    let columns = || {
        [
            text("A", (0..ROWS).map(|row| some(&row).then_some(words[row].as_str()))),
            integer("B", (0..ROWS).map(|row| Some((row % 7) as i64))),
            number("C", (0..ROWS).map(|row| some(&(row / 2)).then_some(row as f64 / 3.0))),
            text("D", (0..ROWS).map(|row| Some(words[row].as_str()))),
            // One group's sum is beyond 64 bits with a sign.
            integer("E", (0..ROWS).map(|row| Some(if row % 1700 == 5 { i64::MAX / 3 } else { 1 }))),
        ]
    };
    let aggregation =
        |operation: &str, colname: &str| json!({"operation": operation, "colname": colname, "outname": ""});
    let aggregations = json!([
        aggregation("size", ""),
        aggregation("mean", "C"),
        aggregation("median", "C"),
        aggregation("first", "D"),
        aggregation("nunique", "D"),
        aggregation("sum", "B"),
        aggregation("sum", "E"),
    ]);
    // Of a column of text, of two columns, of few keys, and all rows as one group.
    for by in [vec!["A"], vec!["B", "A"], vec!["B"], vec![]] {
        let groups = json!({"colnames": by, "group_dates": true, "date_granularities": {}});
        let params = json!({"groups": groups, "aggregations": aggregations});
        assert_parts(render, &table(columns()), &params, 3);
    }
    let nothing = json!({"groups": {"colnames": []}, "aggregations": []});
    assert_parts(render, &table(columns()), &nothing, 2);
}
