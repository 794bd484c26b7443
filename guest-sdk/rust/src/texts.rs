//! Columns of text: what becomes text, and what becomes of text.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray, StringArray, StringBuilder,
};
use arrow::compute::take;
use arrow::datatypes::{
    DataType, Date32Type, Field, Float64Type, Int64Type, TimestampNanosecondType, UInt64Type,
};
use crunchbox_protocol::formats::{NumberFormat, timestamp_text};

use crate::cast::cast;
use crate::columns::{ColumnKind, date_unit, number_format};
use crate::dictionary::compact_column;
use crate::result::{Error, Result};

/// A column as the text that people see: numbers in the column's format, timestamps in the shortest ISO 8601, dates as
/// their unit has it. Text stays as it is, dictionaries too.
///
/// # Errors
/// If the column is of none of the four kinds, or its format is none: the host lets neither through.
pub fn as_text(field: &Field, column: &ArrayRef) -> Result<ArrayRef> {
    let Some(kind) = ColumnKind::of(column.data_type()) else { return Err(not_of_kind(column, "known")) };
    let texts = match kind {
        ColumnKind::Text => return Ok(Arc::clone(column)),
        ColumnKind::Timestamp => {
            written::<TimestampNanosecondType>(column, |nanos| Some(timestamp_text(nanos)))
        }
        ColumnKind::Date => {
            let unit = date_unit(field);
            written::<Date32Type>(column, |day| unit.text(day))
        }
        ColumnKind::Number => {
            let format: NumberFormat = number_format(field).parse()?;
            let data_type = column.data_type();
            if data_type.is_floating() {
                let wide = cast(column, &DataType::Float64)?;
                written::<Float64Type>(&wide, |value| Some(format.float(value)))
            } else if *data_type == DataType::UInt64 {
                written::<UInt64Type>(column, |value| Some(format.integer(i128::from(value))))
            } else {
                let wide = cast(column, &DataType::Int64)?;
                written::<Int64Type>(&wide, |value| Some(format.integer(i128::from(value))))
            }
        }
    };
    Ok(Arc::new(texts))
}

fn written<T: ArrowPrimitiveType>(
    column: &ArrayRef,
    text: impl Fn(T::Native) -> Option<String>,
) -> StringArray {
    column.as_primitive::<T>().iter().map(|cell| cell.and_then(&text)).collect()
}

/// A column without a dictionary: what was one is plain text.
///
/// # Errors
/// If a dictionary is broken, or comes to more text than an array holds.
pub fn plain(column: &ArrayRef) -> Result<ArrayRef> {
    Ok(match column.data_type() {
        DataType::Dictionary(_, values) => cast(column, values)?,
        _ => Arc::clone(column),
    })
}

/// A text column with each text changed; `None` leaves none. Nulls stay, and what is a dictionary stays one as far as
/// that is worth its while. Which texts are seen how often is not said: `change` has to be a function of the text.
///
/// # Errors
/// If it is no text column: a bug.
pub fn map_text<'a>(
    column: &'a ArrayRef,
    mut change: impl FnMut(&'a str) -> Option<Cow<'a, str>>,
) -> Result<ArrayRef> {
    let (texts, _) = distinct(column)?;
    let mut changed = StringBuilder::with_capacity(texts.len(), texts.value_data().len());
    for text in texts {
        changed.append_option(text.and_then(&mut change));
    }
    with_texts(column, changed.finish())
}

/// All texts of a column changed at once, if they are ASCII; `None` if they are not. `change` has to leave them ASCII.
///
/// # Errors
/// If it is no text column: a bug. And if they are no longer UTF-8.
pub fn map_ascii(column: &ArrayRef, change: impl FnOnce(&mut [u8])) -> Result<Option<ArrayRef>> {
    let (texts, _) = distinct(column)?;
    if !texts.value_data().is_ascii() {
        return Ok(None);
    }
    let mut bytes = texts.value_data().to_vec();
    change(&mut bytes);
    let changed = StringArray::try_new(texts.offsets().clone(), bytes.into(), texts.nulls().cloned())?;
    with_texts(column, changed).map(Some)
}

/// A column as it was, but for its texts.
fn with_texts(column: &ArrayRef, texts: StringArray) -> Result<ArrayRef> {
    let texts: ArrayRef = Arc::new(texts);
    Ok(match column.as_any_dictionary_opt() {
        None => texts,
        Some(dictionary) => compact_column(&dictionary.with_values(texts))?,
    })
}

/// What each text of a column stands for; `None` for nothing. As in [`map_text`].
///
/// # Errors
/// If it is no text column: a bug.
pub fn text_to<T: ArrowPrimitiveType>(
    column: &ArrayRef,
    mut parse: impl FnMut(&str) -> Option<T::Native>,
) -> Result<PrimitiveArray<T>> {
    let (texts, keys) = distinct(column)?;
    let values: PrimitiveArray<T> = texts.iter().map(|text| text.and_then(&mut parse)).collect();
    Ok(match keys {
        None => values,
        Some(keys) => take(&values, keys, None)?.as_primitive::<T>().clone(),
    })
}

/// The texts of a column, each once if it is a dictionary: with the keys then.
fn distinct(column: &ArrayRef) -> Result<(&StringArray, Option<&dyn Array>)> {
    let (texts, keys) = match column.as_any_dictionary_opt() {
        None => (column, None),
        Some(dictionary) => (dictionary.values(), Some(dictionary.keys())),
    };
    let texts = texts.as_string_opt::<i32>().ok_or_else(|| not_of_kind(column, "text"))?;
    Ok((texts, keys))
}

fn not_of_kind(column: &ArrayRef, kind: &str) -> Error {
    Error::bug(format!(
        "a column of type {} is of no {kind} kind: the params are not clean",
        column.data_type()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DateUnit;
    use crate::testing::{Column, date, dictionary, integer, number, number_array, text, timestamp};

    fn strings(column: &ArrayRef) -> Vec<Option<String>> {
        let plain = cast(column, &DataType::Utf8).unwrap();
        plain.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect()
    }

    fn texts(column: Column) -> Vec<Option<String>> {
        strings(&as_text(&column.0, &column.1).unwrap())
    }

    #[test]
    fn each_kind_has_its_text() {
        let some = |text: &str| vec![Some(text.to_owned()), None];
        assert_eq!(texts(number("A", [Some(1234.5), None])), some("1,234.5"));
        assert_eq!(texts(integer("A", [Some(1234), None])), some("1,234"));
        let small = Arc::new(arrow::array::UInt64Array::from(vec![Some(u64::MAX), None]));
        assert_eq!(texts(number_array("A", "{}!", small)), some("18446744073709551615!"));
        assert_eq!(texts(timestamp("A", [Some(0), None])), some("1970-01-01"));
        assert_eq!(texts(date("A", DateUnit::Quarter, [Some(0), None])), some("1970 Q1"));
        assert_eq!(texts(text("A", [Some("x"), None])), some("x"));
        let kept = dictionary("A", [Some("x"), None]);
        assert_eq!(as_text(&kept.0, &kept.1).unwrap().data_type(), kept.1.data_type());
    }

    #[test]
    fn texts_are_changed_in_dictionaries_too() {
        let cells = [Some("a"), Some("a"), Some("a"), Some("b"), None];
        let wanted = [Some("A"), Some("A"), Some("A"), None, None].map(|text| text.map(str::to_owned));
        for column in [text("A", cells), dictionary("A", cells)] {
            let changed = map_text(&column.1, |text| (text != "b").then(|| Cow::from(text.to_uppercase())));
            let changed = changed.unwrap();
            assert_eq!(strings(&changed), wanted);
            assert_eq!(changed.data_type(), column.1.data_type());
        }
        let none = dictionary("A", [None, None]);
        assert_eq!(strings(&map_text(&none.1, |text| Some(Cow::from(text))).unwrap()), [None, None]);
    }

    #[test]
    fn ascii_is_changed_at_once() {
        let cells = [Some("ab"), None, Some("AB"), Some("c"), Some("ab")];
        for column in [text("A", cells), dictionary("A", cells)] {
            let changed = map_ascii(&column.1, <[u8]>::make_ascii_uppercase).unwrap().unwrap();
            let wanted = [Some("AB"), None, Some("AB"), Some("C"), Some("AB")];
            assert_eq!(strings(&changed), wanted.map(|text| text.map(str::to_owned)));
        }
        let other = text("A", [Some("a"), Some("ä")]);
        assert_eq!(map_ascii(&other.1, <[u8]>::make_ascii_uppercase).unwrap(), None);
    }

    #[test]
    fn texts_stand_for_values() {
        let cells = [Some("1"), Some("x"), None, Some("1")];
        let wanted = PrimitiveArray::<Int64Type>::from(vec![Some(1), None, None, Some(1)]);
        for column in [text("A", cells), dictionary("A", cells)] {
            assert_eq!(text_to::<Int64Type>(&column.1, |text| text.parse().ok()).unwrap(), wanted);
        }
        assert!(text_to::<Int64Type>(&integer("A", [Some(1)]).1, |_| None).is_err());
    }
}
