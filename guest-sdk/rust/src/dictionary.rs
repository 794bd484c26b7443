//! Dictionaries without waste.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Int32Type};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;

use crate::cast::cast;

/// The same table with dictionaries of text that hold what is used, once: rows that a step has dropped leave values
/// behind, and a host that checks tables refuses those. A dictionary whose values are mostly used once is plain text
/// then, which is smaller.
///
/// # Errors
/// None, unless a dictionary is broken.
pub fn compact(table: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    if table.columns().iter().all(|column| !is_text_dictionary(column.data_type())) {
        return Ok(table.clone());
    }
    let mut fields = Vec::with_capacity(table.num_columns());
    let mut columns = Vec::with_capacity(table.num_columns());
    for (field, column) in table.schema().fields().iter().zip(table.columns()) {
        let column =
            if is_text_dictionary(column.data_type()) { compact_column(column)? } else { Arc::clone(column) };
        fields.push(Arc::new(field.as_ref().clone().with_data_type(column.data_type().clone())));
        columns.push(column);
    }
    RecordBatch::try_new(Arc::new(arrow::datatypes::Schema::new(fields)), columns)
}

fn is_text_dictionary(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Dictionary(_, values) if **values == DataType::Utf8)
}

pub(crate) fn compact_column(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let dictionary = column.as_any_dictionary();
    let values = dictionary.values();
    if values.is_empty() {
        return cast(column, &DataType::Utf8);
    }
    let keys = dictionary.normalized_keys();
    let valid = |row: &usize| column.is_valid(*row) && values.is_valid(keys[*row]);
    let mut used = vec![false; values.len()];
    (0..keys.len()).filter(valid).for_each(|row| used[keys[row]] = true);
    let count = used.iter().filter(|used| **used).count();
    if count * 2 > column.len() {
        return cast(column, &DataType::Utf8);
    }
    if count == values.len() && values.null_count() == 0 && !has_twins(values) {
        return Ok(Arc::clone(column));
    }
    // Plain text has neither waste nor twins, and makes a dictionary without either.
    let texts = cast(column, &DataType::Utf8)?;
    Ok(Arc::new(texts.as_string::<i32>().iter().collect::<DictionaryArray<Int32Type>>()))
}

fn has_twins(values: &ArrayRef) -> bool {
    let texts = values.as_string::<i32>();
    let mut sorted: Vec<&str> = texts.iter().flatten().collect();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| pair[0] == pair[1])
}

/// The rows of a table that `rows` names, in its order, with compact dictionaries.
///
/// # Errors
/// If a row is not there, or a column comes to more text than an array holds.
pub fn take_rows(table: &RecordBatch, rows: &UInt32Array) -> Result<RecordBatch, ArrowError> {
    let columns = table.columns().iter().map(|column| take(column, rows, None));
    compact(&RecordBatch::try_new(table.schema(), columns.collect::<Result<_, _>>()?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{dictionary, integer, table, text};

    #[test]
    fn unused_values_go_and_the_rest_stays() {
        let many = table([dictionary("a", [Some("x"), Some("x"), Some("x"), Some("x"), Some("y"), None])]);
        let kept = take_rows(&many, &UInt32Array::from(vec![3, 2, 1, 0, 5])).unwrap();
        let column = kept.column(0).as_any_dictionary();
        assert_eq!(column.values().len(), 1);
        assert_eq!(kept.column(0).null_count(), 1);
        let few = take_rows(&many, &UInt32Array::from(vec![4])).unwrap();
        assert_eq!(few.schema().field(0).data_type(), &DataType::Utf8);
        assert_eq!(few.column(0).as_string::<i32>().value(0), "y");
    }

    #[test]
    fn a_dictionary_of_nothing_is_text_of_nulls() {
        for values in [vec![None, None], vec![]] {
            let compacted = compact(&table([dictionary("a", values.clone())])).unwrap();
            assert_eq!(compacted, table([text("a", values)]));
        }
    }

    #[test]
    fn other_columns_are_left_alone() {
        let original = table([integer("a", [Some(1), None])]);
        assert_eq!(compact(&original).unwrap(), original);
        let whole = table([dictionary("a", [Some("x"), Some("x")])]);
        assert_eq!(compact(&whole).unwrap(), whole);
    }
}
