//! Reads a tree field by field and notes all that is wrong with it, instead of stopping at the first.

use std::fmt;

use indexmap::IndexMap;

use crate::node::Node;
use crate::path::{Path, excerpt, listed};

/// One thing that is wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// Where in the manifest, as in `parameters[2].type`.
    pub path: String,
    /// Line and column in the file, from 1, if it is YAML.
    pub place: Option<(u64, u64)>,
    /// The beginning of the value, as JSON; `None` if something is missing.
    pub value: Option<String>,
    /// What to do about it.
    pub mend: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.place {
            write!(f, "line {line}, column {column}: ")?;
        }
        f.write_str(if self.path.is_empty() { "the manifest" } else { &self.path })?;
        match &self.value {
            Some(value) => write!(f, " is {value}; {}", self.mend),
            None => write!(f, " is missing; {}", self.mend),
        }
    }
}

/// No one reads more than that, and a hostile manifest has millions.
const MAX_PROBLEMS: usize = 100;

/// Collects problems.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    pub(crate) problems: Vec<Problem>,
}

/// A map of the document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Object<'n> {
    pub(crate) node: &'n Node,
    pub(crate) entries: &'n IndexMap<String, Node>,
}

impl Reader {
    /// Notes that `node` is wrong.
    pub(crate) fn wrong(&mut self, node: &Node, path: &Path, mend: impl Into<String>) {
        if self.problems.len() < MAX_PROBLEMS {
            let (path, value) = (path.to_string(), Some(excerpt(node)));
            self.problems.push(Problem { path, place: node.place, value, mend: mend.into() });
        }
    }

    /// Notes that `path` is missing within `node`.
    fn missing(&mut self, node: &Node, path: &Path, mend: impl Into<String>) {
        if self.problems.len() < MAX_PROBLEMS {
            let path = path.to_string();
            self.problems.push(Problem { path, place: node.place, value: None, mend: mend.into() });
        }
    }

    /// `node` as a map.
    pub(crate) fn object<'n>(&mut self, node: &'n Node, path: &Path) -> Option<Object<'n>> {
        let entries = node.as_map();
        if entries.is_none() {
            self.wrong(node, path, "give an object: keys with values");
        }
        Some(Object { node, entries: entries? })
    }

    /// `node` as a list.
    pub(crate) fn list<'n>(&mut self, node: &'n Node, path: &Path) -> Option<&'n [Node]> {
        let items = node.as_list();
        if items.is_none() {
            self.wrong(node, path, "give a list");
        }
        items
    }

    /// What `read` makes of the value under `key`, if there is one; `expected` says what it should be.
    pub(crate) fn optional<'n, T>(
        &mut self,
        object: Object<'n>,
        key: &str,
        path: &Path,
        expected: &str,
        read: impl FnOnce(&'n Node) -> Option<T>,
    ) -> Option<T> {
        let node = object.entries.get(key)?;
        let value = read(node);
        if value.is_none() {
            self.wrong(node, &path.key(key), format!("give {expected}"));
        }
        value
    }

    /// Like [`Reader::optional`], but the key must be there.
    pub(crate) fn required<'n, T>(
        &mut self,
        object: Object<'n>,
        key: &str,
        path: &Path,
        expected: &str,
        read: impl FnOnce(&'n Node) -> Option<T>,
    ) -> Option<T> {
        self.node(object, key, path, expected)?;
        self.optional(object, key, path, expected, read)
    }

    /// The value under `key`, which must be there, unread.
    pub(crate) fn node<'n>(
        &mut self,
        object: Object<'n>,
        key: &str,
        path: &Path,
        expected: &str,
    ) -> Option<&'n Node> {
        let node = object.entries.get(key);
        if node.is_none() {
            self.missing(object.node, &path.key(key), format!("give {expected}"));
        }
        node
    }

    /// A text that may be left out.
    pub(crate) fn text(&mut self, object: Object<'_>, key: &str, path: &Path) -> String {
        self.optional(object, key, path, "a text", Node::as_text).unwrap_or_default().to_owned()
    }

    /// A text that may not be left out.
    pub(crate) fn required_text(&mut self, object: Object<'_>, key: &str, path: &Path) -> String {
        self.required(object, key, path, "a text", Node::as_text).unwrap_or_default().to_owned()
    }

    /// True or false; false if it is left out.
    pub(crate) fn flag(&mut self, object: Object<'_>, key: &str, path: &Path) -> bool {
        self.optional(object, key, path, "true or false", Node::as_bool).unwrap_or_default()
    }

    /// Notes all keys but these.
    pub(crate) fn only(&mut self, object: Object<'_>, path: &Path, keys: &[&str]) {
        for (key, node) in object.entries {
            if !keys.contains(&key.as_str()) {
                self.wrong(
                    node,
                    &path.key(key),
                    format!("take this key out; there may be: {}", listed(keys)),
                );
            }
        }
    }
}

/// Which of `words` the node is.
pub(crate) fn word<T: Copy>(words: &[(&str, T)]) -> impl FnOnce(&Node) -> Option<T> {
    move |node| {
        let text = node.as_text()?;
        words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value)
    }
}

/// The words, for "give …".
pub(crate) fn one_of<T>(words: &[(&str, T)]) -> String {
    format!("one of: {}", words.iter().map(|(word, _)| format!("{word:?}")).collect::<Vec<_>>().join(", "))
}
