//! Columns of a kind, one under the other.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::{concat, max, min};
use arrow::datatypes::{DataType, Field, Int64Type, UInt64Type};
use arrow::error::ArrowError;

use crate::cast::cast;
use crate::columns::ColumnKind;
use crate::result::Result;
use crate::texts::as_text;

/// One column of the values of several, in their order. They must be of one kind, but need not be of one width: whole
/// numbers become 64 bits wide, and with floats among them all are floats.
///
/// # Errors
/// If they are of several kinds, or none is given, or the text is more than an array holds.
pub fn stack(columns: &[ArrayRef]) -> std::result::Result<ArrayRef, ArrowError> {
    let columns = alike(columns)?;
    let arrays: Vec<&dyn Array> = columns.iter().map(AsRef::as_ref).collect();
    concat(&arrays)
}

/// The same columns in one type that holds all of their values.
///
/// # Errors
/// If they are of several kinds.
pub fn alike(columns: &[ArrayRef]) -> std::result::Result<Vec<ArrayRef>, ArrowError> {
    let [first, rest @ ..] = columns else { return Ok(Vec::new()) };
    if rest.iter().all(|column| column.data_type() == first.data_type()) {
        return Ok(columns.to_vec());
    }
    let data_type = common_type(columns)?;
    columns.iter().map(|column| cast(column, &data_type)).collect()
}

/// Columns that are to go into one: alike, if they are of one kind; else all as text, and with them the names of those
/// that were none.
///
/// # Errors
/// If a column is of no kind that is known.
pub fn alike_or_texts<'a>(columns: &[(&'a Field, ArrayRef)]) -> Result<(Vec<ArrayRef>, Vec<&'a str>)> {
    let kind = |field: &Field| ColumnKind::of(field.data_type());
    if columns.windows(2).all(|pair| kind(pair[0].0) == kind(pair[1].0)) {
        let values: Vec<ArrayRef> = columns.iter().map(|(_, values)| values.clone()).collect();
        return Ok((alike(&values)?, Vec::new()));
    }
    let texts = columns.iter().map(|(field, values)| as_text(field, values));
    let texts: Vec<ArrayRef> = texts.collect::<Result<_>>()?;
    let converted = columns.iter().filter(|(field, _)| kind(field) != Some(ColumnKind::Text));
    Ok((alike(&texts)?, converted.map(|(field, _)| field.name().as_str()).collect()))
}

fn common_type(columns: &[ArrayRef]) -> std::result::Result<DataType, ArrowError> {
    let all = |test: fn(&DataType) -> bool| columns.iter().all(|column| test(column.data_type()));
    if all(|data_type| matches!(data_type, DataType::Utf8 | DataType::Dictionary(_, _))) {
        return Ok(DataType::Utf8);
    }
    if all(DataType::is_integer) {
        return Ok(common_integer(columns));
    }
    if all(DataType::is_numeric) {
        return Ok(DataType::Float64);
    }
    let types: Vec<String> = columns.iter().map(|column| column.data_type().to_string()).collect();
    Err(ArrowError::InvalidArgumentError(format!("{} don't go into one column", types.join(" and "))))
}

/// Signed if that holds all; floats if there are both negative numbers and such as only unsigned ones hold.
fn common_integer(columns: &[ArrayRef]) -> DataType {
    let unsigned = |column: &&ArrayRef| *column.data_type() == DataType::UInt64;
    let is_large = columns.iter().filter(unsigned).any(|column| {
        max(column.as_primitive::<UInt64Type>()).is_some_and(|number| i64::try_from(number).is_err())
    });
    if !is_large {
        return DataType::Int64;
    }
    let is_negative = columns.iter().filter(|column| !unsigned(column)).any(|column| {
        let wide = cast(column, &DataType::Int64);
        wide.is_ok_and(|wide| min(wide.as_primitive::<Int64Type>()).is_some_and(|number| number < 0))
    });
    if is_negative { DataType::Float64 } else { DataType::UInt64 }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::DateUnit;
    use crate::testing::{date, dictionary, integer, number, text};
    use arrow::array::{Float64Array, Int8Array, Int64Array, StringArray, UInt64Array};

    #[test]
    fn widths_give_way_to_one_that_holds_all() {
        let large = || Arc::new(UInt64Array::from(vec![u64::MAX])) as ArrayRef;
        let small = |number: i8| Arc::new(Int8Array::from(vec![number])) as ArrayRef;
        let one = Arc::new(UInt64Array::from(vec![1])) as ArrayRef;
        let int = stack(&[small(-1), one]).unwrap();
        assert_eq!(int.as_ref(), &Int64Array::from(vec![-1, 1]) as &dyn Array);
        let unsigned = stack(&[small(1), large()]).unwrap();
        assert_eq!(unsigned.as_ref(), &UInt64Array::from(vec![1, u64::MAX]) as &dyn Array);
        let floats = stack(&[small(-1), large()]).unwrap();
        assert_eq!(floats.as_ref(), &Float64Array::from(vec![-1.0, u64::MAX as f64]) as &dyn Array);
        let mixed = stack(&[integer("a", [Some(1), None]).1, number("b", [Some(0.5)]).1]).unwrap();
        assert_eq!(mixed.as_ref(), &Float64Array::from(vec![Some(1.0), None, Some(0.5)]) as &dyn Array);
    }

    #[test]
    fn text_is_text_however_it_is_stored() {
        let texts = stack(&[dictionary("a", [Some("x"), None]).1, text("b", [Some("y")]).1]).unwrap();
        assert_eq!(texts.as_ref(), &StringArray::from(vec![Some("x"), None, Some("y")]) as &dyn Array);
    }

    #[test]
    fn what_is_of_several_kinds_can_be_text() {
        let columns = [integer("a", [Some(1000)]), text("b", [None]), date("c", DateUnit::Month, [Some(0)])];
        let columns: Vec<_> = columns.iter().map(|(field, values)| (field, values.clone())).collect();
        let (texts, converted) = alike_or_texts(&columns).unwrap();
        let expected = [Some("1,000"), None, Some("1970-01")];
        assert_eq!(texts, expected.map(|cell| text("", [cell]).1));
        assert_eq!(converted, ["a", "c"]);
        assert_eq!(alike_or_texts(&columns[..1]).unwrap(), (vec![columns[0].1.clone()], vec![]));
    }

    #[test]
    fn kinds_do_not_mix() {
        stack(&[text("a", [Some("1")]).1, integer("b", [Some(1)]).1]).unwrap_err();
        stack(&[date("a", DateUnit::Day, [Some(1)]).1, integer("b", [Some(1)]).1]).unwrap_err();
        stack(&[]).unwrap_err();
    }
}
