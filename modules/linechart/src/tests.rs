//! The rules, case by case; the rest is in the conformance cases.

use crunchbox_sdk::DateUnit;
use crunchbox_sdk::testing::{Column, date, integer, number, number_array, run, table, text, timestamp};
use serde_json::json;

use super::*;

const DAY: i64 = 86_400_000_000_000;

fn output(columns: Vec<Column>, changes: Value) -> Output {
    let mut params = json!({"title": "", "x_axis_label": "", "y_axis_label": "", "x_column": "A",
        "y_columns": [{"column": "B", "color": "#123456"}]});
    for (name, value) in changes.as_object().unwrap() {
        params[name] = value.clone();
    }
    let table = table(columns);
    let output = run(render, table.clone(), params).unwrap();
    assert_eq!(output.table, Some(table), "the table is passed on");
    output
}

fn two(x: Column) -> Vec<Column> {
    vec![x, integer("B", [Some(3), Some(4)])]
}

#[test]
fn rows_with_an_x_are_drawn_and_gaps_stay() {
    let columns = vec![
        number("A", [Some(1.0), None, Some(3.0)]),
        number("B", [Some(3.0), Some(4.0), None]),
        integer("C", [Some(5), Some(6), Some(7)]),
    ];
    let both =
        json!({"y_columns": [{"column": "B", "color": "#123456"}, {"column": "C", "color": "#abcdef"}]});
    let json = output(columns, both).json;
    assert_eq!(
        json["data"]["values"],
        json!([{"x": 1.0, "y0": 3.0, "y1": 5}, {"x": 3.0, "y0": null, "y1": 7}])
    );
    assert_eq!((&json["title"], &json["encoding"]["y"]["title"]), (&json!("Line Chart"), &json!("")));
    let color = &json["layer"][0]["encoding"]["color"];
    assert_eq!(color["scale"], json!({"domain": ["y0", "y1"], "range": ["#123456", "#abcdef"]}));
    assert_eq!(color["legend"]["labelExpr"], r#"{"y0":"B","y1":"C"}[datum.value]"#);
    assert_eq!(json["layer"].as_array().unwrap().len(), 5);
}

#[test]
fn one_line_is_named_on_its_axis() {
    let columns = vec![
        number_array("A", "{:,d}", integer("", [Some(1), Some(2)]).1),
        number_array("B", "{:.1%}", number("", [Some(0.1), Some(0.2)]).1),
    ];
    let json = output(columns.clone(), json!({})).json;
    assert_eq!(
        (&json["encoding"]["y"]["title"], &json["encoding"]["x"]["type"]),
        (&json!("B"), &json!("quantitative"))
    );
    assert_eq!(json["encoding"]["x"]["axis"]["format"], ",d");
    assert_eq!(json["encoding"]["x"]["axis"]["tickMinStep"], 1);
    assert_eq!(json["config"]["axisY"], json!({"format": ".1%", "tickCount": {"expr": "ceil(height/100)"}}));
    assert_eq!(json["layer"][0]["encoding"]["color"]["legend"], Value::Null);
    let json = output(columns, json!({"title": "T", "x_axis_label": "X!", "y_axis_label": "Y!"})).json;
    let titles = (&json["title"], &json["encoding"]["x"]["axis"]["title"], &json["encoding"]["y"]["title"]);
    assert_eq!(titles, (&json!("T"), &json!("X!"), &json!("Y!")));
}

#[test]
fn weeks_have_ticks_of_their_own() {
    let columns = two(timestamp("A", [Some(18_603 * DAY), Some(18_610 * DAY)]));
    let x = &output(columns, json!({})).json["encoding"]["x"];
    assert_eq!(x["axis"]["values"], json!(["2020-12-07", "2020-12-14"]));
    assert_eq!(x["axis"]["labelExpr"], r#"utcFormat(datum.value, "%b %-d, %Y")"#);
    assert_eq!(x["scale"], json!({"domainMin": {"expr": "utc(2020, 11, 7)"}}));
    let output = output(two(timestamp("A", [Some(1), Some(2)])), json!({}));
    assert_eq!(output.json["encoding"]["x"]["axis"].get("values"), None);
    assert_eq!(
        output.json["encoding"]["tooltip"][0],
        json!({"field": "x", "type": "temporal", "scale": {"type": "utc"}})
    );
}

#[test]
fn dates_are_written_as_their_unit_is() {
    for (unit, time_unit, format) in [
        (DateUnit::Year, "utcyear", "%Y"),
        (DateUnit::Quarter, "utcyearmonth", "Q%q %Y"),
        (DateUnit::Month, "utcyearmonth", "%b %Y"),
        (DateUnit::Week, "utcyearmonthdate", "%b %-d, %Y"),
        (DateUnit::Day, "utcyearmonthdate", "%b %-d, %Y"),
    ] {
        let json = output(two(date("A", unit, [Some(0), Some(365)])), json!({})).json;
        let x = &json["encoding"]["x"];
        assert_eq!((&x["timeUnit"], &x["type"]), (&json!(time_unit), &json!("temporal")));
        assert_eq!(x["axis"]["labelExpr"], format!("utcFormat(datum.value, \"{format}\")"));
        assert_eq!(json["encoding"]["tooltip"][0]["format"], format);
        assert_eq!(json["data"]["values"][1]["x"], "1971-01-01");
    }
}

#[test]
fn texts_keep_the_order_of_the_rows() {
    let x = output(two(text("A", [Some("b"), Some("a")])), json!({})).json["encoding"]["x"].clone();
    assert_eq!((&x["type"], x.get("sort")), (&json!("ordinal"), Some(&Value::Null)));
}

#[test]
fn what_is_missing_is_said() {
    let id = |columns, changes| {
        let output = output(columns, changes);
        assert_eq!(Value::from(output.json), not_drawn());
        output.errors[0].message.id.clone()
    };
    let good = || two(integer("A", [Some(1), Some(2)]));
    let series = |name: &str| json!({"y_columns": [{"column": name, "color": "#ababab"}]});
    assert_eq!(id(good(), json!({"x_column": ""})), "noXAxisError.message");
    assert_eq!(id(good(), json!({"y_columns": []})), "noYAxisError.message");
    assert_eq!(id(good(), series("A")), "sameAxesError.message");
    assert_eq!(id(two(integer("A", [None, Some(2)])), json!({})), "onlyOneValueError.message");
    assert_eq!(
        id(
            two(text("A", [Some("x"), Some("y")])),
            json!({"x_column": "B", "y_columns": [{"column": "A", "color": ""}]})
        ),
        "axisNotNumericError.message"
    );
    let apart = vec![integer("A", [Some(1), Some(2), None]), number("B", [None, None, Some(1.0)])];
    assert_eq!(id(apart, json!({})), "emptyAxisError.message");
}

#[test]
fn the_type_of_the_axis_is_no_param_any_more() {
    let old = json!({"x_data_type": 1, "y_columns": ""}).as_object().unwrap().clone();
    assert_eq!(Value::from(params::migrate(old)), json!({"y_columns": []}));
}
