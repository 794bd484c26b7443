//! From a message's id and arguments to a sentence in a person's language.
//!
//! A module carries catalogues: for each language, patterns by message id. What no module says – of params that don't
//! fit, of columns' names that had to be changed – is in catalogues of this crate's own. A pattern is an ICU message
//! (version 1): text, `{name}`, `{name, number}`, and `plural`, `selectordinal` and `select` with sentences in them.
//!
//! Patterns and arguments may come from a hostile step: what is made of them is bounded in length, and is text, which a
//! terminal must not get raw.
//!
//! ```
//! use crunchbox_messages::{Catalogues, Translator};
//! use crunchbox_protocol::{I18nMessage, Source};
//! use serde_json::json;
//!
//! let json = json!({"en": {"lost": "{n, plural, one {# row is} other {# rows are}} lost"}});
//! let catalogues = Catalogues::from_json(json.as_object().unwrap())?;
//! let message = I18nMessage::new("lost").arg("n", 1234).from_source(Source::Module);
//! assert_eq!(Translator::new("de-AT", catalogues).text(&message), "1,234 rows are lost");
//! # Ok::<(), crunchbox_messages::CatalogueError>(())
//! ```

#![forbid(unsafe_code)]

mod catalogue;
mod language;
mod pattern;
mod translator;

pub use catalogue::{CatalogueError, Catalogues};
pub use language::{is_language, language_of_environment};
pub use pattern::{Pattern, PatternError};
pub use translator::Translator;
