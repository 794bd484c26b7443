//! Where an axis of timestamps has its ticks, if all of them are first days of years or months, or of the same weekday.

use arrow::array::TimestampNanosecondArray;
use chrono::{DateTime, Datelike, Days, Months, NaiveDate};

/// The most ticks of an axis.
const MAX_TICKS: i64 = 8;

/// The days of the ticks, at even distances, and how they are written. The last one is the last day of the data, the first
/// one may be before the first.
#[derive(Debug, PartialEq)]
pub(crate) struct Ticks {
    pub(crate) days: Vec<NaiveDate>,
    /// As d3 has it.
    pub(crate) format: &'static str,
}

/// `None` if it is another kind of times: the drawing program finds ticks then.
pub(crate) fn of_calendar(times: &TimestampNanosecondArray) -> Option<Ticks> {
    let mut days = Vec::with_capacity(times.len());
    for nanos in times.iter().flatten() {
        let time = DateTime::from_timestamp_nanos(nanos).naive_utc();
        if time.time() != chrono::NaiveTime::MIN {
            return None;
        }
        days.push(time.date());
    }
    let (first, last) = (*days.iter().min()?, *days.iter().max()?);
    if days.iter().all(|day| day.ordinal() == 1) {
        let years = i64::from(last.year()) - i64::from(first.year());
        let back =
            |years: i64| last.checked_sub_months(Months::new(u32::try_from(years).ok()?.checked_mul(12)?));
        ticks(years, "%Y", back)
    } else if days.iter().all(|day| day.day() == 1) {
        let month = |day: NaiveDate| i64::from(day.year()) * 12 + i64::from(day.month0());
        let back = |months: i64| last.checked_sub_months(Months::new(u32::try_from(months).ok()?));
        ticks(month(last) - month(first), "%b %Y", back)
    } else if days.iter().all(|day| day.weekday() == first.weekday()) {
        let weeks = last.signed_duration_since(first).num_weeks();
        let back = |weeks: i64| last.checked_sub_days(Days::new(u64::try_from(weeks).ok()?.checked_mul(7)?));
        ticks(weeks, "%b %-d, %Y", back)
    } else {
        None
    }
}

/// Ticks over so many periods: at each of them if there is room, else at every second, third …
fn ticks(periods: i64, format: &'static str, back: impl Fn(i64) -> Option<NaiveDate>) -> Option<Ticks> {
    let distance = ceil_div(periods + 1, MAX_TICKS - 1);
    let steps = ceil_div(periods, distance);
    let days = (0..=steps).rev().map(|step| back(step * distance)).collect::<Option<_>>()?;
    Some(Ticks { days, format })
}

/// Of numbers that are not negative.
fn ceil_div(number: i64, by: i64) -> i64 {
    (number + by - 1) / by
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(days: &[&str]) -> Option<(Vec<String>, &'static str)> {
        let nanos = |day: &&str| {
            let day: NaiveDate = day.parse().unwrap();
            day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_nanos_opt()
        };
        let ticks = of_calendar(&days.iter().map(nanos).collect())?;
        Some((ticks.days.iter().map(NaiveDate::to_string).collect(), ticks.format))
    }

    fn days<const N: usize>(days: [&str; N]) -> Vec<String> {
        days.map(str::to_owned).to_vec()
    }

    #[test]
    fn weeks_are_completed_and_thinned_out() {
        let all = days(["2020-11-30", "2020-12-07", "2020-12-14", "2020-12-21", "2020-12-28"]);
        assert_eq!(found(&["2020-12-28", "2020-11-30", "2020-12-14"]), Some((all, "%b %-d, %Y")));
        let second = days([
            "2020-10-05",
            "2020-10-19",
            "2020-11-02",
            "2020-11-16",
            "2020-11-30",
            "2020-12-14",
            "2020-12-28",
        ]);
        assert_eq!(found(&["2020-10-05", "2020-12-28"]), Some((second.clone(), "%b %-d, %Y")));
        assert_eq!(found(&["2020-10-12", "2020-12-28"]).unwrap().0[0], second[0], "one before the data");
    }

    #[test]
    fn months_and_years_begin_with_their_first_day() {
        let months = days([
            "2019-12-01",
            "2020-02-01",
            "2020-04-01",
            "2020-06-01",
            "2020-08-01",
            "2020-10-01",
            "2020-12-01",
        ]);
        assert_eq!(found(&["2020-01-01", "2020-02-01", "2020-12-01"]), Some((months, "%b %Y")));
        let years = days([
            "1958-01-01",
            "1967-01-01",
            "1976-01-01",
            "1985-01-01",
            "1994-01-01",
            "2003-01-01",
            "2012-01-01",
            "2021-01-01",
        ]);
        assert_eq!(found(&["1960-01-01", "1990-01-01", "2021-01-01"]), Some((years, "%Y")));
        assert!(found(&["1678-01-01", "2262-01-01"]).unwrap().0.len() <= 8);
    }

    #[test]
    fn other_times_have_none() {
        assert_eq!(found(&["2020-01-01", "2020-01-03"]), None);
        let hours = TimestampNanosecondArray::from(vec![0, 3_600_000_000_000]);
        assert_eq!(of_calendar(&hours), None);
        assert_eq!(of_calendar(&TimestampNanosecondArray::from(Vec::<i64>::new())), None);
    }
}
