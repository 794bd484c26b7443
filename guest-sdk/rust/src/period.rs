//! Seconds, days, quarters and the like: what time is counted and rounded in.

use chrono::{DateTime, Datelike, NaiveDate};
use serde::Deserialize;

/// A stretch of time of the calendar in UTC. They are numbered: 0 is the one in which 1970 began.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)] // Their names say all.
pub enum Period {
    Nanosecond,
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;
/// 1970-01-01 was a Thursday: its week began three days before.
const WEEK_BEFORE_1970: i64 = 3 * DAY;

impl Period {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Period::Nanosecond => "nanosecond",
            Period::Microsecond => "microsecond",
            Period::Millisecond => "millisecond",
            Period::Second => "second",
            Period::Minute => "minute",
            Period::Hour => "hour",
            Period::Day => "day",
            Period::Week => "week",
            Period::Month => "month",
            Period::Quarter => "quarter",
            Period::Year => "year",
        }
    }

    /// How long it is.
    fn length(self) -> Length {
        match self {
            Period::Nanosecond => Length::Nanos(1),
            Period::Microsecond => Length::Nanos(1_000),
            Period::Millisecond => Length::Nanos(1_000_000),
            Period::Second => Length::Nanos(SECOND),
            Period::Minute => Length::Nanos(60 * SECOND),
            Period::Hour => Length::Nanos(3_600 * SECOND),
            Period::Day => Length::Nanos(DAY),
            Period::Week => Length::Nanos(7 * DAY),
            Period::Month => Length::Months(1),
            Period::Quarter => Length::Months(3),
            Period::Year => Length::Months(12),
        }
    }

    /// How many nanoseconds it has; `None` for those that are longer or shorter.
    pub fn nanos(self) -> Option<i64> {
        match self.length() {
            Length::Nanos(nanos) => Some(nanos),
            Length::Months(_) => None,
        }
    }

    /// The number of the period that an instant is in, in nanoseconds since 1970-01-01 UTC.
    pub fn index(self, nanos: i64) -> i64 {
        match self.length() {
            Length::Nanos(length) if self == Period::Week => {
                // In days, whose number is far from the ends of 64 bits.
                (nanos.div_euclid(DAY) + WEEK_BEFORE_1970 / DAY).div_euclid(length / DAY)
            }
            Length::Nanos(length) => nanos.div_euclid(length),
            Length::Months(months) => {
                let date = DateTime::from_timestamp_nanos(nanos).date_naive();
                (i64::from(date.year() - 1970) * 12 + i64::from(date.month0())).div_euclid(months)
            }
        }
    }

    /// The first nanosecond of the period of this number; `None` if 64 bits don't hold it.
    pub fn start(self, index: i64) -> Option<i64> {
        match self.length() {
            Length::Nanos(length) if self == Period::Week => {
                // The difference may be within 64 bits where the product isn't.
                let start = i128::from(index) * i128::from(length) - i128::from(WEEK_BEFORE_1970);
                i64::try_from(start).ok()
            }
            Length::Nanos(length) => index.checked_mul(length),
            Length::Months(months) => {
                let month = index.checked_mul(months)?;
                let year = i32::try_from(month.div_euclid(12)).ok()?.checked_add(1970)?;
                let first = NaiveDate::from_ymd_opt(year, u32::try_from(month.rem_euclid(12)).ok()? + 1, 1)?;
                first.and_hms_opt(0, 0, 0)?.and_utc().timestamp_nanos_opt()
            }
        }
    }

    /// An instant, rounded down; `None` if 64 bits don't hold it.
    pub fn round_down(self, nanos: i64) -> Option<i64> {
        self.start(self.index(nanos))
    }
}

enum Length {
    Nanos(i64),
    Months(i64),
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Period; 11] = [
        Period::Nanosecond,
        Period::Microsecond,
        Period::Millisecond,
        Period::Second,
        Period::Minute,
        Period::Hour,
        Period::Day,
        Period::Week,
        Period::Month,
        Period::Quarter,
        Period::Year,
    ];

    #[test]
    fn times_are_rounded_down_also_before_1970() {
        let nanos = |text: &str| {
            let time: DateTime<chrono::Utc> = text.parse().unwrap();
            time.timestamp_nanos_opt().unwrap()
        };
        for (time, period, expected) in [
            ("2021-05-05T01:02:03.004005006Z", Period::Microsecond, "2021-05-05T01:02:03.004005Z"),
            ("1969-12-31T23:59:59.9999Z", Period::Millisecond, "1969-12-31T23:59:59.999Z"),
            ("2021-05-05T01:02:03.004Z", Period::Second, "2021-05-05T01:02:03Z"),
            ("1969-12-31T23:59:59.5Z", Period::Minute, "1969-12-31T23:59:00Z"),
            ("2021-05-05T01:02:03Z", Period::Hour, "2021-05-05T01:00:00Z"),
            ("1969-12-31T23:59:59Z", Period::Day, "1969-12-31T00:00:00Z"),
            ("2021-05-05T01:02:03Z", Period::Week, "2021-05-03T00:00:00Z"),
            ("1970-01-01T00:00:00Z", Period::Week, "1969-12-29T00:00:00Z"),
            ("1969-12-29T00:00:00Z", Period::Week, "1969-12-29T00:00:00Z"),
            ("2021-05-05T01:02:03Z", Period::Month, "2021-05-01T00:00:00Z"),
            ("2021-05-05T01:02:03Z", Period::Quarter, "2021-04-01T00:00:00Z"),
            ("1969-05-05T01:02:03Z", Period::Year, "1969-01-01T00:00:00Z"),
        ] {
            assert_eq!(period.round_down(nanos(time)), Some(nanos(expected)), "{time} {period:?}");
        }
        assert_eq!(Period::Year.round_down(i64::MIN), None);
        assert_eq!(Period::Week.round_down(i64::MIN), None);
    }

    proptest! {
        #[test]
        fn an_instant_is_in_its_period(nanos in any::<i64>()) {
            for period in ALL {
                let index = period.index(nanos);
                if let Some(start) = period.start(index) {
                    prop_assert!(start <= nanos, "{:?}", period);
                    prop_assert_eq!(period.index(start), index);
                }
                if let Some(next) = period.start(index + 1) {
                    prop_assert!(next > nanos, "{:?}", period);
                }
            }
        }
    }
}
