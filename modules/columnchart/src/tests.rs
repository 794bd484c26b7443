//! The rules, case by case; the rest is in the conformance cases.

use crunchbox_sdk::testing::{Column, integer, number, number_array, run, table, text};
use serde_json::json;

use super::*;

fn columns() -> [Column; 3] {
    [
        text("A", [Some("foo"), Some("bar"), None]),
        number("B", [None, Some(2.0), Some(3.0)]),
        number_array("C", "{:,d}", integer("", [Some(2), Some(3), Some(4)]).1),
    ]
}

fn output(table: RecordBatch, changes: Value) -> Output {
    let mut params =
        json!({"title": "", "x_axis_label": "", "y_axis_label": "", "x_column": "A", "y_columns": []});
    for (name, value) in changes.as_object().unwrap() {
        params[name] = value.clone();
    }
    let output = run(render, table.clone(), params).unwrap();
    assert_eq!(output.table, Some(table), "the table is passed on");
    output
}

fn series(names: &[&str]) -> Value {
    names.iter().map(|name| json!({"column": name, "color": "#bbbbbb"})).collect()
}

#[test]
fn rows_with_a_text_are_drawn() {
    let json = output(table(columns()), json!({"y_columns": series(&["B", "C"]), "title": "T"})).json;
    assert_eq!(
        json["data"]["values"],
        json!([{"x": "foo", "y0": null, "y1": 2}, {"x": "bar", "y0": 2.0, "y1": 3}])
    );
    assert_eq!(
        json["transform"][1]["from"]["data"]["values"],
        json!([{"key": "y0", "series": "B"}, {"key": "y1", "series": "C"}])
    );
    assert_eq!((&json["title"], &json["encoding"]["x"]["title"]), (&json!("T"), &json!("A")));
    assert_eq!(json["layer"][0]["encoding"]["y"]["title"], "B");
    assert_eq!(json["encoding"]["color"]["scale"]["range"], json!(["#bbbbbb", "#bbbbbb"]));
    assert_eq!(json["encoding"]["color"]["legend"]["symbolType"], "circle");
}

#[test]
fn the_first_series_tells_the_format_and_labels_can_be_given() {
    let axis = |names: &[&str]| {
        output(table(columns()), json!({"y_columns": series(names)})).json["config"]["axisY"].clone()
    };
    assert_eq!(axis(&["B", "C"]), json!({"format": ",r", "tickColor": "#ededed"}));
    assert_eq!(axis(&["C", "B"]), json!({"format": ",d", "tickColor": "#ededed", "tickMinStep": 1}));
    let changes = json!({"y_columns": series(&["B"]), "x_axis_label": "X!", "y_axis_label": "Y!"});
    let json = output(table(columns()), changes).json;
    assert_eq!((&json["title"], &json["encoding"]["x"]["title"]), (&json!(""), &json!("X!")));
    assert_eq!(json["layer"][0]["encoding"]["y"]["title"], "Y!");
    assert_eq!(json["encoding"]["color"]["legend"], Value::Null);
}

#[test]
fn what_is_missing_is_said() {
    let many = |count: usize| {
        table([
            text("A", (0..count).map(|_| Some("x")).chain([None])),
            integer("B", (0..=count).map(|_| Some(1))),
        ])
    };
    for (table, changes, id) in [
        (table(columns()), json!({"x_column": ""}), "noXAxisError.message"),
        (table(columns()), json!({}), "noYAxisError.message"),
        (many(0), json!({"y_columns": series(&["B"])}), "nothingToPlotError.message"),
        (many(501), json!({"y_columns": series(&["B"])}), "tooManyBarsError.message"),
    ] {
        let output = output(table, changes);
        assert_eq!(output.errors[0].message.id, id);
        assert_eq!(Value::from(output.json), not_drawn());
    }
    assert!(output(many(500), json!({"y_columns": series(&["B"])})).errors.is_empty());
}

#[test]
fn no_numbers_no_columns() {
    let params = json!({"title": "", "x_axis_label": "", "y_axis_label": "", "x_column": "A",
        "y_columns": series(&["A"])});
    assert!(run(render, table(columns()), params).is_err());
}
