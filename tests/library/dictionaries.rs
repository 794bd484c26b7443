//! A step that takes dictionaries makes the same of them as of plain text.

use std::fs;
use std::path::Path;

use crunchbox::{Control, Limits, RenderRequest, Verdict};
use serde_json::json;

use crate::{Own, shipped};

#[test]
fn groups_are_the_same_whether_texts_are_numbers_or_not() {
    let own = Own::new();
    let year = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/flights-2013.parquet");
    let folder = tempfile::tempdir().unwrap();
    // Whoever converts a table gets plain text.
    let plain = folder.path().join("flights.arrow");
    own.engine.table(&year, Some(&plain), 0, &Limits::default(), Control::default()).unwrap().unwrap();
    let groupby = shipped("groupby");
    let aggregation = |operation: &str, colname: &str| json!({"operation": operation, "colname": colname, "outname": format!("{operation} {colname}")});
    let params = json!({
        "groups": {"colnames": ["carrier", "origin"], "group_dates": false, "date_granularities": {}},
        "aggregations": [
            aggregation("size", ""), aggregation("mean", "dep_delay"), aggregation("nunique", "dest"),
            aggregation("first", "dest"), aggregation("min", "tailnum"), aggregation("max", "dest"),
        ],
    });
    let [dictionaries, texts] = [&year, &plain].map(|input| {
        let output = folder.path().join("groups.csv");
        let request = RenderRequest::new(&groupby).input(input).output(&output).params(params.clone());
        let outcome = own.engine.render(&request, &Limits::default()).unwrap();
        assert_eq!(outcome.verdict, Verdict::Ok);
        (outcome.usage, fs::read_to_string(&output).unwrap())
    });
    assert_eq!(dictionaries.1, texts.1);
    assert_eq!(texts.1.lines().count(), 36);
    // Two bytes of a carrier and the four of its place are as many bytes in all; three of an airport and its place are more.
    let (fewer, more) = (dictionaries.0.bytes_in, texts.0.bytes_in);
    assert!(fewer + 336_776 * 5 < more, "{fewer} and {more} bytes");
    own.assert_nothing_left();
}
