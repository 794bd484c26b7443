//! What is put in the place of a match: RE2's rewrites.

use crunchbox_sdk::re2::{Captures, Replacer};

/// A text with places for what groups have found.
#[derive(Debug, PartialEq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Debug, PartialEq)]
enum Part {
    Text(String),
    Group(usize),
}

/// Why a text is no template.
#[derive(Debug, PartialEq)]
pub(crate) enum BadTemplate {
    /// A backslash with this behind it.
    Escape(Option<char>),
    /// There are not so many groups.
    Group { group: usize, groups: usize },
}

impl std::fmt::Display for BadTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BadTemplate::Escape(Some(other)) => {
                write!(f, "a backslash is followed by a digit or a backslash, not by {other}")
            }
            BadTemplate::Escape(None) => f.write_str("a backslash is followed by a digit or a backslash"),
            BadTemplate::Group { group, groups } => {
                write!(f, "there is no group {group}: the expression has {groups}")
            }
        }
    }
}

impl Template {
    /// A text that stands for itself.
    pub(crate) fn of_text(text: &str) -> Template {
        Template(vec![Part::Text(text.to_owned())])
    }

    /// A text in which `\0` to `\9` stand for groups of an expression that has so many, and `\\` for a backslash.
    pub(crate) fn parse(text: &str, groups: usize) -> Result<Template, BadTemplate> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            if c != '\\' {
                plain.push(c);
                continue;
            }
            match chars.next() {
                Some('\\') => plain.push('\\'),
                Some(digit @ '0'..='9') => {
                    let group = digit as usize - '0' as usize;
                    if group > groups {
                        return Err(BadTemplate::Group { group, groups });
                    }
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                    parts.push(Part::Group(group));
                }
                other => return Err(BadTemplate::Escape(other)),
            }
        }
        parts.push(Part::Text(plain));
        Ok(Template(parts))
    }
}

impl Replacer for &Template {
    fn replace_append(&mut self, captures: &Captures<'_>, into: &mut String) {
        for part in &self.0 {
            match part {
                Part::Text(text) => into.push_str(text),
                Part::Group(group) => into.push_str(captures.get(*group).map_or("", |found| found.as_str())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_have_texts_and_groups() {
        let text = |text: &str| Part::Text(text.to_owned());
        assert_eq!(Template::parse("", 0), Ok(Template(vec![text("")])));
        let parts = vec![text("a"), Part::Group(1), text("\\2"), Part::Group(0), text("é")];
        assert_eq!(Template::parse(r"a\1\\2\0é", 1), Ok(Template(parts)));
        assert_eq!(Template::parse(r"\2", 1), Err(BadTemplate::Group { group: 2, groups: 1 }));
        assert_eq!(Template::parse(r"\x", 1), Err(BadTemplate::Escape(Some('x'))));
        assert_eq!(Template::parse(r"x\", 1), Err(BadTemplate::Escape(None)));
    }
}
