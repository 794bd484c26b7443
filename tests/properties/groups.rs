//! Steps that find figures of groups of rows.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use crunchbox_tests::CaseColumn;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use crate::steps::{run, some};
use crate::tables::{
    Kind, Table, assert_near, assert_unchanged, kind, nanos, order, plain, table, table_of, timestamp_value,
    whole,
};

/// The rows of each group, by the groups' keys. No keys make one group, even of no rows.
fn groups(table: &Table, keys: &[&CaseColumn]) -> Vec<Vec<usize>> {
    if keys.is_empty() {
        return vec![(0..table.rows()).collect()];
    }
    let compare = |a: usize, b: usize| {
        let columns = keys.iter().map(|column| order(&column.kind, &column.values[a], &column.values[b]));
        columns.fold(Ordering::Equal, Ordering::then)
    };
    let has_keys = |row: &usize| keys.iter().all(|column| !column.values[*row].is_null());
    let mut rows: Vec<usize> = (0..table.rows()).filter(has_keys).collect();
    rows.sort_by(|a, b| compare(*a, *b));
    rows.chunk_by(|a, b| compare(*a, *b).is_eq()).map(<[usize]>::to_vec).collect()
}

/// A figure of values of a kind, none of which is null. `None` if it is beyond all floats, or rounding has its say.
fn figure(operation: &str, kind: &str, values: &[&Value]) -> Option<Value> {
    let floats = || values.iter().filter_map(|value| value.as_f64());
    let finite = |float: f64| float.is_finite().then(|| json!(float));
    let least = |turned: bool| {
        let best =
            values.iter().copied().min_by(|a, b| if turned { order(kind, b, a) } else { order(kind, a, b) });
        Some(best.map_or(Value::Null, plain))
    };
    match operation {
        "size" => Some(json!(values.len())),
        "nunique" => {
            let mut values = values.to_vec();
            values.sort_by(|a, b| order(kind, a, b));
            values.dedup_by(|a, b| order(kind, a, b).is_eq());
            Some(json!(values.len()))
        }
        "min" => least(false),
        "max" => least(true),
        "first" => Some(values.first().map_or(Value::Null, |value| plain(value))),
        _ if values.is_empty() => Some(if operation == "sum" { json!(0) } else { Value::Null }),
        "sum" | "mean" => {
            let exact: Option<i128> = values.iter().map(|value| whole(value)).sum();
            let sum = match exact {
                Some(exact) => exact as f64,
                // What is left of numbers that cancel each other out depends on the order of adding.
                None => Some(floats().sum::<f64>())
                    .filter(|sum| sum.abs() * 1e3 > floats().map(f64::abs).sum())?,
            };
            finite(if operation == "sum" { sum } else { sum / values.len() as f64 })
        }
        _ => {
            let mut sorted: Vec<f64> = floats().collect();
            sorted.sort_by(f64::total_cmp);
            finite(sorted[(sorted.len() - 1) / 2] / 2.0 + sorted[sorted.len() / 2] / 2.0)
        }
    }
}

/// Where in time a period begins.
type Start = fn(NaiveDateTime) -> NaiveDateTime;

const PERIODS: [(&str, Start); 7] = [
    ("second", |time| time.with_nanosecond(0).unwrap()),
    ("minute", |time| time.date().and_hms_opt(time.hour(), time.minute(), 0).unwrap()),
    ("hour", |time| time.date().and_hms_opt(time.hour(), 0, 0).unwrap()),
    ("day", |time| time.date().and_time(NaiveTime::MIN)),
    ("month", |time| first_of_month(time, time.month())),
    ("quarter", |time| first_of_month(time, time.month0() / 3 * 3 + 1)),
    ("year", |time| first_of_month(time, 1)),
];

fn first_of_month(time: NaiveDateTime, month: u32) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(time.year(), month, 1).unwrap().and_time(NaiveTime::MIN)
}

fn instant(value: &Value) -> NaiveDateTime {
    DateTime::from_timestamp_nanos(nanos(value).unwrap()).naive_utc()
}

proptest! {
    #![proptest_config(some())]

    #[test]
    fn groupby_finds_what_plain_reckoning_finds(
        table in table(),
        keys in subsequence(vec![0, 1, 2_usize], 0..=2),
        of in 0..4_usize,
    ) {
        let keys: Vec<&CaseColumn> = keys.iter().filter_map(|key| table.columns().get(*key)).collect();
        let of = &table.columns()[of % table.columns().len()];
        let mut operations = vec!["size", "nunique", "min", "max", "first"];
        if of.kind == "number" {
            operations.extend(["sum", "mean", "median"]);
        }
        let aggregations: Vec<Value> = operations
            .iter()
            .map(|operation| json!({"operation": operation, "colname": of.name, "outname": format!("the {operation}")}))
            .collect();
        let colnames: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
        let groups_of = json!({"colnames": colnames, "group_dates": false, "date_granularities": {}});
        let found = run("groupby", json!({"groups": groups_of, "aggregations": aggregations}), &table).silent();

        let groups = groups(&table, &keys);
        let (found_keys, found_figures) = found.columns.split_at(keys.len());
        for (found, key) in found_keys.iter().zip(&keys) {
            let expected: Vec<Value> = groups.iter().map(|rows| plain(&key.values[rows[0]])).collect();
            prop_assert_eq!(found.values.iter().map(plain).collect::<Vec<_>>(), expected);
            prop_assert_eq!((&found.format, &found.unit), (&key.format.clone().filter(|_| key.kind == "number"), &key.unit));
        }
        for (found, operation) in found_figures.iter().zip(&operations) {
            for (found, rows) in found.values.iter().zip(&groups) {
                let valued = rows.iter().map(|row| &of.values[*row]).filter(|value| !value.is_null());
                let values: Vec<&Value> = valued.collect();
                // Rows are counted whether they have a value or not.
                let expected = if *operation == "size" { Some(json!(rows.len())) } else { figure(operation, &of.kind, &values) };
                if let Some(expected) = expected {
                    let exact = !matches!(*operation, "sum" | "mean" | "median");
                    assert_near(&[plain(found)], &[expected], if exact { 0.0 } else { 1e-12 });
                }
            }
            prop_assert_eq!(found.values.len(), groups.len());
        }
    }

    #[test]
    fn countbydate_counts_every_timestamp_once(
        table in table_of(Just(vec![Kind::Timestamp, Kind::Number])),
        (period, start) in select(PERIODS.to_vec()),
        with_missing in any::<bool>(),
    ) {
        let params = |missing: bool| json!({"column": "A", "groupby": period, "operation": "size", "targetcolumn": "",
            "include_missing_dates": missing});
        let found = run("countbydate", params(false), &table).silent();
        if table.rows() == 0 {
            assert_unchanged(&found, &table);
            return Ok(());
        }
        let mut counts: BTreeMap<NaiveDateTime, i64> = BTreeMap::new();
        for time in table.columns()[0].values.iter().filter(|time| !time.is_null()) {
            *counts.entry(start(instant(time))).or_default() += 1;
        }
        // A period may begin before all times that there are. Quarters are shown as text.
        let time = |start: &NaiveDateTime| match (period, start.and_utc().timestamp_nanos_opt()) {
            (_, None) => Value::Null,
            ("quarter", Some(_)) => json!(format!("{} Q{}", start.year(), start.month0() / 3 + 1)),
            (_, Some(nanos)) => timestamp_value(nanos),
        };
        prop_assert_eq!(&found.columns[0].values, &counts.keys().map(time).collect::<Vec<_>>());
        prop_assert_eq!(&found.columns[1].values, &counts.values().map(|count| json!(count)).collect::<Vec<_>>());

        if with_missing {
            let all = run("countbydate", params(true), &table);
            if all.table.is_none() {
                prop_assert_eq!(all.ids(), ["error.tooManyRows"]);
                return Ok(());
            }
            let all = all.silent();
            let counted = all.columns[0].values.iter().zip(&all.columns[1].values).filter(|(_, count)| **count != 0);
            let (times, counts): (Vec<_>, Vec<_>) = counted.map(|(time, count)| (time.clone(), count.clone())).unzip();
            prop_assert_eq!((&times, &counts), (&found.columns[0].values, &found.columns[1].values));
            // One period follows the other.
            let timestamps = all.columns[0].values.iter().filter(|time| nanos(time).is_some());
            let starts: Vec<NaiveDateTime> = timestamps.map(instant).collect();
            for pair in starts.windows(2) {
                let last_of_first = pair[1] - chrono::Duration::nanoseconds(1);
                prop_assert_eq!((start(last_of_first), start(pair[1])), (pair[0], pair[1]));
            }
        }
    }

    #[test]
    fn countbydate_finds_figures(
        table in table_of(kind().prop_map(|kind| vec![Kind::Timestamp, kind])),
        (unit, format) in select(vec![("hour_of_day", "%H:00"), ("minute_of_day", "%H:%M"), ("second_of_day", "%H:%M:%S")]),
        operation in select(vec!["min", "max", "sum", "mean"]),
    ) {
        let [times, values] = table.columns() else { unreachable!("there are two") };
        let operation = if values.kind == "number" { operation } else { "min" };
        let params = json!({"column": "A", "groupby": unit, "operation": operation, "targetcolumn": values.name,
            "include_missing_dates": false});
        let found = run("countbydate", params, &table).silent();
        let mut groups: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
        for (time, value) in times.values.iter().zip(&values.values) {
            if !time.is_null() && !value.is_null() {
                groups.entry(instant(time).format(format).to_string()).or_default().push(value);
            }
        }
        prop_assume!(table.rows() > 0);
        prop_assert_eq!(&found.columns[0].values, &groups.keys().map(|key| json!(key)).collect::<Vec<_>>());
        for (found, values_of) in found.columns[1].values.iter().zip(groups.values()) {
            if let Some(expected) = figure(operation, &values.kind, values_of) {
                assert_near(&[plain(found)], &[expected], 1e-12);
            }
        }
    }
}
