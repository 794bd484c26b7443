//! Timestamps in ISO 8601.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Timelike};

/// A timestamp, in nanoseconds since 1970-01-01 UTC, in the shortest form that says it in full: the date alone at
/// midnight; else minutes, seconds, or 3, 6 or 9 decimals, and `Z`.
///
/// ```
/// use crunchbox_protocol::formats::timestamp_text;
///
/// assert_eq!(timestamp_text(0), "1970-01-01");
/// assert_eq!(timestamp_text(60_001_000_000), "1970-01-01T00:01:00.001Z");
/// ```
pub fn timestamp_text(nanos: i64) -> String {
    let time = DateTime::from_timestamp_nanos(nanos);
    match (time.num_seconds_from_midnight(), time.nanosecond()) {
        (0, 0) => time.format("%Y-%m-%d").to_string(),
        (seconds, 0) if seconds % 60 == 0 => time.format("%Y-%m-%dT%H:%MZ").to_string(),
        _ => time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
    }
}

/// Reads a timestamp in ISO 8601: a day, or a day and a time to the minute, the second or a fraction of it, with
/// a zone or in UTC. In nanoseconds since 1970-01-01 UTC, which need not fit into 64 bits.
pub fn parse_timestamp(text: &str) -> Option<i128> {
    let utc = |time: NaiveDateTime| time.and_utc();
    let time = NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map(|day| utc(day.and_time(NaiveTime::MIN)))
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").map(utc))
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(utc))
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M%#z").map(|time| time.to_utc()))
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%#z").map(|time| time.to_utc()))
        .ok()?;
    Some(i128::from(time.timestamp()) * 1_000_000_000 + i128::from(time.timestamp_subsec_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_that_is_zero_and_last() {
        for (text, nanos) in [
            ("1970-01-02", 86_400_000_000_000),
            ("1970-01-01T01:00Z", 3_600_000_000_000),
            ("1970-01-01T00:00:01Z", 1_000_000_000),
            ("1970-01-01T00:00:00.100Z", 100_000_000),
            ("1970-01-01T00:00:00.000010Z", 10_000),
            ("1970-01-01T00:00:00.000000001Z", 1),
            ("1969-12-31T23:59:59.999999999Z", -1),
            ("1677-09-21T00:12:43.145224192Z", i64::MIN),
            ("2262-04-11T23:47:16.854775807Z", i64::MAX),
        ] {
            assert_eq!(timestamp_text(nanos), text);
        }
    }

    #[test]
    fn times_are_read_in_all_their_forms() {
        let second = 1_000_000_000;
        for (text, seconds) in [
            ("1970-01-02", 86400),
            ("1970-01-01T00:01", 60),
            ("1970-01-01T00:01Z", 60),
            ("1970-01-01T00:00:05", 5),
            ("1970-01-01T00:00:05Z", 5),
            ("1970-01-01T05:00:05+05:00", 5),
            ("1970-01-01T05:00+0500", 0),
            ("1970-01-01T00:00-01", 3600),
        ] {
            assert_eq!(parse_timestamp(text), Some(seconds * second), "{text}");
        }
        assert_eq!(parse_timestamp("1970-01-01T00:00:00.000000001Z"), Some(1));
        assert!(parse_timestamp("9999-12-31").unwrap() > i128::from(i64::MAX));
        for bad in ["", "yesterday", "1970-13-01", "1970-01-01 00:00", "1970-01-01T25:00"] {
            assert_eq!(parse_timestamp(bad), None, "{bad}");
        }
    }
}
