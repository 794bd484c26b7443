//! The rules, case by case; the rest is in the conformance cases.

use crunchbox_sdk::testing::{Column, integer, number, run, table, text};
use serde_json::json;

use super::*;

fn output(column: Column, changes: Value) -> Output {
    let mut params = json!({"column": "A", "n_buckets": 5, "title": ""});
    for (name, value) in changes.as_object().unwrap() {
        params[name] = value.clone();
    }
    let table = table([column]);
    let output = run(render, table.clone(), params).unwrap();
    assert_eq!(output.table, Some(table), "the table is passed on");
    output
}

#[test]
fn numbers_are_counted() {
    let json =
        output(number("A", [Some(1.1), None, Some(2.2), Some(f64::INFINITY), Some(3.3)]), json!({})).json;
    assert_eq!(json["data"]["values"][0], json!({"min": 1.0, "max": 1.5, "n": 1}));
    assert_eq!(json["data"]["values"].as_array().unwrap().len(), 5);
    assert_eq!(json["title"]["text"], "Histogram of A");
    assert_eq!(json["encoding"]["x"]["axis"]["tickCount"], 6);
    let json = output(integer("A", [Some(1), Some(6)]), json!({"title": "T"})).json;
    assert_eq!(json["title"]["text"], "T");
}

#[test]
fn suggestions_have_limits() {
    let bins = |suggested: i64| {
        let json = output(integer("A", [Some(0), Some(1000)]), json!({"n_buckets": suggested})).json;
        json["data"]["values"].as_array().unwrap().len()
    };
    assert_eq!(bins(-1), bins(2));
    assert_eq!(bins(1_000_000), bins(500));
}

#[test]
fn what_is_missing_is_said() {
    for (column, changes, id) in [
        (number("A", [Some(1.0)]), json!({"column": ""}), "errors.noColumnSelected"),
        (number("A", [Some(1.1), Some(1.1)]), json!({}), "errors.notEnoughValues"),
        (number("A", [None, Some(f64::NAN)]), json!({}), "errors.notEnoughValues"),
    ] {
        let output = output(column, changes);
        assert_eq!(output.errors[0].message.id, id);
        assert_eq!(output.json["mark"], "point");
    }
    let params = json!({"column": "A", "n_buckets": 5, "title": ""});
    assert!(run(render, table([text("A", [Some("x")])]), params).is_err());
}

#[test]
fn a_title_came_later() {
    let old = json!({"column": "A", "n_buckets": 20}).as_object().unwrap().clone();
    assert_eq!(migrate(old)["title"], "");
}
