//! Numbers as people write them.

use regex::Regex;

/// What counts as a number.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NumberType {
    /// Whole numbers, with decimals or without.
    Any,
    /// Without.
    Int,
    /// With.
    Float,
}

/// Which signs stand between thousands and before decimals.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Locale {
    /// `1,000.00`
    Us,
    /// `1.000,00`, or a space between thousands: of any width, also one that doesn't break.
    Eu,
}

/// Finds numbers of a type in text.
pub(crate) struct Numerals {
    regex: Regex,
    decimal: char,
}

impl Numerals {
    /// `extract`: a number is looked for anywhere in a text; else all of it has to be one.
    pub(crate) fn new(
        number_type: NumberType,
        locale: Locale,
        extract: bool,
    ) -> Result<Numerals, regex::Error> {
        let (thousands, decimal) = match locale {
            Locale::Us => ("[,_]", '.'),
            Locale::Eu => ("[ \u{a0}\u{2009}\u{202f}._]", ','),
        };
        // Groups are tried first: 1,000 begins with 1, which is a number too.
        let whole = format!(r"[-−]?(?:\d{{1,3}}(?:{thousands}\d{{3}})+|\d+)");
        let number = match number_type {
            NumberType::Any => format!(r"{whole}(?:[{decimal}]\d+)?"),
            NumberType::Int => whole,
            NumberType::Float => format!(r"{whole}[{decimal}]\d+"),
        };
        let regex = Regex::new(&if extract { number } else { format!(r"\A(?:{number})\z") })?;
        Ok(Numerals { regex, decimal })
    }

    /// The first number of a text, as Rust writes it.
    pub(crate) fn find(&self, text: &str) -> Option<String> {
        let found = self.regex.find(text)?;
        let plain = found.as_str().chars().filter_map(|c| match c {
            '-' | '−' => Some('-'),
            _ if c == self.decimal => Some('.'),
            _ => c.is_numeric().then_some(c),
        });
        Some(plain.collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn find(number_type: NumberType, locale: Locale, extract: bool, text: &str) -> Option<String> {
        Numerals::new(number_type, locale, extract).unwrap().find(text)
    }

    #[test]
    fn numbers_are_found_in_text() {
        for (number_type, locale, text, found) in [
            (NumberType::Any, Locale::Us, "a −1,234.50b", "-1234.50"),
            (NumberType::Any, Locale::Us, "1,23", "1"),
            (NumberType::Any, Locale::Us, "1234,567", "1234"),
            (NumberType::Int, Locale::Us, "x1_000.7", "1000"),
            (NumberType::Float, Locale::Us, "1, 2.5", "2.5"),
            (NumberType::Any, Locale::Eu, "1.234,5", "1234.5"),
            (NumberType::Any, Locale::Eu, "1 234\u{202f}567", "1234567"),
            (NumberType::Int, Locale::Eu, "-3,5", "-3"),
        ] {
            assert_eq!(find(number_type, locale, true, text).as_deref(), Some(found), "{text}");
        }
        assert_eq!(find(NumberType::Any, Locale::Us, true, "none"), None);
        assert_eq!(find(NumberType::Float, Locale::Us, true, "1 2"), None);
    }

    #[test]
    fn all_of_the_text_is_a_number_or_none_is() {
        for text in ["", " 1", "1 ", "1\n", "+1", "1.", ".5", "1e5", "1,23", "--1", "NaN"] {
            assert_eq!(find(NumberType::Any, Locale::Us, false, text), None, "{text:?}");
        }
        assert_eq!(find(NumberType::Any, Locale::Us, false, "1,234.5").as_deref(), Some("1234.5"));
        assert_eq!(find(NumberType::Int, Locale::Us, false, "1.5"), None);
        assert_eq!(find(NumberType::Float, Locale::Us, false, "15"), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_found(number in any::<i32>(), decimals in "[0-9]{1,5}") {
            let text = format!("{number}.{decimals}");
            prop_assert_eq!(find(NumberType::Any, Locale::Us, false, &text), Some(text.clone()));
            prop_assert_eq!(find(NumberType::Float, Locale::Eu, true, &text.replace('.', ",")), Some(text));
        }
    }
}
