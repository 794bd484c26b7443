//! The rules, case by case; the rest is in the conformance cases.

use std::sync::Arc;

use arrow::array::Float64Array;
use crunchbox_sdk::testing::{Column, integer, number, number_array, run, table, text, timestamp};
use serde_json::json;

use super::*;

fn output(columns: Vec<Column>, changes: Value) -> Output {
    let mut params =
        json!({"title": "", "x_axis_label": "", "y_axis_label": "", "x_column": "A", "y_column": "B"});
    for (name, value) in changes.as_object().unwrap() {
        params[name] = value.clone();
    }
    let table = table(columns);
    let output = run(render, table.clone(), params).unwrap();
    assert_eq!(output.table, Some(table), "the table is passed on");
    output
}

#[test]
fn points_have_both_values() {
    let columns = vec![
        number("A", [Some(1.0), None, Some(3.0), Some(4.0)]),
        integer("B", [Some(4), Some(5), None, Some(6)]),
    ];
    let json = output(columns, json!({})).json;
    assert_eq!(json["data"]["values"], json!([{"x": 1.0, "y": 4}, {"x": 4.0, "y": 6}]));
    assert_eq!(
        (&json["title"], &json["encoding"]["x"]["type"]),
        (&json!("Scatter Plot"), &json!("quantitative"))
    );
    assert_eq!(json["encoding"]["x"]["axis"], json!({"title": "A", "format": ",r", "tickMinStep": 1e-22}));
}

#[test]
fn the_x_axis_may_be_of_time_or_text_and_formats_are_kept() {
    let times = vec![timestamp("A", [Some(0), Some(1_000_000_000)]), integer("B", [Some(1), Some(2)])];
    let json = output(times, json!({"title": "T", "x_axis_label": "X!", "y_axis_label": "Y!"})).json;
    assert_eq!(json["data"]["values"][1], json!({"x": "1970-01-01T00:00:01Z", "y": 2}));
    assert_eq!(json["encoding"]["x"]["type"], "temporal");
    assert_eq!(json["encoding"]["x"]["axis"], json!({"title": "X!", "format": "", "tickMinStep": 1e-22}));
    assert_eq!((&json["title"], &json["encoding"]["y"]["axis"]["title"]), (&json!("T"), &json!("Y!")));
    let texts = vec![
        text("A", [Some("b"), Some("a")]),
        number_array("B", "{:,d}", Arc::new(Float64Array::from(vec![1.0, 2.0]))),
    ];
    let json = output(texts, json!({})).json;
    assert_eq!(json["encoding"]["x"]["type"], "ordinal");
    assert_eq!(json["encoding"]["x"]["axis"]["labelOverlap"], false);
    assert_eq!(json["encoding"]["y"]["axis"], json!({"title": "B", "format": ",d", "tickMinStep": 1}));
}

#[test]
fn what_is_missing_is_said() {
    let two = || vec![integer("A", [Some(1), Some(2)]), integer("B", [Some(3), Some(4)])];
    let id = |columns, changes| {
        let output = output(columns, changes);
        assert_eq!(Value::from(output.json), not_drawn());
        output.errors[0].message.id.clone()
    };
    assert_eq!(id(two(), json!({"x_column": ""})), "noXAxisError.message");
    assert_eq!(id(two(), json!({"y_column": ""})), "noYAxisError.message");
    assert_eq!(id(two(), json!({"y_column": "A"})), "sameAxesError.message");
    let same = vec![integer("A", [Some(1), Some(1)]), integer("B", [Some(3), Some(4)])];
    assert_eq!(id(same, json!({})), "onlyOneValueError.message");
    let apart = vec![integer("A", [Some(1), Some(2), None]), integer("B", [None, None, Some(4)])];
    assert_eq!(id(apart, json!({})), "emptyAxisError.message");
}
