//! Messages for one reader.

use crunchbox_protocol::{I18nMessage, Source};

use crate::catalogue::Catalogues;
use crate::language::{ENGLISH, with_fallbacks};
use crate::pattern::Pattern;

/// Tells one module's messages, and ours, in one language as far as there are texts in it, else in English.
#[derive(Clone, Debug)]
pub struct Translator {
    language: String,
    module: Catalogues,
}

impl Translator {
    /// A translator for readers of `language`, a tag as `de-AT`. `module` has the texts of the module's own messages.
    pub fn new(language: impl Into<String>, module: Catalogues) -> Translator {
        Translator { language: language.into(), module }
    }

    /// The sentence for a message: in the language, in a wider one that it is of (`de` for `de-AT`), in English; and if
    /// no catalogue knows the message, its id with its arguments.
    ///
    /// It may hold control characters: don't print it raw on a terminal.
    pub fn text(&self, message: &I18nMessage) -> String {
        let catalogues = match message.source {
            Some(Source::Module) => &self.module,
            None | Some(Source::Cjwmodule | Source::Cjwparse) => Catalogues::built_in(),
        };
        let mut languages = with_fallbacks(&self.language).chain([ENGLISH]);
        let found = languages.find_map(|language| {
            let pattern = Pattern::parse(catalogues.pattern_of(language, &message.id)?).ok()?;
            Some((pattern, language))
        });
        match found {
            // Numbers and plurals go with the language of the text, which may not be the reader's.
            Some((pattern, language)) => pattern.fill_in(&message.arguments, language),
            None => message.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn translator(language: &str) -> Translator {
        let json = json!({
            "en": {"a": "{n, plural, one {# row} other {# rows}}", "b": "only English {n}", "c": "fine"},
            "de": {"a": "{n, plural, one {# Zeile} other {# Zeilen}}", "c": "{"},
            "de-AT": {"d": "Servus"},
        });
        Translator::new(language, Catalogues::from_json(json.as_object().unwrap()).unwrap())
    }

    #[test]
    fn the_nearest_language_is_taken() {
        let text = |language: &str, id: &str| {
            let message = I18nMessage::new(id).arg("n", 12_345.5).from_source(Source::Module);
            translator(language).text(&message)
        };
        assert_eq!(text("en", "a"), "12,345.5 rows");
        assert_eq!(text("de-AT-x-wien", "a"), "12.345,5 Zeilen");
        assert_eq!(text("de", "b"), "only English 12,345.5");
        assert_eq!(text("de", "c"), "fine", "the German one is no pattern");
        assert_eq!(text("de-AT", "d"), "Servus");
        assert_eq!(text("de", "d"), "d {n: 12345.5}", "nobody knows it");
        assert_eq!(text("", "a"), "12,345.5 rows");
    }

    #[test]
    fn a_module_has_no_say_in_our_messages() {
        let json = json!({"en": {"TODO_i18n": "spoofed"}});
        let catalogues = Catalogues::from_json(json.as_object().unwrap()).unwrap();
        let message = I18nMessage::new("TODO_i18n").arg("text", "as it is");
        assert_eq!(Translator::new("en", catalogues).text(&message), "as it is");
    }
}
