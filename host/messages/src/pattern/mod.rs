//! ICU messages, version 1: the subset that catalogues are written in, read and filled in.
//!
//! Written here, and not taken from a library: the one parser for Rust that is kept up (FormatJS's) brings the whole of
//! ICU4X with it, calendars and all, into a process that must stay small, and does not bound how deep a pattern nests. What
//! is hard about it – plural rules, digits and their grouping by language – is ICU4X's, as there.

mod fill_in;
mod read;

use std::collections::BTreeMap;

use crunchbox_protocol::I18nArgument;
use icu_plurals::{PluralCategory, PluralRuleType};

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
        read::pattern(text).map(Pattern)
    }

    /// The sentence for these arguments, with numbers and plurals as `language` has them. An argument that is missing is
    /// shown by its name.
    pub fn fill_in(&self, arguments: &BTreeMap<String, I18nArgument>, language: &str) -> String {
        fill_in::sentence(&self.0, arguments, language)
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
