//! Dates and what they are the first days of.

use std::str::FromStr;

use chrono::{Datelike, NaiveDate};

/// What a date column's values are the first days of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateUnit {
    /// Every day.
    Day,
    /// Mondays.
    Week,
    /// First days of months.
    Month,
    /// 1 January, 1 April, 1 July, 1 October.
    Quarter,
    /// 1 January.
    Year,
}

/// A word that is no unit of dates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no unit of dates; use day, week, month, quarter or year")]
pub struct UnknownUnit(String);

impl DateUnit {
    const ALL: [DateUnit; 5] =
        [DateUnit::Day, DateUnit::Week, DateUnit::Month, DateUnit::Quarter, DateUnit::Year];

    /// The unit's word in a field's metadata.
    pub fn as_str(self) -> &'static str {
        match self {
            DateUnit::Day => "day",
            DateUnit::Week => "week",
            DateUnit::Month => "month",
            DateUnit::Quarter => "quarter",
            DateUnit::Year => "year",
        }
    }

    /// The longest unit that dates of both units have: first days of years are first days of months too, and Mondays
    /// of weeks are days and no more.
    #[must_use]
    pub fn common(self, other: DateUnit) -> DateUnit {
        match (self, other) {
            _ if self == other => self,
            (DateUnit::Day | DateUnit::Week, _) | (_, DateUnit::Day | DateUnit::Week) => DateUnit::Day,
            (DateUnit::Month, _) | (_, DateUnit::Month) => DateUnit::Month,
            _ => DateUnit::Quarter,
        }
    }

    /// The first day of the unit that a day is in; both in days since 1970-01-01. `None` if the day is beyond the
    /// calendar, which ends some 262,000 years from now, both ways.
    ///
    /// ```
    /// use crunchbox_protocol::formats::DateUnit;
    ///
    /// assert_eq!(DateUnit::Week.first_day(0), Some(-3));
    /// assert_eq!(DateUnit::Year.first_day(364), Some(0));
    /// ```
    pub fn first_day(self, day: i32) -> Option<i32> {
        let date = NaiveDate::from_epoch_days(day)?;
        let start = match self {
            DateUnit::Day => date,
            DateUnit::Week => return day.checked_sub(date.weekday().num_days_from_monday().cast_signed()),
            DateUnit::Month => date.with_day(1)?,
            DateUnit::Quarter => date.with_day(1)?.with_month(date.month0() / 3 * 3 + 1)?,
            DateUnit::Year => NaiveDate::from_ymd_opt(date.year(), 1, 1)?,
        };
        Some(start.to_epoch_days())
    }

    /// A date, in days since 1970-01-01, as text: `2022-08-01` for days and weeks, `2022-08`, `2022 Q3`, `2022`.
    /// `None` as in [`DateUnit::first_day`].
    pub fn text(self, day: i32) -> Option<String> {
        let date = NaiveDate::from_epoch_days(day)?;
        Some(match self {
            DateUnit::Day | DateUnit::Week => date.format("%Y-%m-%d").to_string(),
            DateUnit::Month => date.format("%Y-%m").to_string(),
            DateUnit::Quarter => date.format("%Y Q%q").to_string(),
            DateUnit::Year => date.format("%Y").to_string(),
        })
    }
}

impl FromStr for DateUnit {
    type Err = UnknownUnit;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let unit = DateUnit::ALL.into_iter().find(|unit| unit.as_str() == word);
        unit.ok_or_else(|| UnknownUnit(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> i32 {
        text.parse::<NaiveDate>().unwrap().to_epoch_days()
    }

    #[test]
    fn units_have_a_longest_one_in_common() {
        use DateUnit::{Day, Month, Quarter, Week, Year};
        for (a, b, common) in [
            (Year, Year, Year),
            (Year, Quarter, Quarter),
            (Month, Year, Month),
            (Week, Week, Week),
            (Week, Year, Day),
            (Day, Month, Day),
        ] {
            assert_eq!((a.common(b), b.common(a)), (common, common), "{a:?} {b:?}");
        }
    }

    #[test]
    fn each_unit_begins_on_its_first_day() {
        for (unit, first) in [
            (DateUnit::Day, "2021-08-19"),
            (DateUnit::Week, "2021-08-16"),
            (DateUnit::Month, "2021-08-01"),
            (DateUnit::Quarter, "2021-07-01"),
            (DateUnit::Year, "2021-01-01"),
        ] {
            assert_eq!(unit.first_day(day("2021-08-19")), Some(day(first)));
            assert_eq!(unit.first_day(day(first)), Some(day(first)));
            assert_eq!(unit.as_str().parse(), Ok(unit));
        }
        assert_eq!(DateUnit::Week.first_day(day("1950-01-01")), Some(day("1949-12-26")));
        assert_eq!("eon".parse::<DateUnit>(), Err(UnknownUnit("eon".to_owned())));
    }

    #[test]
    fn each_unit_has_its_text() {
        let texts = DateUnit::ALL.map(|unit| unit.text(day("1950-10-02")).unwrap());
        assert_eq!(texts, ["1950-10-02", "1950-10-02", "1950-10", "1950 Q4", "1950"]);
    }

    #[test]
    fn what_is_beyond_the_calendar_is_none() {
        for unit in DateUnit::ALL {
            assert_eq!((unit.text(i32::MAX), unit.first_day(i32::MIN)), (None, None));
        }
    }
}
