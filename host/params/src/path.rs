//! Where a value stands in a document, and how it is shown to a person.

use std::fmt;
use std::io;

use serde::Serialize;

/// A chain of keys and positions. It lives on the stack, so that a hostile document of long keys and deep
/// nesting costs nothing until something is wrong with it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Path<'a> {
    Root,
    Key(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl<'a> Path<'a> {
    pub(crate) fn key(&'a self, key: &'a str) -> Path<'a> {
        Path::Key(self, key)
    }

    pub(crate) fn index(&'a self, index: usize) -> Path<'a> {
        Path::Index(self, index)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Index(parent, index) => write!(f, "{parent}[{index}]"),
            Path::Key(parent, key) => {
                if !matches!(parent, Path::Root) {
                    write!(f, "{parent}.")?;
                }
                let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
                if !key.is_empty() && key.len() <= SHOWN_BYTES && key.chars().all(plain) {
                    f.write_str(key)
                } else {
                    f.write_str(&excerpt(key))
                }
            }
        }
    }
}

/// How much of a value an error shows.
const SHOWN_BYTES: usize = 80;

/// The beginning of `value` as JSON, which also keeps control characters off the reader's terminal.
pub(crate) fn excerpt<T: Serialize + ?Sized>(value: &T) -> String {
    let mut cut = Cut { bytes: Vec::new(), full: false };
    // The writer's refusal is how a long value ends; what was written until then is shown.
    let _ = serde_json::to_writer(&mut cut, value);
    let text = String::from_utf8_lossy(&cut.bytes);
    if cut.full { format!("{}…", text.trim_end_matches('\u{fffd}')) } else { text.into_owned() }
}

struct Cut {
    bytes: Vec<u8>,
    full: bool,
}

impl io::Write for Cut {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = SHOWN_BYTES - self.bytes.len();
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if bytes.len() > room {
            self.full = true;
            return Err(io::ErrorKind::WriteZero.into());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The items, quoted and with commas between; at most twenty of them.
pub(crate) fn listed<T: Serialize>(items: impl IntoIterator<Item = T>) -> String {
    let mut items = items.into_iter();
    let mut text = items.by_ref().take(20).map(|item| excerpt(&item)).collect::<Vec<_>>().join(", ");
    if text.is_empty() {
        text.push_str("none");
    }
    if items.next().is_some() {
        text.push_str(", …");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_reads_like_an_expression() {
        let (root, index) = (Path::Root, 3);
        let list = root.key("parameters");
        let item = list.index(index);
        assert_eq!(item.key("id_name").to_string(), "parameters[3].id_name");
        assert_eq!(item.key("a\u{1b}b").to_string(), r#"parameters[3]."a\u001bb""#);
        assert_eq!(item.key("").to_string(), r#"parameters[3]."""#);
    }

    #[test]
    fn excerpt_cuts_between_characters() {
        assert_eq!(excerpt(&[1, 2]), "[1,2]");
        let cut = excerpt(&"é".repeat(100));
        assert_eq!(cut, format!("\"{}…", "é".repeat(39)));
    }

    #[test]
    fn listed_says_when_there_is_nothing_or_too_much() {
        assert_eq!(listed(["a", "b"]), r#""a", "b""#);
        assert_eq!(listed::<&str>([]), "none");
        assert!(listed(0..21).ends_with("19, …"));
    }
}
