//! The conformance cases of texts of numbers, timestamps and dates.

use chrono::{DateTime, NaiveDate};
use crunchbox_protocol::formats::{DateUnit, NumberFormat, timestamp_text};
use serde_json::{Value, json};

#[test]
fn the_conformance_cases_hold() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/conformance/lib/formats.json");
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for case in &cases {
        assert_eq!(found(case), case["expect"], "{}", case["id"]);
    }
    assert!(cases.len() > 20);
}

fn found(case: &Value) -> Value {
    match case["kind"].as_str().unwrap() {
        "number_format" => match case["format"].as_str().unwrap().parse::<NumberFormat>() {
            Err(_) => json!({"valid": false}),
            Ok(format) => {
                let value = &case["value"];
                let integer = value.as_i64().map(|integer| format.integer(i128::from(integer)));
                json!({"text": integer.unwrap_or_else(|| format.float(value.as_f64().unwrap()))})
            }
        },
        "timestamp_format" => texts(case, |text| {
            let time = DateTime::parse_from_rfc3339(text).unwrap();
            timestamp_text(time.timestamp_nanos_opt().unwrap())
        }),
        "date_format" => {
            let unit: DateUnit = case["unit"].as_str().unwrap().parse().unwrap();
            texts(case, |text| unit.text(text.parse::<NaiveDate>().unwrap().to_epoch_days()).unwrap())
        }
        other => panic!("no kind of case: {other}"),
    }
}

fn texts(case: &Value, text: impl Fn(&str) -> String) -> Value {
    let values = case["values"].as_array().unwrap();
    json!({"texts": values.iter().map(|value| value.as_str().map(&text)).collect::<Vec<_>>()})
}
