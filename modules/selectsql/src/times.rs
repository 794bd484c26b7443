//! Timestamps and dates as SQLite's functions take them, and back.

use chrono::{DateTime, NaiveDate, NaiveDateTime};

/// `2020-06-17 18:38:01`, and with the fraction of the second in 6 or 9 digits, if there is one.
pub(crate) fn timestamp_text(nanos: i64) -> String {
    let time = DateTime::from_timestamp_nanos(nanos);
    let format = match time.timestamp_subsec_nanos() {
        0 => "%Y-%m-%d %H:%M:%S",
        fraction if fraction % 1000 == 0 => "%Y-%m-%d %H:%M:%S%.6f",
        _ => "%Y-%m-%d %H:%M:%S%.9f",
    };
    time.format(format).to_string()
}

/// What [`timestamp_text`] wrote, in nanoseconds since 1970-01-01 UTC.
pub(crate) fn parse_timestamp(text: &str) -> Option<i64> {
    let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok()?;
    time.and_utc().timestamp_nanos_opt()
}

/// `2020-06-17`; `None` for days beyond the calendar.
pub(crate) fn date_text(day: i32) -> Option<String> {
    Some(NaiveDate::from_epoch_days(day)?.format("%Y-%m-%d").to_string())
}

/// What [`date_text`] wrote, in days since 1970-01-01.
pub(crate) fn parse_date(text: &str) -> Option<i32> {
    Some(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.to_epoch_days())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fractions_are_as_short_as_they_may_be() {
        for (nanos, text) in [
            (0, "1970-01-01 00:00:00"),
            (-1, "1969-12-31 23:59:59.999999999"),
            (1_500_000_000, "1970-01-01 00:00:01.500000"),
            (i64::MAX, "2262-04-11 23:47:16.854775807"),
        ] {
            assert_eq!(timestamp_text(nanos), text);
        }
    }

    proptest! {
        #[test]
        fn times_come_back_as_they_went(nanos: i64, day in -719_162..2_932_896) {
            prop_assert_eq!(parse_timestamp(&timestamp_text(nanos)), Some(nanos));
            prop_assert_eq!(parse_date(&date_text(day).unwrap()), Some(day));
        }
    }
}
