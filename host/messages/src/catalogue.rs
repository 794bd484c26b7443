//! Texts by language and id: a module's, and our own.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crunchbox_protocol::JsonMap;
use serde_json::Value;

use crate::language::{ENGLISH, is_language};
use crate::pattern::{Pattern, PatternError};

/// Patterns by language and message id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogues {
    languages: BTreeMap<String, BTreeMap<String, String>>,
}

/// Catalogues that can't be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogueError {
    /// A language or a text has not the form that it must have.
    #[error("the catalogue {place} is not {wanted}")]
    #[non_exhaustive]
    Form {
        /// The language, and the id if there is one.
        place: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// There are too many of something.
    #[error("there are more than {max} {what}; take some out")]
    #[non_exhaustive]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        max: usize,
    },
    /// A text is no pattern.
    #[error("the catalogue {language}, {id}: {source}")]
    #[non_exhaustive]
    Pattern {
        /// The language.
        language: String,
        /// The message.
        id: String,
        /// What is wrong.
        source: PatternError,
    },
    /// A translation does not fit the English text.
    #[error("the catalogue {language}, {id}: {mend}")]
    #[non_exhaustive]
    Translation {
        /// The language.
        language: String,
        /// The message.
        id: String,
        /// What to do.
        mend: String,
    },
}

impl Catalogues {
    /// How many languages there may be.
    pub const MAX_LANGUAGES: usize = 200;

    /// How many messages there may be in a language.
    pub const MAX_MESSAGES: usize = 10_000;

    /// Reads catalogues as a module carries them: an object by language of objects by message id. Whether each text is a
    /// pattern is not looked at: one that is none is never shown.
    ///
    /// # Errors
    /// [`CatalogueError`] if they are of another form.
    pub fn from_json(json: &JsonMap) -> Result<Catalogues, CatalogueError> {
        let form = |place: &str, wanted| {
            let place = place.chars().take(80).flat_map(char::escape_debug).collect();
            CatalogueError::Form { place, wanted }
        };
        if json.len() > Catalogues::MAX_LANGUAGES {
            return Err(CatalogueError::TooMany { what: "languages", max: Catalogues::MAX_LANGUAGES });
        }
        let mut languages = BTreeMap::new();
        for (language, messages) in json {
            if !is_language(language) {
                return Err(form(language, "named by a language's tag, as en or pt-BR"));
            }
            let messages = messages.as_object().ok_or_else(|| form(language, "an object of texts by id"))?;
            if messages.len() > Catalogues::MAX_MESSAGES {
                return Err(CatalogueError::TooMany { what: "messages", max: Catalogues::MAX_MESSAGES });
            }
            let text = |(id, text): (&String, &Value)| match text.as_str() {
                Some(text) => Ok((id.clone(), text.to_owned())),
                None => Err(form(&format!("{language}, {id}"), "a text")),
            };
            let messages = messages.iter().map(text).collect::<Result<_, _>>()?;
            languages.insert(language.clone(), messages);
        }
        Ok(Catalogues { languages })
    }

    /// Whether all texts are patterns, and all other languages' messages are there in English too, with no argument that
    /// the English text has not: for authors, before a module is built.
    ///
    /// # Errors
    /// [`CatalogueError`] on the first that is not.
    pub fn check(&self) -> Result<(), CatalogueError> {
        for (language, messages) in &self.languages {
            for (id, text) in messages {
                let place = || (language.clone(), id.clone());
                let parse = |text: &str| {
                    Pattern::parse(text).map_err(|source| {
                        let (language, id) = place();
                        CatalogueError::Pattern { language, id, source }
                    })
                };
                let wrong = |mend: String| {
                    let (language, id) = place();
                    CatalogueError::Translation { language, id, mend }
                };
                let pattern = parse(text)?;
                let Some(english) = self.pattern_of(ENGLISH, id) else {
                    return Err(wrong(format!("there is no such message in {ENGLISH}: add it there first")));
                };
                let english = parse(english)?;
                let known = english.arguments();
                if let Some(name) = pattern.arguments().into_iter().find(|name| !known.contains(name)) {
                    return Err(wrong(format!(
                        "the {ENGLISH} text has no argument {name}: use one of its own"
                    )));
                }
            }
        }
        Ok(())
    }

    /// The languages.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.languages.keys().map(String::as_str)
    }

    /// The ids of the messages of a language.
    pub fn ids(&self, language: &str) -> impl Iterator<Item = &str> {
        self.languages.get(language).into_iter().flat_map(|messages| messages.keys().map(String::as_str))
    }

    /// The pattern of a message in exactly this language.
    pub fn pattern_of(&self, language: &str, id: &str) -> Option<&str> {
        self.languages.get(language)?.get(id).map(String::as_str)
    }

    /// Our own: what the host and the libraries for steps have to say.
    pub fn built_in() -> &'static Catalogues {
        static BUILT_IN: OnceLock<Catalogues> = OnceLock::new();
        BUILT_IN.get_or_init(|| {
            let sources =
                [("en", include_str!("../locale/en.json")), ("de", include_str!("../locale/de.json"))];
            // What is not of the right form would be missing from here; a test wants all of it.
            let read = |(language, json): (&str, &str)| {
                Some((language.to_owned(), serde_json::from_str(json).ok()?))
            };
            let json: JsonMap = sources.into_iter().filter_map(read).collect();
            Catalogues::from_json(&json).unwrap_or_default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(json: Value) -> Result<Catalogues, CatalogueError> {
        Catalogues::from_json(json.as_object().unwrap())
    }

    #[test]
    fn our_own_are_whole_and_right() {
        let own = Catalogues::built_in();
        own.check().unwrap();
        let ids = |language: &str| own.ids(language).collect::<Vec<_>>();
        assert!(ids("en").len() >= 13);
        assert_eq!(ids("de"), ids("en"));
    }

    #[test]
    fn what_is_of_another_form_is_refused() {
        for bad in [json!({"en": []}), json!({"en": {"a": 1}}), json!({"../x": {}}), json!({"": {}})] {
            read(bad.clone()).expect_err(&bad.to_string());
        }
        let many: JsonMap = (0..201).map(|n| (format!("x-{n}"), json!({}))).collect();
        assert!(matches!(Catalogues::from_json(&many), Err(CatalogueError::TooMany { .. })));
        let error = read(json!({"\u{1b}[31m": {}})).unwrap_err().to_string();
        assert!(!error.contains('\u{1b}'), "{error}");
    }

    #[test]
    fn translations_must_fit_the_english_text() {
        let check = |json| read(json).unwrap().check().unwrap_err().to_string();
        assert!(check(json!({"en": {"a": "{"}})).contains("the catalogue en, a: the pattern goes wrong"));
        assert!(check(json!({"en": {}, "de": {"a": "x"}})).contains("add it there first"));
        assert!(check(json!({"en": {"a": "{n}"}, "de": {"a": "{m}"}})).contains("no argument m"));
    }
}
