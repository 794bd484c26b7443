//! Filling a pattern in.

use crunchbox_protocol::I18nArgument;
use icu_decimal::DecimalFormatter;
use icu_decimal::input::Decimal;
use icu_locale_core::Locale;
use icu_plurals::{PluralCategory, PluralRules, PluralRulesOptions};

use crate::pattern::{Arguments, Pattern, Piece, Plural};

/// The sentence that the pieces come to.
pub(super) fn sentence(pieces: &[Piece], arguments: &Arguments, language: &str) -> String {
    let locale = language.parse().unwrap_or(Locale::UNKNOWN);
    let mut writer = Writer { arguments, locale, text: String::new() };
    writer.pieces(pieces, None);
    if writer.text.len() > Pattern::MAX_TEXT_BYTES {
        let end = writer.text.floor_char_boundary(Pattern::MAX_TEXT_BYTES);
        writer.text.truncate(end);
        writer.text.push('…');
    }
    writer.text
}

struct Writer<'a> {
    arguments: &'a Arguments,
    locale: Locale,
    text: String,
}

impl Writer<'_> {
    fn pieces(&mut self, pieces: &[Piece], count: Option<&Decimal>) {
        for piece in pieces {
            // What is made of a hostile pattern and hostile arguments must come to an end.
            if self.text.len() > Pattern::MAX_TEXT_BYTES {
                return;
            }
            match piece {
                Piece::Text(text) => self.text.push_str(text),
                Piece::Argument(name) => self.argument(name),
                Piece::Number(name, whole) => self.number(name, *whole),
                Piece::Count => match count {
                    Some(count) => self.decimal(count),
                    None => self.text.push('#'),
                },
                Piece::Plural(plural) => self.plural(plural, count),
                Piece::Select { name, cases, other } => {
                    let word = self.arguments.get(name).map(plainly).unwrap_or_default();
                    let case = cases.iter().find(|(case, _)| *case == word);
                    self.pieces(case.map_or(other, |(_, pieces)| pieces), count);
                }
            }
        }
    }

    fn argument(&mut self, name: &str) {
        match self.arguments.get(name) {
            Some(I18nArgument::String(text)) => self.text.push_str(text),
            Some(_) => self.number(name, false),
            None => {
                self.text.push('{');
                self.text.push_str(name);
                self.text.push('}');
            }
        }
    }

    fn number(&mut self, name: &str, whole: bool) {
        match self.arguments.get(name).and_then(decimal) {
            Some(mut number) => {
                // As ICU shows numbers: three digits behind the point.
                number.round(if whole { 0 } else { -3 });
                number.trim_end();
                self.decimal(&number);
            }
            None => self.text_of(name),
        }
    }

    /// An argument that is no number where one is wanted.
    fn text_of(&mut self, name: &str) {
        match self.arguments.get(name) {
            Some(argument) => self.text.push_str(&plainly(argument)),
            None => {
                self.text.push('{');
                self.text.push_str(name);
                self.text.push('}');
            }
        }
    }

    fn decimal(&mut self, number: &Decimal) {
        match DecimalFormatter::try_new((&self.locale).into(), Default::default()) {
            Ok(formatter) => self.text.push_str(&formatter.format(number).to_string()),
            // A language without data, which the data's own fallbacks leave none of.
            Err(_) => self.text.push_str(&number.to_string()),
        }
    }

    fn plural(&mut self, plural: &Plural, around: Option<&Decimal>) {
        let Some(argument) = self.arguments.get(&plural.name) else {
            return self.pieces(&plural.other, around);
        };
        let value = match argument {
            I18nArgument::I32(value) => Some(f64::from(*value)),
            I18nArgument::Double(value) => Some(*value),
            I18nArgument::String(_) => None,
        };
        let exact = plural.exact.iter().find(|(number, _)| value == Some(f64::from(*number)));
        let count = value.map(|value| I18nArgument::Double(value - f64::from(plural.offset)));
        let Some(mut count) = count.as_ref().and_then(decimal) else {
            return self.pieces(&plural.other, around);
        };
        count.round(-3);
        count.trim_end();
        let pieces = match exact {
            Some((_, pieces)) => pieces,
            None => {
                let options = PluralRulesOptions::default().with_type(plural.rules);
                let category = match PluralRules::try_new((&self.locale).into(), options) {
                    Ok(rules) => rules.category_for(&count),
                    Err(_) => PluralCategory::Other,
                };
                let form = plural.forms.iter().find(|(form, _)| *form == category);
                form.map_or(&plural.other, |(_, pieces)| pieces)
            }
        };
        self.pieces(pieces, Some(&count));
    }
}

/// A number with all its digits; `None` for a text, and for a double that is not finite.
fn decimal(argument: &I18nArgument) -> Option<Decimal> {
    match argument {
        I18nArgument::I32(number) => Some(Decimal::from(*number)),
        I18nArgument::Double(number) => {
            Decimal::try_from_f64(*number, icu_decimal::input::FloatPrecision::RoundTrip).ok()
        }
        I18nArgument::String(_) => None,
    }
}

/// An argument as a select compares it.
fn plainly(argument: &I18nArgument) -> String {
    match argument {
        I18nArgument::String(text) => text.clone(),
        I18nArgument::I32(number) => number.to_string(),
        I18nArgument::Double(number) => number.to_string(),
    }
}
