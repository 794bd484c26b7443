//! Reading a pattern.

use std::iter::Peekable;
use std::str::Chars;

use icu_plurals::{PluralCategory, PluralRuleType};

use crate::pattern::{Pattern, PatternError, Piece, Plural};

/// The pieces of a pattern.
pub(super) fn pattern(text: &str) -> Result<Vec<Piece>, PatternError> {
    if text.len() > Pattern::MAX_BYTES {
        return Err(PatternError::TooLong(text.len()));
    }
    let mut parser = Parser { chars: text.chars().peekable(), at: 0 };
    let pieces = parser.pieces(0, false)?;
    match parser.next() {
        None => Ok(pieces),
        Some(_) => Err(parser.wrong("a } closes nothing: quote it, as '}'")),
    }
}

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
