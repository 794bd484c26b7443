//! The rules, case by case; the rest is in the conformance cases.

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use chrono::{DateTime, Utc};
use crunchbox_sdk::Output;
use crunchbox_sdk::testing::{
    Column, assert_errors, assert_table, integer, number, number_array, run, table, text, timestamp,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{params::migrate, render};

fn nanos(text: &str) -> Option<i64> {
    let time: DateTime<Utc> = text.parse().ok()?;
    time.timestamp_nanos_opt()
}

/// Timestamps; what is none is no value.
fn times<'a>(name: &str, texts: impl IntoIterator<Item = &'a str>) -> Column {
    timestamp(name, texts.into_iter().map(nanos))
}

fn grouped(columns: Vec<Column>, groupby: &str, operation: &str, missing: bool) -> Output {
    let params = json!({"column": "T", "groupby": groupby, "operation": operation, "targetcolumn": "N",
        "include_missing_dates": missing});
    run(render, table(columns), params).unwrap()
}

fn some_times() -> Column {
    times(
        "T",
        [
            "2018-04-01T23:00:01.5Z",
            "2017-12-31T23:59:59Z",
            "",
            "2018-04-01T23:00:01Z",
            "2018-04-02T00:00:00Z",
        ],
    )
}

#[test]
fn rows_are_counted_by_any_period() {
    for (groupby, expected, counts) in [
        (
            "second",
            &["2017-12-31T23:59:59Z", "2018-04-01T23:00:01Z", "2018-04-02T00:00:00Z"][..],
            &[1, 2, 1][..],
        ),
        ("minute", &["2017-12-31T23:59:00Z", "2018-04-01T23:00:00Z", "2018-04-02T00:00:00Z"], &[1, 2, 1]),
        ("hour", &["2017-12-31T23:00:00Z", "2018-04-01T23:00:00Z", "2018-04-02T00:00:00Z"], &[1, 2, 1]),
        ("day", &["2017-12-31T00:00:00Z", "2018-04-01T00:00:00Z", "2018-04-02T00:00:00Z"], &[1, 2, 1]),
        ("month", &["2017-12-01T00:00:00Z", "2018-04-01T00:00:00Z"], &[1, 3]),
        ("year", &["2017-01-01T00:00:00Z", "2018-01-01T00:00:00Z"], &[1, 3]),
    ] {
        let output = grouped(vec![some_times()], groupby, "size", false);
        let counts = integer("count", counts.iter().copied().map(Some));
        assert_table(&output, &table([times("T", expected.iter().copied()), counts]));
    }
}

#[test]
fn quarters_and_times_of_day_are_text() {
    for (groupby, expected, counts) in [
        ("quarter", ["2017 Q4", "2018 Q2", ""], [1, 3, 0]),
        ("second_of_day", ["00:00:00", "23:00:01", "23:59:59"], [1, 2, 1]),
        ("minute_of_day", ["00:00", "23:00", "23:59"], [1, 2, 1]),
        ("hour_of_day", ["00:00", "23:00", ""], [1, 3, 0]),
    ] {
        let output = grouped(vec![some_times()], groupby, "size", false);
        let texts = expected.into_iter().filter(|text| !text.is_empty()).map(Some);
        let counts = counts.into_iter().filter(|count| *count > 0).map(Some);
        assert_table(&output, &table([text("T", texts), integer("count", counts)]));
    }
}

#[test]
fn figures_are_of_rows_that_have_a_number() {
    let columns = || {
        let numbers = [Some(3), Some(5), Some(7), Some(-1), None];
        vec![some_times(), number_array("N", "{:d}", integer("", numbers).1)]
    };
    let expected = || times("T", ["2017-12-01T00:00:00Z", "2018-04-01T00:00:00Z"]);
    for (operation, figures) in [("sum", [5, 2]), ("min", [5, -1]), ("max", [5, 3])] {
        let figures = number_array("N", "{:d}", integer("", figures.map(Some)).1);
        assert_table(&grouped(columns(), "month", operation, false), &table([expected(), figures]));
    }
    let means = number_array("N", "{:d}", number("", [Some(5.0), Some(1.0)]).1);
    assert_table(&grouped(columns(), "month", "mean", false), &table([expected(), means]));
}

#[test]
fn missing_dates_have_no_figure_or_0() {
    let columns = || {
        vec![
            times("T", ["2018-03-01T00:00:00Z", "2018-01-02T00:00:00Z"]),
            number("N", [Some(1.5), Some(2.0)]),
        ]
    };
    let expected = || times("T", ["2018-01-01T00:00:00Z", "2018-02-01T00:00:00Z", "2018-03-01T00:00:00Z"]);
    for (operation, missing) in [("sum", Some(0.0)), ("mean", None), ("min", None), ("max", None)] {
        let figures = number("N", [Some(2.0), missing, Some(1.5)]);
        assert_table(&grouped(columns(), "month", operation, true), &table([expected(), figures]));
    }
    let counts = integer("count", [Some(1), Some(0), Some(1)]);
    assert_table(&grouped(columns(), "month", "size", true), &table([expected(), counts]));
    let hours = grouped(
        vec![times("T", ["2018-01-01T02:00:00Z", "2017-01-01T00:30:00Z"])],
        "hour_of_day",
        "size",
        true,
    );
    let counts = integer("count", [Some(1), Some(0), Some(1)]);
    assert_table(&hours, &table([text("T", ["00:00", "01:00", "02:00"].map(Some)), counts]));
}

#[test]
fn too_many_missing_dates_are_an_error() {
    let output =
        grouped(vec![times("T", ["1970-01-01T00:00:00Z", "1970-01-12T13:46:40Z"])], "second", "size", true);
    assert_errors(&output, &["error.tooManyRows"]);
    let arguments = serde_json::to_value(&output.errors[0].message.arguments).unwrap();
    assert_eq!(arguments, json!({"n_rows": 1_000_001, "max_rows_per_table": 1_000_000}));
    let far = grouped(vec![timestamp("T", [Some(i64::MIN), Some(i64::MAX)])], "second", "size", true);
    assert_errors(&far, &["error.tooManyRows"]);
    assert_eq!(far.errors[0].message.arguments["n_rows"], 18_446_744_074.0.into());
}

#[test]
fn rows_without_times_are_no_rows() {
    for missing in [false, true] {
        let output = grouped(vec![times("T", ["", ""])], "day", "size", missing);
        assert_table(&output, &table([times("T", []), integer("count", [])]));
    }
}

#[test]
fn a_count_takes_the_place_of_times_of_its_name() {
    let columns = table([times("count", ["2018-01-01T00:00:00Z"])]);
    let params = json!({"column": "count", "groupby": "day", "operation": "size", "targetcolumn": "",
        "include_missing_dates": false});
    assert_table(&run(render, columns, params).unwrap(), &table([integer("count", [Some(1)])]));
}

#[test]
fn unfinished_params_change_nothing() {
    let columns = || [some_times(), integer("N", [Some(1); 5])];
    for (column, target, operation) in [("", "N", "sum"), ("T", "", "sum"), ("", "", "size")] {
        let params = json!({"column": column, "groupby": "day", "operation": operation, "targetcolumn": target,
            "include_missing_dates": true});
        assert_table(&run(render, table(columns()), params).unwrap(), &table(columns()));
    }
    assert_table(&grouped(vec![times("T", [])], "day", "size", true), &table([times("T", [])]));
}

#[test]
fn old_params_are_migrated() {
    let migrated = |params: Value| Value::from(migrate(params.as_object().unwrap().clone()));
    let new = json!({"groupby": "hour_of_day", "operation": "max"});
    assert_eq!(migrated(json!({"groupby": 9, "operation": 4})), new);
    assert_eq!(migrated(new.clone()), new);
}

proptest! {
    #[test]
    fn every_row_counts_once(
        rows in prop::collection::vec(prop::option::of(0i64..1_000_000_000_000_000), 1..40),
        missing: bool,
    ) {
        let output = grouped(vec![timestamp("T", rows.iter().copied())], "day", "size", missing);
        let output = output.table.unwrap();
        let counts: i64 = output.column(1).as_primitive::<Int64Type>().iter().flatten().sum();
        prop_assert_eq!(counts, rows.iter().flatten().count() as i64);
        if missing {
            let days = rows.iter().flatten().map(|time| time / 86_400_000_000_000);
            let expected = days.clone().max().map_or(0, |last| last - days.min().unwrap() + 1);
            prop_assert_eq!(output.num_rows() as i64, expected);
        }
    }
}
