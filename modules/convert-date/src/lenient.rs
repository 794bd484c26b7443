//! Dates as people write them.

use chrono::{Duration, NaiveDate, NaiveDateTime, NaiveTime};

/// Years of two digits from this one on are in the last century.
const LAST_CENTURY: i32 = 70;

/// Words that say nothing.
const FILLERS: [&str; 9] = ["at", "on", "and", "of", "st", "nd", "rd", "th", "t"];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// A part of a date, before it is known which.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    /// And of how many digits.
    Number(u32, usize),
    Month(u32),
}

/// What a text was found to say.
#[derive(Default)]
struct Found {
    parts: Vec<Part>,
    time: Option<NaiveTime>,
    /// Seconds east of Greenwich.
    offset: i64,
}

/// A text in pieces: figures, letters, and other characters one by one.
pub(crate) fn tokens(text: &str) -> Vec<&str> {
    let kind = |c: char| match c {
        '0'..='9' => 1,
        _ if c.is_alphabetic() => 2,
        _ => 0,
    };
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match kind(first) {
            0 => first.len_utf8(),
            first => rest.find(|c| kind(c) != first).unwrap_or(rest.len()),
        };
        let (token, behind) = rest.split_at(end);
        tokens.push(token);
        rest = behind;
    }
    tokens
}

/// The time in UTC that a text says: at midnight, if it names a day alone.
pub(crate) fn parse(text: &str) -> Option<NaiveDateTime> {
    // A small number is no date, whatever it could be short for.
    if !text.starts_with('0') && text.trim().parse::<f64>().is_ok_and(|number| number < 1000.0) {
        return None;
    }
    let tokens = tokens(text);
    let mut found = Found::default();
    let mut rest = tokens.as_slice();
    while !rest.is_empty() {
        rest = found.take(rest)?;
    }
    let date = resolve(&found.parts)?;
    let time = found.time.unwrap_or(NaiveTime::MIN);
    date.and_time(time).checked_sub_signed(Duration::seconds(found.offset))
}

impl Found {
    /// Takes one piece or several, and says which are left; `None` if they mean nothing.
    fn take<'a>(&mut self, tokens: &'a [&'a str]) -> Option<&'a [&'a str]> {
        let (token, rest) = tokens.split_first()?;
        let is_number = |token: &str| token.starts_with(|c: char| c.is_ascii_digit());
        if is_number(token) {
            return match rest {
                [":", minute, ..] if is_number(minute) => self.take_time(tokens),
                _ => self.take_number(token, rest),
            };
        }
        match (*token, rest) {
            ("+" | "-", [hours, behind @ ..]) if self.time.is_some() && is_number(hours) => {
                self.take_offset(*token == "-", hours, behind)
            }
            (" " | "," | "." | ";" | "-" | "/" | "'" | "\\" | "\t" | "\n", _) => Some(rest),
            _ => {
                self.take_word(token)?;
                Some(rest)
            }
        }
    }

    fn take_word(&mut self, word: &str) -> Option<()> {
        let lower = word.to_lowercase();
        let is_short_for = |name: &str| {
            name == lower
                || (lower.len() == 3 && name.starts_with(&lower))
                || (lower == "sept" && name == "september")
        };
        if let Some(month) = MONTHS.iter().position(|name| is_short_for(name)) {
            self.parts.push(Part::Month(u32::try_from(month).ok()? + 1));
            return Some(());
        }
        if is_half(word) {
            return self.take_half(lower == "pm");
        }
        // Zones by name are as good as Greenwich: few names stand for one zone alone.
        let is_zone =
            self.time.is_some() && word.len() <= 5 && word.bytes().all(|byte| byte.is_ascii_uppercase());
        let says_nothing = FILLERS.contains(&&*lower) || WEEKDAYS.iter().any(|name| is_short_for(name));
        (is_zone || says_nothing || lower == "z").then_some(())
    }

    /// `am` or `pm`, of a time or of the number that came last.
    fn take_half(&mut self, afternoon: bool) -> Option<()> {
        let time = match (self.time, self.parts.last()) {
            (Some(time), _) => time,
            (None, Some(Part::Number(hour, _))) => {
                let time = NaiveTime::from_hms_opt(*hour, 0, 0)?;
                self.parts.pop();
                time
            }
            _ => return None,
        };
        let hour =
            u32::try_from((time - NaiveTime::MIN).num_hours()).ok().filter(|hour| (1..=12).contains(hour))?;
        let shift = i64::from(hour % 12) - i64::from(hour) + if afternoon { 12 } else { 0 };
        self.time = Some(time.overflowing_add_signed(Duration::hours(shift)).0);
        Some(())
    }

    /// Figures without a colon: a part of a date, all of it, or a time behind it.
    fn take_number<'a>(&mut self, digits: &str, rest: &'a [&'a str]) -> Option<&'a [&'a str]> {
        let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<u32>().ok();
        let clock = |from: usize| {
            let part = |at: usize| if at < digits.len() { number(at..at + 2) } else { Some(0) };
            NaiveTime::from_hms_opt(number(from..from + 2)?, part(from + 2)?, part(from + 4)?)
        };
        match (self.parts.len(), digits.len()) {
            (3, 2 | 4 | 6) if self.time.is_none() => self.time = Some(clock(0)?),
            (0, 8 | 12 | 14) => {
                let parts = [(0..4, 4), (4..6, 2), (6..8, 2)];
                for (range, length) in parts {
                    self.parts.push(Part::Number(number(range)?, length));
                }
                if digits.len() > 8 {
                    self.time = Some(clock(8)?);
                }
            }
            (0, 6) => {
                for range in [0..2, 2..4, 4..6] {
                    self.parts.push(Part::Number(number(range)?, 2));
                }
            }
            (0..=2, 1..=9) => self.parts.push(Part::Number(number(0..digits.len())?, digits.len())),
            // `8/7/2018 3 pm`: the hour is one part too many until its half is known.
            (3, 1) if rest.iter().find(|token| **token != " ").is_some_and(|word| is_half(word)) => {
                self.parts.push(Part::Number(number(0..1)?, 1));
            }
            _ => return None,
        }
        Some(rest)
    }

    /// `10:30`, `10:30:15`, `10:30:15.5`.
    fn take_time<'a>(&mut self, tokens: &'a [&'a str]) -> Option<&'a [&'a str]> {
        let is_digits = |token: &str| token.starts_with(|c: char| c.is_ascii_digit());
        let [hour, _, minute, rest @ ..] = tokens else { return None };
        let (second, rest) = match rest {
            [":", second, rest @ ..] if is_digits(second) => (*second, rest),
            _ => ("0", rest),
        };
        let (fraction, rest) = match rest {
            ["." | ",", fraction, rest @ ..] if second != "0" && is_digits(fraction) => (*fraction, rest),
            _ => ("0", rest),
        };
        let nanos = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
        let number = |digits: &str| if digits.len() <= 2 { digits.parse().ok() } else { None };
        let time = NaiveTime::from_hms_nano_opt(number(hour)?, number(minute)?, number(second)?, nanos)?;
        if self.time.replace(time).is_some() {
            return None;
        }
        Some(rest)
    }

    /// `+2`, `+0200`, `+02:00`.
    fn take_offset<'a>(&mut self, west: bool, hours: &str, rest: &'a [&'a str]) -> Option<&'a [&'a str]> {
        let (hours, minutes, rest) = match (hours.len(), rest) {
            (4, _) => (&hours[..2], &hours[2..], rest),
            (1 | 2, [":", minutes, rest @ ..]) => (hours, *minutes, rest),
            (1 | 2, _) => (hours, "0", rest),
            _ => return None,
        };
        let seconds = hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60;
        self.offset = if west { -seconds } else { seconds };
        Some(rest)
    }
}

/// Whether a word is `am` or `pm`.
pub(crate) fn is_half(word: &str) -> bool {
    word.eq_ignore_ascii_case("am") || word.eq_ignore_ascii_case("pm")
}

/// The day that parts name, in whichever order they are. A year there has to be; the first month and day are meant if
/// there is none.
fn resolve(parts: &[Part]) -> Option<NaiveDate> {
    use Part::{Month, Number};
    let is_year = |part: Part| matches!(part, Number(number, digits) if number > 31 || digits > 2);
    let first = Number(1, 1);
    let (year, month, day) = match *parts {
        [year] if is_year(year) => (year, first, first),
        [year, month] if is_year(year) => (year, month, first),
        [month, year] if is_year(year) => (year, month, first),
        [month @ Month(_), year, day] if is_year(year) => (year, month, day),
        [month @ Month(_), day, year] => (year, month, day),
        [year, month @ Month(_), day] if is_year(year) => (year, month, day),
        [day, month @ Month(_), year] => (year, month, day),
        [day, year, month @ Month(_)] if is_year(year) => (year, month, day),
        [year, day, month @ Month(_)] => (year, month, day),
        [year, month, day] if is_year(year) => (year, month, day),
        [day @ Number(13.., _), month, year] => (year, month, day),
        [month, day, year] => (year, month, day),
        _ => return None,
    };
    let year = match year {
        Number(year, 1..=2) => {
            year.cast_signed() + if year.cast_signed() < LAST_CENTURY { 2000 } else { 1900 }
        }
        Number(year, _) => year.cast_signed(),
        Month(_) => return None,
    };
    let (Number(month, _) | Month(month)) = month;
    let Number(day, _) = day else { return None };
    NaiveDate::from_ymd_opt(year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_many_forms() {
        for (text, time) in [
            ("1960", "1960-01-01T00:00:00"),
            ("2018-08", "2018-08-01T00:00:00"),
            ("2018-08-07", "2018-08-07T00:00:00"),
            ("20180807", "2018-08-07T00:00:00"),
            ("20180807T103015", "2018-08-07T10:30:15"),
            ("2018-08-07T10:30:15.25Z", "2018-08-07T10:30:15.250"),
            ("2018-08-07T10:30+02:00", "2018-08-07T08:30:00"),
            ("2018-08-07 10:30 -0530", "2018-08-07T16:00:00"),
            ("2018-08-07T10", "2018-08-07T10:00:00"),
            ("8/7/2018", "2018-08-07T00:00:00"),
            ("13/7/18", "2018-07-13T00:00:00"),
            ("08.07.1970", "1970-08-07T00:00:00"),
            ("8/2018", "2018-08-01T00:00:00"),
            ("Aug 7, 2018 3:05 pm", "2018-08-07T15:05:00"),
            ("Tuesday, 7th of August 2018 at 12:05 AM", "2018-08-07T00:05:00"),
            ("7-Sept-99", "1999-09-07T00:00:00"),
            ("2018 May 7", "2018-05-07T00:00:00"),
            ("August 2018", "2018-08-01T00:00:00"),
            ("Tue Aug  7 10:30:00 2018", "2018-08-07T10:30:00"),
            (" 8/7/2018 3 pm ", "2018-08-07T15:00:00"),
        ] {
            assert_eq!(parse(text), Some(time.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            " ",
            "99",
            "x",
            "10:30",
            "Aug 7",
            "7",
            "2018-13-01",
            "2018-02-30",
            "1/2/3/4",
            "2018-08-07 25:00",
            "2018-08-07 13:00 pm",
            "8/7/2018x",
            "(2018)",
            "١٩٦٠",
            "99999999999999999999",
            "1.5",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic() {
        proptest::proptest!(|(text in r"[0-9:/. T+pmZ-]{0,20}|\PC{0,12}")| {
            parse(&text);
            assert_eq!(tokens(&text).concat(), text);
        });
    }
}
