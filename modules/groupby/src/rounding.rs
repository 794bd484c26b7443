//! Timestamps rounded down, for params of before there were dates.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, TimestampNanosecondArray};
use arrow::datatypes::TimestampNanosecondType;
use crunchbox_sdk::Period;
use serde::Deserialize;

/// What timestamps are rounded to.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(try_from = "char")]
pub(crate) struct Granularity(pub(crate) Period);

impl TryFrom<char> for Granularity {
    type Error = String;

    fn try_from(letter: char) -> Result<Self, Self::Error> {
        Ok(Granularity(match letter {
            'S' => Period::Second,
            'T' => Period::Minute,
            'H' => Period::Hour,
            'D' => Period::Day,
            'W' => Period::Week,
            'M' => Period::Month,
            'Q' => Period::Quarter,
            'Y' => Period::Year,
            _ => return Err(format!("{letter:?} is no granularity; use one of STHDWMQY")),
        }))
    }
}

impl Granularity {
    /// Whether a date can hold it.
    pub(crate) fn is_of_dates(self) -> bool {
        !matches!(self.0, Period::Second | Period::Minute | Period::Hour)
    }
}

/// Whether all timestamps of a column are of this granularity already.
pub(crate) fn is_rounded(column: &ArrayRef, granularity: Granularity) -> bool {
    let times = column.as_primitive::<TimestampNanosecondType>();
    times.iter().flatten().all(|time| granularity.0.round_down(time) == Some(time))
}

/// A timestamp column, rounded down.
pub(crate) fn round_down(column: &ArrayRef, granularity: Granularity) -> ArrayRef {
    let times = column.as_primitive::<TimestampNanosecondType>();
    let rounded: TimestampNanosecondArray =
        times.iter().map(|time| time.and_then(|time| granularity.0.round_down(time))).collect();
    Arc::new(rounded)
}
