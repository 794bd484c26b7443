//! Which language a person reads.

use icu_locale_core::Locale;

/// The language of what is not translated.
pub(crate) const ENGLISH: &str = "en";

/// Whether this is the tag of a language (BCP 47), as `en` or `pt-BR` are.
pub fn is_language(tag: &str) -> bool {
    tag.parse::<Locale>().is_ok_and(|locale| !locale.id.language.is_unknown())
}

/// The language that an environment asks for: that of the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is set and not
/// empty, as POSIX has it. Without one, for the locales `C` and `POSIX`, and for what names no language, it is English.
///
/// ```
/// use crunchbox_messages::language_of_environment;
///
/// let german = |name: &str| (name == "LANG").then(|| "de_AT.UTF-8".to_owned());
/// assert_eq!(language_of_environment(german), "de-AT");
/// assert_eq!(language_of_environment(|_| None), "en");
/// ```
pub fn language_of_environment(get: impl Fn(&str) -> Option<String>) -> String {
    let names = ["LC_ALL", "LC_MESSAGES", "LANG"];
    let locale = names.into_iter().filter_map(get).find(|value| !value.is_empty()).unwrap_or_default();
    let tag = locale.split(['.', '@']).next().unwrap_or_default().replace('_', "-");
    if tag != "C" && tag != "POSIX" && is_language(&tag) { tag } else { ENGLISH.to_owned() }
}

/// A tag and what it falls back to: `de-AT`, `de`.
pub(crate) fn with_fallbacks(tag: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(tag), |tag| tag.rsplit_once('-').map(|(shorter, _)| shorter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_is_set_counts() {
        let language = |pairs: &[(&str, &str)]| {
            let find =
                |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            language_of_environment(find)
        };
        assert_eq!(language(&[("LANG", "fr_FR.UTF-8"), ("LC_ALL", "de_DE@euro")]), "de-DE");
        assert_eq!(language(&[("LANG", "fr_FR.UTF-8"), ("LC_ALL", "")]), "fr-FR");
        for none in ["C", "C.UTF-8", "POSIX", "../../etc", "\u{1b}[31m", "und"] {
            assert_eq!(language(&[("LC_MESSAGES", none), ("LANG", "de")]), "en", "{none}");
        }
    }

    #[test]
    fn a_tag_falls_back_to_shorter_ones() {
        assert!(with_fallbacks("zh-Hant-TW").eq(["zh-Hant-TW", "zh-Hant", "zh"]));
    }
}
