//! Timestamps in ISO 8601.

use chrono::{DateTime, SecondsFormat, Timelike};

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
}
