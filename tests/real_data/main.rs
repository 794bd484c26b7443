//! The shipped steps on real flights, against figures that pandas found (`tests/data/expected.json`).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use crunchbox_tests::{Built, CaseTable, read_table};
use serde_json::{Value, json};

const YEAR: &str = "flights-2013.parquet";
const JANUARY: &str = "flights-2013-01.parquet";

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name)
}

fn expected(file: &str) -> anyhow::Result<Value> {
    let json = fs::read_to_string(data("expected.json"))?;
    let all: Value = serde_json::from_str(&json)?;
    Ok(all.get(file).context("no figures for that file")?.clone())
}

/// Runs a step on flights; its table must be good.
fn run(step: &str, file: &str, params: &Value) -> anyhow::Result<CaseTable> {
    let folder = tempfile::tempdir()?;
    let output = folder.path().join("output.arrow");
    let built = Built::find()?;
    let input = data(file);
    let params = params.to_string();
    let path = |path: &Path| path.to_str().map(str::to_owned).context("a path in UTF-8");
    let (input, output_path) = (path(&input)?, path(&output)?);
    let arguments = ["--input", &input, "--output", &output_path, "--params-clean", &params];
    let run = built.run(&built.module(step)?, &arguments)?;
    ensure!(run.verdict() == "ok", "{}: {} {}", run.verdict(), run.detail(), run.report["log"]);
    read_table(&output)
}

fn column<'a>(table: &'a CaseTable, name: &str) -> anyhow::Result<&'a [Value]> {
    let column = table.columns.iter().find(|column| column.name == name);
    Ok(&column.with_context(|| format!("no column {name}"))?.values)
}

fn rows(table: &CaseTable) -> usize {
    table.columns.first().map_or(0, |column| column.values.len())
}

fn close(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(x), Some(y)) => (x - y).abs() <= 1e-9 * x.abs().max(y.abs()).max(1.0),
        _ => a == b,
    }
}

fn filter(condition: Value) -> Value {
    json!({"keep": true, "condition": condition})
}

fn leaf(operation: &str, column: &str, value: Value) -> Value {
    json!({"operation": operation, "column": column, "value": value, "isCaseSensitive": true, "isRegex": false})
}

#[test]
fn a_filter_keeps_the_rows_that_pandas_keeps() -> anyhow::Result<()> {
    for file in [JANUARY, YEAR] {
        let figures = &expected(file)?["distance_over_1000"];
        let table = run("filter", file, &filter(leaf("number_is_greater_than", "distance", json!(1000))))?;
        assert_eq!(json!(rows(&table)), figures["rows"]);
        let sum: i64 = column(&table, "distance")?.iter().filter_map(Value::as_i64).sum();
        assert_eq!(json!(sum), figures["distance_sum"]);
        for (place, first) in [("first", 0), ("last", rows(&table) - 3)] {
            for (offset, flight) in figures[place].as_array().context("rows")?.iter().enumerate() {
                for (name, value) in flight.as_object().context("cells")? {
                    let cell = &column(&table, name)?[first + offset];
                    assert!(
                        close(cell, value),
                        "{file}, row {}, {name}: {cell}, not {value}",
                        first + offset
                    );
                }
            }
        }
    }
    Ok(())
}

#[test]
fn the_year_has_as_many_long_flights_as_published() -> anyhow::Result<()> {
    let table = run("filter", YEAR, &filter(leaf("number_is_greater_than", "distance", json!(1000))))?;
    assert_eq!(rows(&table), 147_105);
    Ok(())
}

#[test]
fn filters_on_text_and_time_agree_too() -> anyhow::Result<()> {
    let figures = expected(YEAR)?;
    let not_ua = json!({"operation": "not", "condition": leaf("text_is", "carrier", json!("UA"))});
    let late = leaf("number_is_greater_than", "arr_delay", json!(60));
    let both = json!({"operation": "and", "conditions": [leaf("text_is", "carrier", json!("UA")), late]});
    let since = leaf("timestamp_is_after_or_equals", "time_hour", json!("2013-01-15T00:00:00Z"));
    for (condition, name) in [
        (not_ua, "carrier_is_not_ua"),
        (both, "carrier_is_ua_and_arr_delay_over_60"),
        (leaf("text_contains", "tailnum", json!("JB")), "tailnum_contains_jb"),
        (since, "time_hour_from_2013_01_15"),
    ] {
        let table = run("filter", YEAR, &filter(condition))?;
        assert_eq!(json!(rows(&table)), figures[name], "{name}");
    }
    Ok(())
}

#[test]
fn sorting_finds_the_same_ends() -> anyhow::Result<()> {
    let figures = expected(YEAR)?;
    for (figure, ascending) in [("top_10_dep_delay", false), ("bottom_10_dep_delay", true)] {
        let params =
            json!({"sort_columns": [{"colname": "dep_delay", "is_ascending": ascending}], "keep_top": "10"});
        let table = run("sort", YEAR, &params)?;
        assert_eq!(rows(&table), 10);
        for (row, flight) in figures[figure].as_array().context("rows")?.iter().enumerate() {
            for (name, value) in flight.as_object().context("cells")? {
                let cell = &column(&table, name)?[row];
                assert!(close(cell, value), "{figure}, row {row}, {name}: {cell}, not {value}");
            }
        }
    }
    Ok(())
}

#[test]
fn groups_have_the_figures_that_pandas_finds() -> anyhow::Result<()> {
    let figures = expected(YEAR)?;
    let operations = [
        ("size", "", "rows"),
        ("mean", "arr_delay", "arr_delay_mean"),
        ("median", "arr_delay", "arr_delay_median"),
        ("min", "arr_delay", "arr_delay_min"),
        ("max", "arr_delay", "arr_delay_max"),
        ("sum", "distance", "distance_sum"),
        ("nunique", "tailnum", "tailnum_unique"),
    ];
    let aggregations: Vec<Value> = operations
        .iter()
        .map(|(operation, colname, outname)| json!({"operation": operation, "colname": colname, "outname": outname}))
        .collect();
    for (keys, figure) in [(vec!["carrier"], "by_carrier"), (vec!["origin", "month"], "by_origin_month")] {
        let groups = json!({"colnames": keys, "group_dates": false, "date_granularities": {}});
        let table = run("groupby", YEAR, &json!({"groups": groups, "aggregations": aggregations}))?;
        let groups = figures[figure].as_array().context("groups")?;
        assert_eq!(rows(&table), groups.len());
        for (row, group) in groups.iter().enumerate() {
            let named = keys.iter().copied().chain(operations.iter().map(|(_, _, name)| *name));
            for name in named {
                let cell = &column(&table, name)?[row];
                assert!(
                    close(cell, &group[name]),
                    "{figure}, row {row}, {name}: {cell}, not {}",
                    group[name]
                );
            }
        }
    }
    Ok(())
}

#[test]
fn a_step_in_c_drops_the_rows_that_pandas_drops() -> anyhow::Result<()> {
    let figures = expected(YEAR)?;
    for (names, rows_left) in figures["dropna"].as_object().context("counts")? {
        if names == "all columns" {
            continue;
        }
        let colnames: Vec<&str> = names.split(", ").collect();
        let table = run("dropna", YEAR, &json!({"colnames": colnames}))?;
        assert_eq!(json!(rows(&table)), *rows_left, "{names}");
    }
    Ok(())
}
