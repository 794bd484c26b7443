//! ICU messages, version 1: the subset that catalogues are written in, read and filled in.
//!
//! Written here, and not taken from a library: the one parser for Rust that is kept up (FormatJS's) brings the whole of
//! ICU4X with it, calendars and all, into a process that must stay small, and does not bound how deep a pattern nests. What
//! is hard about it – plural rules, digits and their grouping by language – is ICU4X's, as there.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

use crunchbox_protocol::I18nArgument;
use icu_decimal::DecimalFormatter;
use icu_decimal::input::Decimal;
use icu_locale_core::Locale;
use icu_plurals::{PluralCategory, PluralRuleType, PluralRules, PluralRulesOptions};

/// What is filled in, by name.
pub(crate) type Arguments = BTreeMap<String, I18nArgument>;

/// A pattern, ready to be filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern(Vec<Piece>);

/// A text that is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// It is too long.
    #[error("the pattern has {0} bytes; make it {max} or fewer", max = Pattern::MAX_BYTES)]
    TooLong(usize),
    /// It nests too deep.
    #[error("the pattern nests more than {max} levels deep; make it flatter", max = Pattern::MAX_DEPTH)]
    TooDeep,
    /// It breaks a rule.
    #[error("the pattern goes wrong after {at} characters: {mend}")]
    #[non_exhaustive]
    Syntax {
        /// How many characters are fine.
        at: usize,
        /// What to do.
        mend: String,
    },
}

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(String),
    /// An argument as it is; numbers in the language's way.
    Argument(String),
    /// An argument as a number, rounded to a whole one if the flag says so.
    Number(String, bool),
    /// The number of the plural around.
    Count,
    Plural(Plural),
    Select {
        name: String,
        cases: Vec<(String, Vec<Piece>)>,
        other: Vec<Piece>,
    },
}

#[derive(Clone, Debug, PartialEq)]
struct Plural {
    name: String,
    rules: PluralRuleType,
    offset: i32,
    /// For exactly these numbers.
    exact: Vec<(i32, Vec<Piece>)>,
    forms: Vec<(PluralCategory, Vec<Piece>)>,
    other: Vec<Piece>,
}

impl Pattern {
    /// The longest pattern that is read: 16 KiB.
    pub const MAX_BYTES: usize = 16 << 10;

    /// How many plurals and selects may be around a text.
    pub const MAX_DEPTH: usize = 8;

    /// The longest text that is made of one: 64 KiB. What is longer is cut.
    pub const MAX_TEXT_BYTES: usize = 64 << 10;

    /// Reads a pattern, which may be any text.
    ///
    /// # Errors
    /// [`PatternError`] if it is none.
    pub fn parse(text: &str) -> Result<Pattern, PatternError> {
        if text.len() > Pattern::MAX_BYTES {
            return Err(PatternError::TooLong(text.len()));
        }
        let mut parser = Parser { chars: text.chars().peekable(), at: 0 };
        let pieces = parser.pieces(0, false)?;
        match parser.next() {
            None => Ok(Pattern(pieces)),
            Some(_) => Err(parser.wrong("a } closes nothing: quote it, as '}'")),
        }
    }

    /// The sentence for these arguments, with numbers and plurals as `language` has them. An argument that is missing is
    /// shown by its name.
    pub fn fill_in(&self, arguments: &BTreeMap<String, I18nArgument>, language: &str) -> String {
        let locale = language.parse().unwrap_or(Locale::UNKNOWN);
        let mut writer = Writer { arguments, locale, text: String::new() };
        writer.pieces(&self.0, None);
        if writer.text.len() > Pattern::MAX_TEXT_BYTES {
            let end = writer.text.floor_char_boundary(Pattern::MAX_TEXT_BYTES);
            writer.text.truncate(end);
            writer.text.push('…');
        }
        writer.text
    }

    /// The arguments that it fills in.
    pub fn arguments(&self) -> Vec<&str> {
        let mut names = Vec::new();
        collect(&self.0, &mut names);
        names.sort_unstable();
        names.dedup();
        names
    }
}

fn collect<'p>(pieces: &'p [Piece], names: &mut Vec<&'p str>) {
    for piece in pieces {
        match piece {
            Piece::Text(_) | Piece::Count => {}
            Piece::Argument(name) | Piece::Number(name, _) => names.push(name),
            Piece::Plural(plural) => {
                names.push(&plural.name);
                let inner = plural.exact.iter().map(|(_, pieces)| pieces);
                let inner = inner.chain(plural.forms.iter().map(|(_, pieces)| pieces)).chain([&plural.other]);
                inner.for_each(|pieces| collect(pieces, names));
            }
            Piece::Select { name, cases, other } => {
                names.push(name);
                let inner = cases.iter().map(|(_, pieces)| pieces).chain([other]);
                inner.for_each(|pieces| collect(pieces, names));
            }
        }
    }
}

// ---- Reading ----

struct Parser<'t> {
    chars: Peekable<Chars<'t>>,
    at: usize,
}

impl Parser<'_> {
    fn next(&mut self) -> Option<char> {
        let next = self.chars.next();
        self.at += usize::from(next.is_some());
        next
    }

    fn wrong(&self, mend: impl Into<String>) -> PatternError {
        PatternError::Syntax { at: self.at, mend: mend.into() }
    }

    /// Text and what is between braces in it, up to a `}` that closes something further out.
    fn pieces(&mut self, depth: usize, in_plural: bool) -> Result<Vec<Piece>, PatternError> {
        if depth > Pattern::MAX_DEPTH {
            return Err(PatternError::TooDeep);
        }
        let mut pieces = Vec::new();
        let mut text = String::new();
        while let Some(c) = self.chars.peek().copied() {
            match c {
                '}' => break,
                '{' => {
                    if !text.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut text)));
                    }
                    self.next();
                    pieces.push(self.argument(depth)?);
                    continue;
                }
                '#' if in_plural => {
                    if !text.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut text)));
                    }
                    pieces.push(Piece::Count);
                }
                '\'' => {
                    self.next();
                    self.apostrophe(in_plural, &mut text);
                    continue;
                }
                other => text.push(other),
            }
            self.next();
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        Ok(pieces)
    }

    /// What follows an apostrophe: a second one is one; before what means something it begins a quotation, which lasts to
    /// the next apostrophe or the end; else it is just one.
    fn apostrophe(&mut self, in_plural: bool, text: &mut String) {
        match self.chars.peek() {
            Some('\'') => {
                self.next();
                text.push('\'');
            }
            Some('{' | '}') => self.quotation(text),
            Some('#') if in_plural => self.quotation(text),
            _ => text.push('\''),
        }
    }

    fn quotation(&mut self, text: &mut String) {
        while let Some(c) = self.next() {
            match (c, self.chars.peek()) {
                ('\'', Some('\'')) => {
                    self.next();
                    text.push('\'');
                }
                ('\'', _) => return,
                (other, _) => text.push(other),
            }
        }
    }

    fn blanks(&mut self) {
        while self.chars.peek().is_some_and(|c| c.is_whitespace()) {
            self.next();
        }
    }

    /// A name or a keyword, and the blanks around it; it may be empty.
    fn word(&mut self) -> String {
        self.blanks();
        let mut word = String::new();
        while let Some(c) =
            self.chars.peek().copied().filter(|c| !c.is_whitespace() && !"{},#'=:".contains(*c))
        {
            word.push(c);
            self.next();
        }
        self.blanks();
        word
    }

    /// A whole number, and the blanks behind it.
    fn whole(&mut self) -> Result<i32, PatternError> {
        let word = self.word();
        word.parse().map_err(|_| self.wrong(format!("{word:?} is no whole number of 32 bits")))
    }

    fn expect(&mut self, wanted: char, mend: &str) -> Result<(), PatternError> {
        if self.next() == Some(wanted) { Ok(()) } else { Err(self.wrong(mend)) }
    }

    /// What is behind a `{`, with its `}`.
    fn argument(&mut self, depth: usize) -> Result<Piece, PatternError> {
        let name = self.word();
        if name.is_empty() {
            return Err(self.wrong("name an argument behind the {, or quote it, as '{'"));
        }
        match self.next() {
            Some('}') => return Ok(Piece::Argument(name)),
            Some(',') => {}
            _ => return Err(self.wrong("close the argument with a }, or go on with a comma")),
        }
        let kind = self.word();
        match (kind.as_str(), self.next()) {
            ("number", Some('}')) => Ok(Piece::Number(name, false)),
            ("number", Some(',')) => {
                let style = self.word();
                if style != "integer" {
                    return Err(self.wrong("the one style of a number is integer: take others out"));
                }
                self.expect('}', "close the number with a }")?;
                Ok(Piece::Number(name, true))
            }
            ("plural", Some(',')) => self.plural(name, PluralRuleType::Cardinal, depth),
            ("selectordinal", Some(',')) => self.plural(name, PluralRuleType::Ordinal, depth),
            ("select", Some(',')) => self.select(name, depth),
            ("plural" | "selectordinal" | "select", _) => {
                Err(self.wrong(format!("{kind} needs a comma and cases")))
            }
            _ => Err(self.wrong("give one of: number, plural, selectordinal, select")),
        }
    }

    fn plural(&mut self, name: String, rules: PluralRuleType, depth: usize) -> Result<Piece, PatternError> {
        let mut plural =
            Plural { name, rules, offset: 0, exact: Vec::new(), forms: Vec::new(), other: Vec::new() };
        let mut has_other = false;
        loop {
            self.blanks();
            if self.chars.peek() == Some(&'=') {
                self.next();
                let number = self.whole()?;
                let pieces = self.case(depth, true)?;
                plural.exact.push((number, pieces));
                continue;
            }
            let word = self.word();
            if word.is_empty() {
                break;
            }
            if word == "offset" && self.chars.peek() == Some(&':') {
                self.next();
                plural.offset = self.whole()?;
                continue;
            }
            let Some(category) = PluralCategory::get_for_cldr_string(&word) else {
                return Err(self.wrong("a case is one of: zero, one, two, few, many, other, or as =3"));
            };
            let pieces = self.case(depth, true)?;
            if category == PluralCategory::Other {
                has_other = true;
                plural.other = pieces;
            } else {
                plural.forms.push((category, pieces));
            }
        }
        self.close(has_other)?;
        Ok(Piece::Plural(plural))
    }

    fn select(&mut self, name: String, depth: usize) -> Result<Piece, PatternError> {
        let mut cases = Vec::new();
        let mut other = None;
        loop {
            let word = self.word();
            if word.is_empty() {
                break;
            }
            let pieces = self.case(depth, false)?;
            if word == "other" {
                other = Some(pieces);
            } else {
                cases.push((word, pieces));
            }
        }
        self.close(other.is_some())?;
        Ok(Piece::Select { name, cases, other: other.unwrap_or_default() })
    }

    fn case(&mut self, depth: usize, in_plural: bool) -> Result<Vec<Piece>, PatternError> {
        self.expect('{', "give the case's text between braces")?;
        let pieces = self.pieces(depth + 1, in_plural)?;
        self.expect('}', "close the case with a }")?;
        Ok(pieces)
    }

    fn close(&mut self, has_other: bool) -> Result<(), PatternError> {
        if !has_other {
            return Err(self.wrong("add a case for other"));
        }
        self.expect('}', "close the cases with a }")
    }
}

// ---- Filling in ----

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filled(pattern: &str, arguments: &[(&str, I18nArgument)], language: &str) -> String {
        let arguments = arguments.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Pattern::parse(pattern).unwrap().fill_in(&arguments, language)
    }

    #[test]
    fn arguments_are_filled_in_as_the_language_has_them() {
        let n = [("n", I18nArgument::from(1_234_567.5)), ("s", "x{n}".into())];
        assert_eq!(filled("{n} and {s}", &n, "en"), "1,234,567.5 and x{n}");
        assert_eq!(filled("{n, number}", &n, "de"), "1.234.567,5");
        assert_eq!(filled("{ n , number , integer }", &n, "en"), "1,234,568");
        assert_eq!(filled("{s, number} {gone} {gone, number}", &n, "en"), "x{n} {gone} {gone}");
        assert_eq!(filled("{0} of {1}", &[("0", 1.into()), ("1", (-2).into())], "en"), "1 of -2");
        assert_eq!(filled("{x}", &[("x", 0.1.into())], "en"), "0.1");
        assert_eq!(filled("{x}", &[("x", 1e300.into())], "en").matches(',').count(), 100);
    }

    #[test]
    fn plurals_follow_the_language() {
        let rows = "{n, plural, =0 {no rows} one {# row} other {# rows}}";
        for (n, expected) in [(0, "no rows"), (1, "1 row"), (2, "2 rows"), (1000, "1,000 rows")] {
            assert_eq!(filled(rows, &[("n", n.into())], "en"), expected);
        }
        assert_eq!(filled(rows, &[("n", 1.5.into())], "en"), "1.5 rows");
        assert_eq!(filled(rows, &[("n", "many".into())], "en"), "# rows");
        let polish = "{n, plural, one {plik} few {pliki} many {plików} other {pliku}}";
        for (n, expected) in [(1, "plik"), (3, "pliki"), (5, "plików")] {
            assert_eq!(filled(polish, &[("n", n.into())], "pl"), expected);
        }
        let ordinal = "{n, selectordinal, one {#st} two {#nd} few {#rd} other {#th}}";
        for (n, expected) in [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th")] {
            assert_eq!(filled(ordinal, &[("n", n.into())], "en"), expected);
        }
        let others = "{n, plural, offset:1 =1 {you} one {you and # other} other {you and # others}}";
        for (n, expected) in [(1, "you"), (2, "you and 1 other"), (4, "you and 3 others")] {
            assert_eq!(filled(others, &[("n", n.into())], "en"), expected);
        }
    }

    #[test]
    fn selects_choose_by_the_word() {
        let kind =
            "{kind, select, text {words} number {figures, {n, plural, one {#} other {#s}}} other {cells}}";
        assert_eq!(filled(kind, &[("kind", "text".into())], "en"), "words");
        assert_eq!(filled(kind, &[("kind", "number".into()), ("n", 2.into())], "en"), "figures, 2s");
        assert_eq!(filled(kind, &[("kind", "date".into())], "en"), "cells");
        assert_eq!(filled(kind, &[], "en"), "cells");
    }

    #[test]
    fn apostrophes_quote_what_means_something() {
        assert_eq!(filled("don't '{'quote'}' it''s '{''}'", &[], "en"), "don't {quote} it's {'}");
        assert_eq!(filled("{n, plural, other {'#' # '{n}'}}", &[("n", 2.into())], "en"), "# 2 {n}");
        assert_eq!(filled("# '# '{open", &[], "en"), "# '# {open");
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_the_mend() {
        for (bad, mend) in [
            ("{", "name an argument"),
            ("{}", "name an argument"),
            ("a } b", "quote it"),
            ("{a", "close the argument"),
            ("{a b}", "close the argument"),
            ("{a, date}", "give one of"),
            ("{a, number, percent}", "integer"),
            ("{a, plural}", "needs a comma"),
            ("{a, plural, one {x}}", "case for other"),
            ("{a, plural, lots {x} other {y}}", "a case is one of"),
            ("{a, plural, =x {x} other {y}}", "whole number"),
            ("{a, plural, other x}", "between braces"),
            ("{a, select, other {x}", "close the cases"),
            ("{a, select, other {x", "close the case"),
        ] {
            let error = Pattern::parse(bad).unwrap_err().to_string();
            assert!(error.contains(mend), "{bad}: {error}");
        }
    }

    #[test]
    fn length_and_depth_are_bounded() {
        let long = "a".repeat(Pattern::MAX_BYTES + 1);
        assert_eq!(Pattern::parse(&long), Err(PatternError::TooLong(long.len())));
        let deep = |levels| format!("{}x{}", "{a, select, other {".repeat(levels), "}}".repeat(levels));
        Pattern::parse(&deep(Pattern::MAX_DEPTH)).unwrap();
        assert_eq!(Pattern::parse(&deep(Pattern::MAX_DEPTH + 1)), Err(PatternError::TooDeep));
        Pattern::parse(&"{a, select, other {".repeat(800)).unwrap_err();
        let text = filled(&"{a}".repeat(5000), &[("a", "é".repeat(100_000).into())], "en");
        assert!(text.len() <= Pattern::MAX_TEXT_BYTES + '…'.len_utf8() && text.ends_with('…'));
    }

    #[test]
    fn its_arguments_are_known() {
        let pattern = "{b} {n, plural, one {{a}} other {#}} {k, select, x {{b}} other {{c, number}}}";
        assert_eq!(Pattern::parse(pattern).unwrap().arguments(), ["a", "b", "c", "k", "n"]);
    }

    proptest! {
        #[test]
        fn any_text_is_a_pattern_or_an_error(text in r"[a-z{}#',=: ]{0,60}", n in any::<f64>()) {
            if let Ok(pattern) = Pattern::parse(&text) {
                let arguments = pattern.arguments().iter().map(|name| ((*name).to_owned(), n.into())).collect();
                pattern.fill_in(&arguments, "en");
            }
        }

        #[test]
        fn text_that_is_quoted_stays_as_it_is(text in r"[a-z{}# ]{0,20}") {
            let quoted = text.replace('{', "'{'").replace('}', "'}'");
            // Two quotations that touch would be an apostrophe between them.
            prop_assume!(!quoted.contains("''"));
            prop_assert_eq!(filled(&quoted, &[], "en"), text);
        }
    }
}
