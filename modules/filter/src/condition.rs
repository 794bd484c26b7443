//! Conditions, and which rows meet them.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::buffer::BooleanBuffer;
use arrow::compute::is_null;
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::{
    ColumnKind, Error, I18nMessage, RenderError, Result, Source, column, formats, plain, re2,
};
use serde::Deserialize;
use serde_json::Value;

use crate::compare::{self, Comparison, Number};

/// A condition, as params hold it once they are clean.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Condition {
    /// `and` or `or`.
    Several { operation: Joint, conditions: Vec<Condition> },
    /// `not`.
    Negation { operation: Not, condition: Box<Condition> },
    /// A comparison of a column's cells.
    Leaf(Leaf),
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Joint {
    And,
    Or,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Not {
    Not,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Leaf {
    operation: String,
    column: String,
    #[serde(default)]
    value: Value,
    #[serde(default)]
    is_case_sensitive: bool,
    #[serde(default)]
    is_regex: bool,
}

/// Conditions on one table, and what is wrong with them.
pub(crate) struct Evaluation<'a> {
    table: &'a RecordBatch,
    /// One for each regular expression that isn't one, in their order.
    pub(crate) errors: Vec<RenderError>,
}

impl<'a> Evaluation<'a> {
    pub(crate) fn new(table: &'a RecordBatch) -> Self {
        Evaluation { table, errors: Vec::new() }
    }

    /// A bit for each row: whether it meets the condition.
    pub(crate) fn mask(&mut self, condition: &Condition) -> Result<BooleanBuffer> {
        match condition {
            Condition::Several { operation, conditions } => {
                let rows = self.table.num_rows();
                let mut result = match operation {
                    Joint::And => BooleanBuffer::new_set(rows),
                    Joint::Or => BooleanBuffer::new_unset(rows),
                };
                // All of them are looked at, whatever the first says: the user wants to know of every error.
                for condition in conditions {
                    let mask = self.mask(condition)?;
                    result = match operation {
                        Joint::And => &result & &mask,
                        Joint::Or => &result | &mask,
                    };
                }
                Ok(result)
            }
            Condition::Negation { operation: Not::Not, condition } => Ok(!&self.mask(condition)?),
            Condition::Leaf(leaf) => self.leaf(leaf),
        }
    }

    fn leaf(&mut self, leaf: &Leaf) -> Result<BooleanBuffer> {
        let column = plain(column(self.table, &leaf.column)?.1)?;
        match leaf.operation.as_str() {
            "cell_is_null" => Ok(nulls(&column)?),
            "cell_is_empty" => match column.as_string_opt::<i32>() {
                Some(_) => Ok(&nulls(&column)? | &text_mask(&column, str::is_empty)?),
                None => Ok(nulls(&column)?),
            },
            "text_is" | "text_contains" => self.text(leaf, &column),
            operation => match operation.split_once("_is") {
                Some(("number", comparison)) => number(leaf, comparison, &column),
                Some(("timestamp", comparison)) => timestamp(leaf, comparison, &column),
                _ => Err(unknown(leaf)),
            },
        }
    }

    fn text(&mut self, leaf: &Leaf, column: &ArrayRef) -> Result<BooleanBuffer> {
        let value = leaf.value.as_str().ok_or_else(|| wrong_value(leaf, "a text"))?;
        let whole = leaf.operation == "text_is";
        if leaf.is_regex {
            let regex = match re2::compile(value, whole, leaf.is_case_sensitive) {
                Ok(regex) => regex,
                Err(reason) => {
                    let message = I18nMessage::new("regexParseError.message").arg("error", reason);
                    self.errors.push(message.from_source(Source::Module).into());
                    return Ok(BooleanBuffer::new_unset(column.len()));
                }
            };
            return text_mask(column, |text| regex.is_match(text));
        }
        match (leaf.is_case_sensitive, whole) {
            (true, true) => text_mask(column, |text| text == value),
            (true, false) => text_mask(column, |text| text.contains(value)),
            (false, _) => {
                let folded = caseless::default_case_fold_str(value);
                // ASCII folds to ASCII; other text may fold to more characters than it has.
                let fold = |text: &str| match text.is_ascii() {
                    true => text.to_ascii_lowercase(),
                    false => caseless::default_case_fold_str(text),
                };
                if whole {
                    text_mask(column, |text| fold(text) == folded)
                } else {
                    text_mask(column, |text| fold(text).contains(&folded))
                }
            }
        }
    }
}

fn nulls(column: &ArrayRef) -> Result<BooleanBuffer> {
    Ok(is_null(column)?.values().clone())
}

/// The rows whose text meets `test`.
fn text_mask(column: &ArrayRef, test: impl Fn(&str) -> bool) -> Result<BooleanBuffer> {
    let texts = column.as_string_opt::<i32>().ok_or_else(|| not_of_kind(column, ColumnKind::Text))?;
    let mask = BooleanBuffer::collect_bool(texts.len(), |row| texts.is_valid(row) && test(texts.value(row)));
    Ok(mask)
}

fn number(leaf: &Leaf, comparison: &str, column: &ArrayRef) -> Result<BooleanBuffer> {
    let comparison = match comparison {
        "" => Comparison::Equal,
        "_greater_than" => Comparison::Greater,
        "_greater_than_or_equals" => Comparison::GreaterOrEqual,
        "_less_than" => Comparison::Less,
        "_less_than_or_equals" => Comparison::LessOrEqual,
        _ => return Err(unknown(leaf)),
    };
    let value = match (leaf.value.as_i64(), leaf.value.as_f64()) {
        (Some(integer), _) => Number::Integer(i128::from(integer)),
        (None, Some(float)) => Number::Float(float),
        (None, None) => return Err(wrong_value(leaf, "a number")),
    };
    compare::numbers(column, comparison, value)?.ok_or_else(|| not_of_kind(column, ColumnKind::Number))
}

fn timestamp(leaf: &Leaf, comparison: &str, column: &ArrayRef) -> Result<BooleanBuffer> {
    let comparison = match comparison {
        "" => Comparison::Equal,
        "_after" => Comparison::Greater,
        "_after_or_equals" => Comparison::GreaterOrEqual,
        "_before" => Comparison::Less,
        "_before_or_equals" => Comparison::LessOrEqual,
        _ => return Err(unknown(leaf)),
    };
    let instant = leaf.value.as_str().and_then(formats::parse_timestamp);
    let instant = instant.ok_or_else(|| wrong_value(leaf, "a time as in 2020-01-02T03:04:05Z"))?;
    compare::instants(column, comparison, instant)?.ok_or_else(|| not_of_kind(column, ColumnKind::Timestamp))
}

fn unknown(leaf: &Leaf) -> Error {
    Error::bug(format!("there is no operation {:?}", leaf.operation))
}

fn wrong_value(leaf: &Leaf, wanted: &str) -> Error {
    Error::bug(format!("{} wants {wanted}, not {}", leaf.operation, leaf.value))
}

fn not_of_kind(column: &ArrayRef, kind: ColumnKind) -> Error {
    Error::bug(format!(
        "a column of type {} is no {kind} column: the params are not clean",
        column.data_type()
    ))
}
