//! The rules, case by case; the rest is in the conformance cases.

use std::sync::Arc;

use arrow::array::UInt64Array;
use crunchbox_sdk::Output;
use crunchbox_sdk::testing::{
    Column, assert_errors, assert_table, integer, number, number_array, run, table, text,
};
use serde_json::{Value, json};

use super::*;

fn columns() -> [Column; 4] {
    [
        integer("a", [Some(6), Some(2), None]),
        integer("b", [Some(2), Some(0), None]),
        number_array(
            "c",
            "{:.1%}",
            Arc::new(arrow::array::Float64Array::from(vec![Some(0.5), Some(1.0), None])),
        ),
        text("s", [Some("2.5"), Some("x"), None]),
    ]
}

fn calculate(changes: Value) -> Output {
    let mut params = json!({"operation": "add", "colnames": [], "col1": "a", "col2": "b",
        "single_value_selector": "none", "single_value_col": "", "single_value_row": 1,
        "single_value_constant": 1.0, "outcolname": ""});
    for (name, value) in changes.as_object().unwrap() {
        params[name] = value.clone();
    }
    run(render, table(columns()), params).unwrap()
}

#[track_caller]
fn assert_result(changes: Value, result: Column) {
    assert_table(&calculate(changes), &table(columns().into_iter().chain([result])));
}

#[test]
fn integers_stay_integers_where_they_can() {
    let ab = json!(["a", "b"]);
    let whole = |name, values| integer(name, values);
    assert_result(json!({"colnames": ab}), whole("Sum of a, b", [Some(8), Some(2), Some(0)]));
    assert_result(
        json!({"operation": "multiply", "colnames": ab}),
        whole("Product of a, b", [Some(12), Some(0), Some(1)]),
    );
    assert_result(
        json!({"operation": "minimum", "colnames": ab}),
        whole("Minimum of a, b", [Some(2), Some(0), None]),
    );
    assert_result(
        json!({"operation": "maximum", "colnames": ab}),
        whole("Maximum of a, b", [Some(6), Some(2), None]),
    );
    assert_result(json!({"operation": "subtract"}), whole("a minus b", [Some(4), Some(2), None]));
    assert_result(
        json!({"operation": "mean", "colnames": ab}),
        number("Average of a, b", [Some(4.0), Some(1.0), None]),
    );
    assert_result(
        json!({"operation": "median", "colnames": ["a", "b", "a"]}),
        number("Median of a, b, a", [Some(6.0), Some(2.0), None]),
    );
}

#[test]
fn percentages_are_fractions() {
    let percent = |name, values: [Option<f64>; 3]| {
        number_array(name, "{:,.1%}", Arc::new(arrow::array::Float64Array::from(values.to_vec())))
    };
    assert_result(json!({"operation": "divide"}), number("a divided by b", [Some(3.0), None, None]));
    assert_result(
        json!({"operation": "percent_divide"}),
        percent("a is this percent of b", [Some(3.0), None, None]),
    );
    assert_result(
        json!({"operation": "percent_change"}),
        percent("Percent change a to b", [Some(-4.0 / 6.0), Some(-1.0), None]),
    );
    assert_result(
        json!({"operation": "percent_multiply"}),
        number("a percent of b", [Some(0.12), Some(0.0), None]),
    );
    assert_result(
        json!({"operation": "percent_multiply", "col1": "c"}),
        number("c percent of b", [Some(1.0), Some(0.0), None]),
    );
    assert_result(
        json!({"operation": "percent_of_column_sum"}),
        percent("Percent of a", [Some(0.75), Some(0.25), None]),
    );
}

#[test]
fn one_more_value_counts_in_each_row() {
    let cell = |column: &str, row: i64| {
        json!({"colnames": ["a"], "single_value_selector": "cell",
        "single_value_col": column, "single_value_row": row, "outcolname": "X"})
    };
    assert_result(cell("b", 1), number("X", [Some(8.0), Some(4.0), Some(2.0)]));
    assert_result(cell("s", 1), number("X", [Some(8.5), Some(4.5), Some(2.5)]));
    let constant = json!({"operation": "multiply", "colnames": ["a"], "single_value_selector": "constant",
        "single_value_constant": 0.5});
    assert_result(constant, number("Product of a", [Some(3.0), Some(1.0), Some(0.5)]));
    for (column, row, id) in [
        ("b", 0, "badParam.single_value_row.tooSmall"),
        ("b", 4, "badParam.single_value_row.tooBig"),
        ("", 1, "badParam.single_value_col.missing"),
        ("b", 3, "badParam.single_value_col.notANumber"),
        ("s", 2, "badParam.single_value_col.notANumber"),
    ] {
        assert_errors(&calculate(cell(column, row)), &[id]);
    }
}

#[test]
fn nothing_chosen_is_nothing_done() {
    for changes in [
        json!({"operation": ""}),
        json!({"colnames": ["a"]}),
        json!({"operation": "mean", "colnames": ["a"], "single_value_selector": "constant"}),
        json!({"operation": "divide", "col2": ""}),
        json!({"operation": "percent_of_column_sum", "col1": ""}),
    ] {
        assert_table(&calculate(changes), &table(columns()));
    }
}

#[test]
fn names_are_replaced_counted_and_cleaned() {
    let [a, _, c, s] = columns();
    let expected = [a, integer("b", [Some(8), Some(2), Some(0)]), c, s];
    assert_table(&calculate(json!({"colnames": ["a", "b"], "outcolname": "b"})), &table(expected));
    let four = json!({"colnames": ["a", "b", "a", "b"], "outcolname": "\n"});
    assert_result(four, integer("Sum of 4 columns", [Some(16), Some(4), Some(0)]));
}

#[test]
fn what_is_too_large_for_integers_is_a_float() {
    let large = number_array("A", "{:,}", Arc::new(UInt64Array::from(vec![u64::MAX])));
    let params = json!({"operation": "add", "colnames": ["A", "A"], "col1": "A", "col2": "A",
        "single_value_selector": "none", "single_value_col": "", "single_value_row": 1,
        "single_value_constant": 1.0, "outcolname": "X"});
    let output = run(render, table([large.clone()]), params.clone()).unwrap();
    assert_table(&output, &table([large, number("X", [Some(2.0 * u64::MAX as f64)])]));
    let zero = json!({"operation": "percent_of_column_sum", "colnames": []});
    let mut params = params;
    for (name, value) in zero.as_object().unwrap() {
        params[name] = value.clone();
    }
    let nothing = table([integer("A", [Some(1), Some(-1)])]);
    assert_errors(&run(render, nothing, params).unwrap(), &["badData.percent_of_column_sum.sumIsZero"]);
}
