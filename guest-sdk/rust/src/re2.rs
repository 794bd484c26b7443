//! RE2's regular expressions by way of the `regex` crate, which is of the same kind and differs in details.

use regex::RegexBuilder;
pub use regex::{Captures, Regex, Replacer, escape};

/// A compiled expression may take so many bytes: a step has its memory for the table.
const SIZE_LIMIT: usize = 16 << 20;

/// Compiles an expression. `whole`: it must match the whole of a text, not a part.
///
/// # Errors
/// Why it is no expression, in a line.
///
/// ```
/// use crunchbox_sdk::re2;
///
/// assert!(re2::compile(r"\d+", true, true)?.is_match("42"));
/// # Ok::<(), String>(())
/// ```
pub fn compile(pattern: &str, whole: bool, case_sensitive: bool) -> Result<Regex, String> {
    let translated = translate(pattern);
    let build = |pattern: &str| {
        RegexBuilder::new(pattern).case_insensitive(!case_sensitive).size_limit(SIZE_LIMIT).build()
    };
    let regex = build(&translated).map_err(|error| reason(&error))?;
    if !whole {
        return Ok(regex);
    }
    // It stands alone, so it can't close the group that is put around it.
    build(&format!(r"\A(?:{translated})\z")).map_err(|error| reason(&error))
}

/// The last line of the parser's message, which is the reason; the lines above it draw the place.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

/// Writes what means something else in RE2 as the `regex` crate has it: classes such as `\d` and `\b` are ASCII's, and
/// a bracket in brackets is itself, as are `&&`, `--` and `~~`.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut in_class = false;
    let mut class_start = false;
    while let Some(c) = rest.chars().next() {
        let next = rest.chars().nth(1);
        let mut length = c.len_utf8();
        let starts_class = std::mem::take(&mut class_start);
        match (c, next) {
            ('\\', Some(escaped)) => {
                length += escaped.len_utf8();
                out.push_str(match escaped {
                    'd' => "[0-9]",
                    'D' => "[^0-9]",
                    'w' => "[0-9A-Za-z_]",
                    'W' => "[^0-9A-Za-z_]",
                    's' => r"[\t\n\f\r ]",
                    'S' => r"[^\t\n\f\r ]",
                    'b' if !in_class => r"(?-u:\b)",
                    _ => &rest[..length],
                });
            }
            ('[', Some(':')) if in_class && rest.contains(":]") => {
                length = rest.find(":]").map_or(length, |end| end + 2);
                out.push_str(&rest[..length]);
            }
            ('[', _) if in_class => out.push_str(r"\["),
            ('[', _) => {
                in_class = true;
                class_start = true;
                out.push('[');
                if next == Some('^') {
                    length += 1;
                    out.push('^');
                }
            }
            // Right behind the opening one it is a member of the class.
            (']', _) if starts_class => out.push_str(r"\]"),
            (']', _) => {
                in_class = false;
                out.push(']');
            }
            ('&' | '~', Some(twin)) if in_class && twin == c => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
        rest = &rest[length..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        compile(pattern, true, true).unwrap().is_match(text)
    }

    #[test]
    fn classes_are_of_ascii() {
        assert!(matches(r"\d+", "42") && !matches(r"\d+", "४२"));
        assert!(matches(r"[\w.]+", "a_1.b") && !matches(r"\w", "é"));
        assert!(matches(r"[^\d]", "x") && !matches(r"[^\d]", "4"));
        assert!(matches(r"[\D4]", "4") && !matches(r"[\D4]", "5"));
        assert!(compile(r"\bb", false, true).unwrap().is_match("éb"), "é is no letter of ASCII's");
        assert!(matches(r"\pL", "é") && matches(".", "é"));
    }

    #[test]
    fn brackets_in_brackets_are_themselves() {
        assert!(matches("[[]", "[") && matches("[]]", "]") && matches("[^]]", "x") && !matches("[^]]", "]"));
        assert!(matches("[[:alpha:]]+", "abc") && matches("[a&&b]+", "a&b"));
    }

    #[test]
    fn the_whole_text_is_matched_by_all_alternatives() {
        assert!(matches("a|ab", "ab") && !matches("a|b", "ab"));
        assert!(!matches("a", "a\n") && !matches("a.", "a\n"));
        assert!(compile("(?i)FRED", true, true).unwrap().is_match("fred"));
    }

    #[test]
    fn what_is_no_expression_is_refused_with_a_reason() {
        for bad in ["*", "+", "(", "a)(b", "[", r"\8", "(?<x", r"a{2000}{2000}"] {
            assert!(!compile(bad, true, false).unwrap_err().contains('\n'), "{bad}");
        }
        assert_eq!(compile("*", true, false).unwrap_err(), "repetition operator missing expression");
    }
}
