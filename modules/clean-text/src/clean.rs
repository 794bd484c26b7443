//! What becomes of a text.

use std::borrow::Cow;

use arrow::array::ArrayRef;
use crunchbox_sdk::{map_ascii, map_text};
use regex::Regex;

/// Spaces: Unicode's, and the four separators of ASCII.
const SPACE: &str = r"\s\x1c-\x1f";

/// Punctuation: Unicode's, but for the signs of sections and paragraphs, and all of the blocks that are named for it.
const PUNCTUATION: &str = r"[\p{P}\u{2000}-\u{206e}\u{2e00}-\u{2e7e}\u{3000}-\u{303e}--§¶]";

/// What to do.
#[derive(Clone, Debug, serde::Deserialize)]
pub(crate) struct Options {
    type_space: Space,
    condense: bool,
    type_caps: Caps,
    /// Keep the characters that are chosen; else delete them.
    type_char: bool,
    letter: bool,
    number: bool,
    punc: bool,
    custom: bool,
    chars: String,
}

#[derive(Clone, Copy, Debug, PartialEq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Space {
    TrimAround,
    TrimBefore,
    TrimAfter,
    RemoveAll,
    Nop,
}

#[derive(Clone, Copy, Debug, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Caps {
    Upper,
    Lower,
    Nop,
}

/// What to do, ready to be done.
pub(crate) struct Cleaning {
    /// What is replaced by what, in order.
    replaced: Vec<(Regex, &'static str)>,
    caps: Caps,
}

impl Cleaning {
    pub(crate) fn new(options: &Options) -> Result<Cleaning, regex::Error> {
        let mut replaced = Vec::new();
        if let Some(class) = deleted(options) {
            replaced.push((Regex::new(&class)?, ""));
        }
        let spaces = match options.type_space {
            Space::TrimAround => format!(r"\A[{SPACE}]+|[{SPACE}]+\z"),
            Space::TrimBefore => format!(r"\A[{SPACE}]+"),
            Space::TrimAfter => format!(r"[{SPACE}]+\z"),
            Space::RemoveAll => format!("[{SPACE}]+"),
            Space::Nop => String::new(),
        };
        if !spaces.is_empty() {
            replaced.push((Regex::new(&spaces)?, ""));
        }
        if options.condense && options.type_space != Space::RemoveAll {
            replaced.push((Regex::new(&format!("[{SPACE}]+"))?, " "));
        }
        Ok(Cleaning { replaced, caps: options.type_caps })
    }

    pub(crate) fn column(&self, column: &ArrayRef) -> crunchbox_sdk::Result<ArrayRef> {
        let at_once: Option<fn(&mut [u8])> = match self.caps {
            Caps::Upper => Some(<[u8]>::make_ascii_uppercase),
            Caps::Lower => Some(<[u8]>::make_ascii_lowercase),
            Caps::Nop => None,
        };
        if let Some(change) = at_once.filter(|_| self.replaced.is_empty())
            && let Some(clean) = map_ascii(column, change)?
        {
            return Ok(clean);
        }
        map_text(column, |text| Some(self.clean(text)))
    }

    pub(crate) fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut clean = Cow::from(text);
        for (regex, by) in &self.replaced {
            if let Cow::Owned(changed) = regex.replace_all(&clean, *by) {
                clean = changed.into();
            }
        }
        match self.caps {
            Caps::Upper => clean.to_uppercase().into(),
            Caps::Lower => clean.to_lowercase().into(),
            Caps::Nop => clean,
        }
    }
}

/// The expression for the characters that go, if any do.
fn deleted(options: &Options) -> Option<String> {
    let mut chosen = String::new();
    if options.letter {
        chosen.push_str(r"\p{L}\p{Nl}\p{No}");
    }
    if options.number {
        chosen.push_str(r"\p{Nd}");
    }
    if options.punc {
        chosen.push_str(PUNCTUATION);
    }
    if options.custom {
        chosen.push_str(&regex::escape(&options.chars));
    }
    match (options.type_char, chosen.is_empty()) {
        (true, _) => Some(format!("[^{SPACE}{chosen}]+")),
        (false, true) => None,
        (false, false) => Some(format!("[{chosen}]+")),
    }
}
