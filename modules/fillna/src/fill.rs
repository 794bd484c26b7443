//! What a column becomes when it is filled.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Date32Array, Float64Array, Int64Array, Scalar, StringArray, TimestampNanosecondArray,
    UInt32Array, UInt64Array,
};
use arrow::compute::kernels::zip::zip;
use arrow::compute::{is_not_null, take};
use arrow::datatypes::{DataType, Field};
use crunchbox_sdk::formats::parse_timestamp;
use crunchbox_sdk::{ColumnKind, I18nMessage, Result, Source, as_text, cast, date_unit, plain};

const NANOS_PER_DAY: i128 = 86_400_000_000_000;

/// A column and its field.
pub(crate) type Column<'a> = (&'a Field, &'a ArrayRef);

/// A column without the cells that could be filled.
pub(crate) enum Filled {
    /// It is of the kind that it was of.
    Kept(ArrayRef),
    /// It had to become text, for this reason.
    Text(ArrayRef, I18nMessage),
}

/// Fills a column with a value that is written as text.
pub(crate) fn with_value(target: Column<'_>, value: &str) -> Result<Filled> {
    let (field, column) = target;
    let text: ArrayRef = Arc::new(StringArray::from(vec![value]));
    let (parsed, id) = match ColumnKind::of(column.data_type()) {
        None | Some(ColumnKind::Text) => return Ok(Filled::Kept(spread(&plain(column)?, &text)?)),
        // No text is no number, and no reason to make text of numbers either.
        Some(_) if value.is_empty() => return Ok(Filled::Kept(Arc::clone(column))),
        Some(ColumnKind::Number) => (number(value), "errors.valueNotNumber"),
        Some(ColumnKind::Timestamp) => (timestamp(value), "errors.valueNotTimestamp"),
        Some(ColumnKind::Date) => (date(field, value), "errors.valueNotDate"),
    };
    if let Some(parsed) = parsed {
        let (column, parsed) = in_common_type(column, &parsed)?;
        return Ok(Filled::Kept(spread(&column, &parsed)?));
    }
    let texts = plain(&as_text(field, column)?)?;
    Ok(Filled::Text(spread(&texts, &text)?, warning(id, field).arg("value", value)))
}

/// Fills a column with the first value of each row in other columns.
pub(crate) fn from_columns(target: Column<'_>, sources: &[Column<'_>]) -> Result<Filled> {
    let (field, column) = target;
    let kind = |(field, column): Column<'_>| {
        let kind = ColumnKind::of(column.data_type());
        // A year's first day is a day, but a day is no year's first.
        (kind, (kind == Some(ColumnKind::Date)).then(|| date_unit(field)))
    };
    if sources.iter().all(|source| kind(*source) == kind(target)) {
        let mut filled = plain(column)?;
        for (_, source) in sources {
            let (some, other) = in_common_type(&filled, &plain(source)?)?;
            filled = coalesce(&some, &other)?;
        }
        return Ok(Filled::Kept(filled));
    }
    let mut filled = plain(&as_text(field, column)?)?;
    for (field, source) in sources {
        filled = coalesce(&filled, &plain(&as_text(field, source)?)?)?;
    }
    Ok(Filled::Text(filled, warning("errors.valueColumnsWrongType", field)))
}

/// Fills a column with the last value that `rows` came past.
pub(crate) fn with_last(column: &ArrayRef, rows: impl Iterator<Item = usize>) -> Result<ArrayRef> {
    let valid = is_not_null(column)?;
    let mut last = None;
    let mut from = vec![None; column.len()];
    for row in rows {
        if valid.value(row) {
            last = Some(u32::try_from(row)?);
        }
        from[row] = last;
    }
    Ok(take(column, &UInt32Array::from(from), None)?)
}

fn warning(id: &str, field: &Field) -> I18nMessage {
    I18nMessage::new(id).arg("colname", field.name().as_str()).from_source(Source::Module)
}

fn coalesce(column: &ArrayRef, other: &ArrayRef) -> Result<ArrayRef> {
    Ok(zip(&is_not_null(column)?, column, other)?)
}

/// Fills a column with the one value of another.
fn spread(column: &ArrayRef, value: &ArrayRef) -> Result<ArrayRef> {
    Ok(zip(&is_not_null(column)?, column, &Scalar::new(value))?)
}

/// Two columns in a type that has the values of both: the first one's, if it can be.
fn in_common_type(column: &ArrayRef, other: &ArrayRef) -> Result<(ArrayRef, ArrayRef)> {
    let floating = column.data_type().is_floating() || other.data_type().is_floating();
    let own = column.data_type().clone();
    let candidates = if own.is_integer() && !floating {
        vec![own, DataType::Int64, DataType::UInt64]
    } else if own.is_numeric() {
        Vec::new()
    } else {
        return Ok((Arc::clone(column), Arc::clone(other)));
    };
    for data_type in candidates {
        let (wide, other_wide) = (cast(column, &data_type)?, cast(other, &data_type)?);
        // What the type can't hold is null by now.
        if (wide.null_count(), other_wide.null_count()) == (column.null_count(), other.null_count()) {
            return Ok((wide, other_wide));
        }
    }
    Ok((cast(column, &DataType::Float64)?, cast(other, &DataType::Float64)?))
}

fn number(text: &str) -> Option<ArrayRef> {
    let text = text.trim();
    if let Ok(integer) = text.parse::<i64>() {
        return Some(Arc::new(Int64Array::from(vec![integer])));
    }
    if let Ok(integer) = text.parse::<u64>() {
        return Some(Arc::new(UInt64Array::from(vec![integer])));
    }
    let float = text.parse::<f64>().ok().filter(|float| float.is_finite())?;
    Some(Arc::new(Float64Array::from(vec![float])))
}

fn timestamp(text: &str) -> Option<ArrayRef> {
    let nanos = i64::try_from(parse_timestamp(text)?).ok()?;
    Some(Arc::new(TimestampNanosecondArray::from(vec![nanos])))
}

fn date(field: &Field, text: &str) -> Option<ArrayRef> {
    let day = i32::try_from(parse_timestamp(text)?.div_euclid(NANOS_PER_DAY)).ok()?;
    Some(Arc::new(Date32Array::from(vec![date_unit(field).first_day(day)?])))
}
