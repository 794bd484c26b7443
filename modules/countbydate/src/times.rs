//! The times that rows are grouped by.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray, TimestampNanosecondArray};
use chrono::{DateTime, Datelike};
use crunchbox_sdk::Period;
use serde::Deserialize;

const NANOS_PER_DAY: i64 = 86_400_000_000_000;

/// A period of the calendar, or of any day.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GroupBy {
    SecondOfDay,
    MinuteOfDay,
    HourOfDay,
    #[serde(untagged)]
    Period(Period),
}

impl GroupBy {
    fn period(self) -> Period {
        match self {
            GroupBy::SecondOfDay => Period::Second,
            GroupBy::MinuteOfDay => Period::Minute,
            GroupBy::HourOfDay => Period::Hour,
            GroupBy::Period(period) => period,
        }
    }

    /// The number of the period that an instant is in.
    pub(crate) fn index(self, nanos: i64) -> i64 {
        match self {
            GroupBy::Period(period) => period.index(nanos),
            _ => self.period().index(nanos.rem_euclid(NANOS_PER_DAY)),
        }
    }

    /// Periods by their numbers, as people are to see them.
    pub(crate) fn shown(self, indexes: &Int64Array) -> ArrayRef {
        let starts = indexes.iter().map(|index| self.period().start(index?));
        let format: fn(DateTime<chrono::Utc>) -> String = match self {
            GroupBy::SecondOfDay => |time| time.format("%H:%M:%S").to_string(),
            GroupBy::MinuteOfDay => |time| time.format("%H:%M").to_string(),
            GroupBy::HourOfDay => |time| time.format("%H:00").to_string(),
            GroupBy::Period(Period::Quarter) => |time| format!("{} Q{}", time.year(), time.month0() / 3 + 1),
            GroupBy::Period(_) => return Arc::new(TimestampNanosecondArray::from_iter(starts)),
        };
        let texts = starts.map(|start| start.map(|start| format(DateTime::from_timestamp_nanos(start))));
        Arc::new(StringArray::from_iter(texts))
    }
}
