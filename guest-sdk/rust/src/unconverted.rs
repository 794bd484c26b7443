//! What steps say of values that they can't convert.

use arrow::array::{Array, AsArray};
use arrow::compute::is_null;

use crate::{I18nMessage, Result, Source, plain};

/// The values that a step could not convert: how many they are in how many columns, and the first one.
#[derive(Debug, Default)]
pub struct Unconverted {
    first: Option<(String, usize, String)>,
    values: usize,
    columns: usize,
}

impl Unconverted {
    /// Counts the rows of a column where there is a text and nothing was made of it.
    ///
    /// # Errors
    /// If `texts` are none: a bug.
    pub fn count(&mut self, name: &str, texts: &arrow::array::ArrayRef, converted: &dyn Array) -> Result<()> {
        let lost = &is_null(converted)?.values().clone() & &!is_null(texts)?.values();
        let Some(row) = lost.set_indices().next() else { return Ok(()) };
        if self.first.is_none() {
            let text = plain(&texts.slice(row, 1))?.as_string::<i32>().value(0).to_owned();
            self.first = Some((name.to_owned(), row, text));
        }
        self.values += lost.count_set_bits();
        self.columns += 1;
        Ok(())
    }

    /// The message of this, `ErrorCount.message`; `None` if there is nothing to say.
    pub fn message(self) -> Option<I18nMessage> {
        let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let (column, row, value) = self.first?;
        let message = I18nMessage::new("ErrorCount.message")
            .arg("a_value", value)
            .arg("a_row", count(row + 1))
            .arg("a_column", column)
            .arg("n_errors", count(self.values))
            .arg("n_columns", count(self.columns));
        Some(message.from_source(Source::Module))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{dictionary, integer, text};

    #[test]
    fn nulls_are_no_errors_and_the_first_error_is_shown() {
        let mut unconverted = Unconverted::default();
        let converted = |values: [Option<i64>; 3]| integer("A", values).1;
        let whole = [Some(1), None, Some(2)];
        unconverted.count("A", &text("A", [Some("1"), None, Some("2")]).1, &converted(whole)).unwrap();
        assert!(unconverted.first.is_none());
        unconverted
            .count("B", &text("B", [Some("x"), Some("y"), Some("2")]).1, &converted([None, None, Some(2)]))
            .unwrap();
        unconverted
            .count("C", &dictionary("C", [Some("1"), None, Some("z")]).1, &converted([Some(1), None, None]))
            .unwrap();
        let message = unconverted.message().unwrap();
        let arguments: Vec<_> = ["a_value", "a_row", "a_column", "n_errors", "n_columns"]
            .map(|name| message.arguments[name].clone())
            .into();
        let expected: Vec<crate::I18nArgument> = vec!["x".into(), 1.into(), "B".into(), 3.into(), 2.into()];
        assert_eq!(arguments, expected);
    }
}
