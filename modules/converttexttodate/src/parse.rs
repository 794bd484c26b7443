//! Dates in one of several formats.

use chrono::{Datelike, NaiveDate};

/// Years of two digits from this one on are in the last century.
const LAST_CENTURY: i32 = 70;

/// What dates look like: `D/M/YYYY`.
#[derive(Debug)]
pub(crate) struct Format<'a>(Vec<Part<'a>>);

#[derive(Debug, PartialEq)]
enum Part<'a> {
    /// `Y`, `M` or `D`, and how often.
    Digits(u8, usize),
    Text(&'a str),
}

/// Why a text is no date.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum BadDate {
    Format,
    Month,
    Day,
}

impl<'a> Format<'a> {
    /// Takes a format apart: letters that repeat stand for numbers, all else for itself.
    pub(crate) fn new(format: &'a str) -> Format<'a> {
        let kind = |byte: u8| if b"YMD".contains(&byte) { byte } else { 0 };
        let parts = format.as_bytes().chunk_by(|a, b| kind(*a) == kind(*b)).scan(0, |start, bytes| {
            let text = &format[*start..*start + bytes.len()];
            *start += bytes.len();
            Some(if kind(bytes[0]) == 0 { Part::Text(text) } else { Part::Digits(bytes[0], bytes.len()) })
        });
        Format(parts.collect())
    }

    /// The day, counted from 1970-01-01, that all of a text stands for.
    pub(crate) fn parse(&self, text: &str) -> Result<i32, BadDate> {
        let (mut year, mut month, mut day) = (1, 1, 1);
        let mut rest = text;
        for part in &self.0 {
            match *part {
                Part::Text(text) => rest = rest.strip_prefix(text).ok_or(BadDate::Format)?,
                Part::Digits(letter, count) => {
                    // One letter is for one digit or two.
                    let most = count.max(2);
                    let found = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
                    if found < count {
                        return Err(BadDate::Format);
                    }
                    let (digits, behind) = rest.split_at(found);
                    rest = behind;
                    let number = digits.parse().map_err(|_| BadDate::Format)?;
                    match (letter, count) {
                        (b'Y', 2) => year = number + if number < LAST_CENTURY { 2000 } else { 1900 },
                        (b'Y', _) => year = number,
                        (b'M', _) => month = number,
                        _ => day = number,
                    }
                }
            }
        }
        if !rest.is_empty() {
            return Err(BadDate::Format);
        }
        if !(1..=12).contains(&month) {
            return Err(BadDate::Month);
        }
        // The calendar begins with year 1.
        let date = NaiveDate::from_ymd_opt(year, month.cast_unsigned(), day.cast_unsigned());
        date.filter(|date| date.year() > 0).map(|date| date.to_epoch_days()).ok_or(BadDate::Day)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(format: &str, text: &str) -> Result<String, BadDate> {
        let day = Format::new(format).parse(text)?;
        Ok(NaiveDate::from_epoch_days(day).unwrap().to_string())
    }

    #[test]
    fn each_format_has_its_digits() {
        for (format, text, date) in [
            ("YYYY-MM-DD", "2021-04-28", "2021-04-28"),
            ("YYYYMMDD", "20210428", "2021-04-28"),
            ("D/M/YYYY", "8/04/2021", "2021-04-08"),
            ("M/D/YYYY", "12/31/2021", "2021-12-31"),
            ("M/D/YY", "1/2/69", "2069-01-02"),
            ("D/M/YY", "01/02/70", "1970-02-01"),
        ] {
            assert_eq!(parse(format, text).as_deref(), Ok(date), "{format}");
        }
    }

    #[test]
    fn what_is_no_date_is_told_why() {
        for text in
            ["", "2021-04-28 ", " 2021-04-28", "2021-4-28", "2021/04/28", "٢٠٢١-04-28", "2021-04-281", "é"]
        {
            assert_eq!(parse("YYYY-MM-DD", text), Err(BadDate::Format), "{text}");
        }
        assert_eq!(parse("D/M/YY", "1/2/1970"), Err(BadDate::Format));
        assert_eq!(parse("YYYYMMDD", "20210001"), Err(BadDate::Month));
        assert_eq!(parse("YYYYMMDD", "20211301"), Err(BadDate::Month));
        assert_eq!(parse("D/M/YY", "29/2/21"), Err(BadDate::Day));
        assert_eq!(parse("D/M/YY", "0/2/21"), Err(BadDate::Day));
        assert_eq!(parse("YYYYMMDD", "00000101"), Err(BadDate::Day));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(days in -719_162..2_932_897_i32) {
            let date = NaiveDate::from_epoch_days(days).unwrap();
            let written = date.format("%d/%m/%Y").to_string();
            prop_assert_eq!(Format::new("D/M/YYYY").parse(&written), Ok(days));
            prop_assert_eq!(Format::new("YYYY-MM-DD").parse(&date.to_string()), Ok(days));
        }
    }
}
