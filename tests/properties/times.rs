//! Steps that reckon with times.

use chrono::NaiveDate;
use crunchbox_tests::{CaseColumn, CaseTable};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::steps::{run, some};
use crate::tables::{
    Kind, Table, assert_near, assert_unchanged, first_day, nanos, plain, table_of, timestamp_value, unit,
};

fn text_column(values: Vec<Value>) -> Table {
    let column = CaseColumn {
        name: "A".to_owned(),
        kind: "text".to_owned(),
        format: None,
        storage: None,
        unit: None,
        dictionary: values.len().is_multiple_of(2),
        values,
    };
    Table::of(CaseTable { columns: vec![column] })
}

const DATE_FORMATS: [(&str, &str); 6] = [
    ("YYYY-MM-DD", "%Y-%m-%d"),
    ("YYYYMMDD", "%Y%m%d"),
    ("M/D/YYYY", "%-m/%-d/%Y"),
    ("D/M/YYYY", "%d/%m/%Y"),
    ("M/D/YY", "%m/%-d/%y"),
    ("D/M/YY", "%-d/%-m/%y"),
];

const LENGTHS: [(&str, i64); 7] = [
    ("day", 86_400_000_000_000),
    ("hour", 3_600_000_000_000),
    ("minute", 60_000_000_000),
    ("second", 1_000_000_000),
    ("millisecond", 1_000_000),
    ("microsecond", 1_000),
    ("nanosecond", 1),
];

proptest! {
    #![proptest_config(some())]

    #[test]
    fn converttexttodate_reads_what_is_written(
        days in prop::collection::vec(prop::option::weighted(0.8, -719_162..2_932_897_i32), 0..12),
        (format, written) in select(DATE_FORMATS.to_vec()),
        unit in unit(),
    ) {
        let date = |day: i32| {
            // Two digits say 1970 to 2069.
            let day = if format.ends_with("/YY") { day.rem_euclid(36_525) } else { day };
            NaiveDate::from_epoch_days(day).unwrap()
        };
        let text = |day: &Option<i32>| day.map_or(Value::Null, |day| json!(date(day).format(written).to_string()));
        // No text is no date, and no mistake.
        let mut texts: Vec<Value> = days.iter().map(text).collect();
        texts.push(json!(""));
        let params = json!({"colnames": ["A"], "format": format, "error_means_null": false, "unit": unit});
        let found = run("converttexttodate", params, &text_column(texts)).silent();
        let first = |day: &Option<i32>| day.map_or(Value::Null, |day| json!(first_day(unit, date(day)).to_string()));
        let expected: Vec<Value> = days.iter().map(first).chain([Value::Null]).collect();
        prop_assert_eq!(&found.columns[0].values, &expected);
        prop_assert_eq!(found.columns[0].unit.as_deref(), Some(unit));
    }

    #[test]
    fn convert_date_reads_what_converttotext_writes(table in table_of(Just(vec![Kind::Timestamp, Kind::Text]))) {
        let written = Table::of(run("converttotext", json!({"colnames": ["A"]}), &table).silent());
        let params = json!({"colnames": ["A"], "input_format": "auto", "error_means_null": false});
        assert_unchanged(&run("convert-date", params, &written).silent(), &table);
    }

    #[test]
    fn convert_date_reads_dates_in_the_form_that_is_named(
        days in prop::collection::vec(prop::option::weighted(0.8, -100_000..100_000_i32), 0..12),
        us in any::<bool>(),
    ) {
        let (format, written) = if us { ("us", "%m/%d/%Y") } else { ("eu", "%d/%m/%Y") };
        let date = |day: i32| NaiveDate::from_epoch_days(day).unwrap();
        let text = |day: &Option<i32>| day.map_or(Value::Null, |day| json!(date(day).format(written).to_string()));
        let params = json!({"colnames": ["A"], "input_format": format, "error_means_null": false});
        let found = run("convert-date", params, &text_column(days.iter().map(text).collect())).silent();
        let time = |day: &Option<i32>| day.map_or(Value::Null, |day| json!(format!("{}T00:00:00Z", date(day))));
        prop_assert_eq!(&found.columns[0].values, &days.iter().map(time).collect::<Vec<_>>());
    }

    #[test]
    fn timestampmath_reckons_as_plain_numbers_do(
        table in table_of(Just(vec![Kind::Timestamp, Kind::Timestamp, Kind::Text])),
        (unit, length) in select(LENGTHS.to_vec()),
        operation in select(vec!["difference", "minimum", "maximum"]),
    ) {
        let params = json!({"operation": operation, "colnames": ["A", "B 1"], "colname1": "A", "colname2": "B 1",
            "unit": unit, "roundunit": "hour", "outcolname": "C"});
        let mut found = run("timestampmath", params, &table).silent();
        let new = found.columns.pop().unwrap();
        assert_unchanged(&found, &table);
        prop_assert_eq!(new.name, "C");
        let times = table.columns()[0].values.iter().zip(&table.columns()[1].values);
        let expected: Vec<Value> = times
            .map(|(a, b)| match (nanos(a), nanos(b), operation) {
                (Some(a), Some(b), "difference") => {
                    // Further apart than 64 bits can say is nothing.
                    let difference = b.checked_sub(a);
                    match length {
                        1 => difference.map_or(Value::Null, Value::from),
                        _ => difference.map_or(Value::Null, |difference| json!(difference as f64 / length as f64)),
                    }
                }
                (_, _, "difference") => Value::Null,
                (a, b, "minimum") => a.into_iter().chain(b).min().map_or(Value::Null, timestamp_value),
                (a, b, _) => a.into_iter().chain(b).max().map_or(Value::Null, timestamp_value),
            })
            .collect();
        if length == 1 || operation != "difference" {
            prop_assert_eq!(new.values.iter().map(plain).collect::<Vec<_>>(), expected.iter().map(plain).collect::<Vec<_>>());
        } else {
            assert_near(&new.values, &expected, 1e-14);
        }
    }

    #[test]
    fn timestampmath_rounds_down(
        table in table_of(Just(vec![Kind::Timestamp, Kind::Text])),
        (unit, length) in select(LENGTHS[1..6].to_vec()),
    ) {
        let params = json!({"operation": "startof", "colnames": ["A"], "colname1": "", "colname2": "",
            "unit": "day", "roundunit": unit, "outcolname": ""});
        let found = run("timestampmath", params, &table);
        let rounded = |time: &Value| -> Option<Option<i64>> { Some(nanos(time)?.div_euclid(length).checked_mul(length)) };
        let times = &table.columns()[0].values;
        let is_lost = times.iter().any(|time| rounded(time) == Some(None));
        prop_assert_eq!(!found.errors.is_empty(), is_lost);
        let expected: Vec<Value> = times.iter().map(|time| rounded(time).flatten().map_or(Value::Null, timestamp_value)).collect();
        prop_assert_eq!(&found.table().columns[0].values, &expected);
    }
}
