//! Timestamps rounded down, for params of before there were dates.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, TimestampNanosecondArray};
use arrow::datatypes::TimestampNanosecondType;
use chrono::{DateTime, Datelike, NaiveDate};
use serde::Deserialize;

/// What timestamps are rounded to.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
pub(crate) enum Granularity {
    #[serde(rename = "S")]
    Second,
    #[serde(rename = "T")]
    Minute,
    #[serde(rename = "H")]
    Hour,
    #[serde(rename = "D")]
    Day,
    #[serde(rename = "W")]
    Week,
    #[serde(rename = "M")]
    Month,
    #[serde(rename = "Q")]
    Quarter,
    #[serde(rename = "Y")]
    Year,
}

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;

impl Granularity {
    /// The word for it, in dates' units and in rounding.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Granularity::Second => "second",
            Granularity::Minute => "minute",
            Granularity::Hour => "hour",
            Granularity::Day => "day",
            Granularity::Week => "week",
            Granularity::Month => "month",
            Granularity::Quarter => "quarter",
            Granularity::Year => "year",
        }
    }

    /// Whether a date can hold it.
    pub(crate) fn is_of_dates(self) -> bool {
        !matches!(self, Granularity::Second | Granularity::Minute | Granularity::Hour)
    }

    /// The instant that a time is rounded to; `None` if that is before all that 64 bits of nanoseconds hold.
    fn round(self, nanos: i64) -> Option<i64> {
        let floor = |unit: i64| nanos.checked_sub(nanos.rem_euclid(unit));
        let month = |divisor: u32| {
            let date = DateTime::from_timestamp_nanos(nanos).date_naive();
            let first = NaiveDate::from_ymd_opt(date.year(), date.month0() / divisor * divisor + 1, 1)?;
            first.and_hms_opt(0, 0, 0)?.and_utc().timestamp_nanos_opt()
        };
        match self {
            Granularity::Second => floor(SECOND),
            Granularity::Minute => floor(60 * SECOND),
            Granularity::Hour => floor(3600 * SECOND),
            Granularity::Day => floor(DAY),
            // 1970-01-01 was a Thursday: the Monday before is three days off.
            Granularity::Week => nanos.checked_sub((nanos.rem_euclid(7 * DAY) + 3 * DAY) % (7 * DAY)),
            Granularity::Month => month(1),
            Granularity::Quarter => month(3),
            Granularity::Year => month(12),
        }
    }
}

/// Whether all timestamps of a column are of this granularity already.
pub(crate) fn is_rounded(column: &ArrayRef, granularity: Granularity) -> bool {
    let times = column.as_primitive::<TimestampNanosecondType>();
    times.iter().flatten().all(|time| granularity.round(time) == Some(time))
}

/// A timestamp column, rounded down.
pub(crate) fn round_down(column: &ArrayRef, granularity: Granularity) -> ArrayRef {
    let times = column.as_primitive::<TimestampNanosecondType>();
    let rounded = times.iter().map(|time| time.and_then(|time| granularity.round(time)));
    let rounded: TimestampNanosecondArray = rounded.collect();
    debug_assert_eq!(rounded.len(), column.len());
    Arc::new(rounded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_down_also_before_1970() {
        let nanos = |text: &str| {
            let time: DateTime<chrono::Utc> = text.parse().unwrap();
            time.timestamp_nanos_opt().unwrap()
        };
        for (time, granularity, expected) in [
            ("2021-05-05T01:02:03.004Z", Granularity::Second, "2021-05-05T01:02:03Z"),
            ("1969-12-31T23:59:59.5Z", Granularity::Minute, "1969-12-31T23:59:00Z"),
            ("2021-05-05T01:02:03Z", Granularity::Hour, "2021-05-05T01:00:00Z"),
            ("1969-12-31T23:59:59Z", Granularity::Day, "1969-12-31T00:00:00Z"),
            ("2021-05-05T01:02:03Z", Granularity::Week, "2021-05-03T00:00:00Z"),
            ("1970-01-01T00:00:00Z", Granularity::Week, "1969-12-29T00:00:00Z"),
            ("1969-12-29T00:00:00Z", Granularity::Week, "1969-12-29T00:00:00Z"),
            ("2021-05-05T01:02:03Z", Granularity::Month, "2021-05-01T00:00:00Z"),
            ("2021-05-05T01:02:03Z", Granularity::Quarter, "2021-04-01T00:00:00Z"),
            ("1969-05-05T01:02:03Z", Granularity::Year, "1969-01-01T00:00:00Z"),
        ] {
            assert_eq!(granularity.round(nanos(time)), Some(nanos(expected)), "{time} {granularity:?}");
        }
        assert_eq!(Granularity::Year.round(i64::MIN), None);
    }
}
