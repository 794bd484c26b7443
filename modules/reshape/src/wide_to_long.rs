//! Every cell becomes a row.

use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Int32Array, StringArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::colnames::{MAX_COLUMN_NAME_BYTES, unique_colnames_and_warnings};
use crunchbox_sdk::order::{Encoded, comparable};
use crunchbox_sdk::{
    DateUnit, Error, Output, RenderError, Result, alike_or_texts, column, compact, date_unit, result_field,
    stack,
};

use crate::{became_text, message};

/// The long table: columns of the keys, of the cells' columns' names and of the cells.
pub(crate) fn reshape(table: &RecordBatch, keys: &[String], variable: &str, value: &str) -> Result<Output> {
    let mut conflicts: Vec<RenderError> = Vec::new();
    let is_key = |name: &str| keys.iter().any(|key| key == name);
    if is_key(variable) {
        conflicts.push(message("wide_to_long.badColumns.varcolname.conflict").into());
    }
    if is_key(value) || variable == value {
        conflicts.push(message("wide_to_long.badColumns.valcolname.conflict").into());
    }
    if !conflicts.is_empty() {
        return Err(Error::many(conflicts));
    }
    let schema = table.schema();
    let columns: Vec<(&Field, ArrayRef)> = schema
        .fields()
        .iter()
        .zip(table.columns())
        .filter(|(field, _)| !is_key(field.name()))
        .map(|(field, values)| (field.as_ref(), Arc::clone(values)))
        .collect();
    let (values, converted) = alike_or_texts(&columns)?;
    let mut warnings = Vec::new();
    if let [first, ..] = converted[..] {
        let count = converted.len() as i32;
        let warning = message("wide_to_long.badColumns.mixedTypes.message");
        let button = message("wide_to_long.badColumns.mixedTypes.quick_fix.text").arg("n_columns", count);
        let warning = warning.arg("n_columns", count).arg("first_colname", first);
        warnings.push(became_text(warning, button, &converted));
    }
    let new = [variable.to_owned(), value.to_owned()];
    let (new, of_names) = unique_colnames_and_warnings(&new, keys, MAX_COLUMN_NAME_BYTES);
    warnings.extend(of_names.into_iter().map(RenderError::from));

    let cells = Cells::in_order(table, keys, columns.len())?;
    let mut fields = Vec::new();
    let mut long = Vec::new();
    for key in keys {
        let (field, values) = column(table, key)?;
        fields.push(field.clone());
        long.push(take(values, &cells.rows, None)?);
    }
    let names = StringArray::from_iter_values(columns.iter().map(|(field, _)| field.name()));
    let names: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::try_new(cells.columns, Arc::new(names))?);
    fields.push(Field::new(&new[0], names.data_type().clone(), true));
    long.push(names);
    let values = match values.is_empty() {
        // No cells are no numbers or times.
        true => arrow::array::new_empty_array(&DataType::Utf8),
        false => take(&stack(&values)?, &cells.places, None)?,
    };
    let units = columns.iter().map(|(field, _)| date_unit(field));
    let unit = units.reduce(DateUnit::common).unwrap_or(DateUnit::Day);
    fields.push(result_field(&schema, &new[1], values.data_type(), unit));
    long.push(values);
    let long = compact(&RecordBatch::try_new(Arc::new(Schema::new(fields)), long)?)?;
    Ok(Output { table: Some(long), errors: warnings, ..Output::default() })
}

/// The cells of the long table: where each was, and where it is among those of all columns, one column under the other.
struct Cells {
    rows: UInt32Array,
    columns: Int32Array,
    places: UInt32Array,
}

impl Cells {
    /// In the order of their keys, then of their columns, then of their rows.
    fn in_order(table: &RecordBatch, keys: &[String], columns: usize) -> Result<Cells> {
        let keys: Vec<ArrayRef> =
            keys.iter().map(|key| Ok(comparable(column(table, key)?.1)?)).collect::<Result<_>>()?;
        let encoded = Encoded::new(keys.iter().map(|key| (key, true)))?;
        let count = table.num_rows() as u32;
        let mut order: Vec<u32> = (0..count).collect();
        order.sort_by(|a, b| encoded.row(*a).cmp(encoded.row(*b)));
        let (mut rows, mut numbers, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for same in order.chunk_by(|a, b| encoded.row(*a) == encoded.row(*b)) {
            for column in 0..columns as u32 {
                rows.extend_from_slice(same);
                numbers.extend(std::iter::repeat_n(column.cast_signed(), same.len()));
                places.extend(same.iter().map(|row| column * count + row));
            }
        }
        Ok(Cells { rows: rows.into(), columns: numbers.into(), places: places.into() })
    }
}
