//! Dates of one form, anywhere in a text.

use chrono::format::{Parsed, StrftimeItems, parse};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use crunchbox_sdk::Result;
use crunchbox_sdk::re2::{Regex, escape};

use crate::lenient;

/// The items that are months: a form has one of them.
const MONTHS: [&str; 3] = ["%B", "%b", "%m"];

/// What a form may hold, in the order in which it is looked for in a text, with the expression that finds it.
const ITEMS: [(&str, &str); 8] = [
    ("%Y", r"[0-9]{4}"),
    ("%B", r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"),
    ("%b", r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"),
    ("%m", r"(?:1[0-2]|0[1-9]|[1-9])"),
    ("%d", r"(?:3[01]|[12][0-9]|0[1-9]|[1-9])"),
    ("%H", r"(?:2[0-3]|[01][0-9]|[0-9])"),
    ("%M", r"[0-5]?[0-9]"),
    ("%S", r"[0-5]?[0-9]"),
];

/// A form of dates.
pub(crate) struct Pattern {
    regex: Regex,
    format: String,
}

impl Pattern {
    /// The pattern of a format of strftime's, made of [`ITEMS`] and other text.
    pub(crate) fn new(format: &str) -> Result<Pattern> {
        let mut expression = escape(format);
        for (item, finds) in ITEMS {
            expression = expression.replace(item, finds);
        }
        Ok(Pattern { regex: Regex::new(&format!("(?i){expression}"))?, format: format.to_owned() })
    }

    /// The pattern that a text is of: it has a year, a month and a day, and is written as strftime would. A text in
    /// ISO 8601 is of none: there are many forms of that, and they don't get into each other's way.
    pub(crate) fn guess(text: &str) -> Result<Option<Pattern>> {
        let Some(time) = lenient::parse(text) else { return Ok(None) };
        let mut pieces = lenient::tokens(text);
        let mut found: Vec<&str> = Vec::new();
        for (item, _) in ITEMS {
            if MONTHS.contains(&item) && found.iter().any(|other| MONTHS.contains(other)) {
                continue;
            }
            let written = time.format(item).to_string();
            if let Some(piece) = pieces.iter_mut().find(|piece| **piece == written) {
                *piece = item;
                found.push(item);
            }
        }
        // Morning and afternoon are two forms, and a number that is left over means what strftime has no item for.
        if pieces
            .iter()
            .any(|piece| piece.starts_with(|c: char| c.is_ascii_digit()) || lenient::is_half(piece))
        {
            return Ok(None);
        }
        let format = pieces.concat();
        let has = |items: &[&str]| items.iter().any(|item| found.contains(item));
        let is_day = has(&["%Y"]) && has(&MONTHS) && has(&["%d"]);
        let is_iso = ["-", "/", ".", " ", "\\", ""]
            .iter()
            .any(|separator| format.starts_with(&["%Y", "%m", "%d"].join(separator)));
        if !is_day || is_iso || time.format(&format).to_string() != text {
            return Ok(None);
        }
        Pattern::new(&format).map(Some)
    }

    /// The first date of this form in a text, if there is such a day.
    pub(crate) fn find(&self, text: &str) -> Option<NaiveDateTime> {
        let found = self.regex.find(text)?.as_str();
        let mut parsed = Parsed::new();
        parse(&mut parsed, found, StrftimeItems::new(&self.format)).ok()?;
        if self.format == "%Y" {
            return NaiveDate::from_ymd_opt(found.parse().ok()?, 1, 1)
                .map(|date| date.and_time(NaiveTime::MIN));
        }
        let date = parsed.to_naive_date().ok()?;
        Some(date.and_time(parsed.to_naive_time().unwrap_or(NaiveTime::MIN)))
    }
}
