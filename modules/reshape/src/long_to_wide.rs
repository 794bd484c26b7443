//! Every set of keys becomes a row.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, UInt32Array};
use arrow::compute::{filter, filter_record_batch, take};
use arrow::datatypes::{Field, Schema};
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::colnames::{MAX_COLUMN_NAME_BYTES, unique_colnames_and_warnings};
use crunchbox_sdk::groups::Groups;
use crunchbox_sdk::{
    ColumnKind, Output, RenderError, Result, as_text, column, compact, date_unit, plain, result_field,
};

use crate::{became_text, message};

/// The wide table: columns of the keys, and one for every text of the variable.
pub(crate) fn reshape(table: &RecordBatch, keys: &[String], variable: &str) -> Result<Output> {
    if keys.iter().any(|key| key == variable) {
        return Err(message("error.sameColumnAndRowVariables").into());
    }
    let mut warnings = Vec::new();
    let variables = variable_texts(table, variable, &mut warnings)?;
    let (table, variables) = without_empty(table, variable, variables, &mut warnings)?;
    let key_columns: Vec<ArrayRef> =
        keys.iter().map(|key| Ok(Arc::clone(column(&table, key)?.1))).collect::<Result<_>>()?;
    let rows = Groups::find_with_nulls(&key_columns)?;
    let columns = Groups::find(&[Arc::clone(&variables)], table.num_rows())?;
    let cells = Groups::find_with_nulls(&[key_columns.as_slice(), &[Arc::clone(&variables)]].concat())?;
    if cells.count() < table.num_rows() {
        return Err(message("long_to_wide.error.repeatedVariables").into());
    }
    let (value, values) = only_value(&table, keys, variable)?;

    let first_rows = UInt32Array::from_iter_values(rows.first_rows());
    let mut fields: Vec<Field> = Vec::new();
    let mut wide: Vec<ArrayRef> = Vec::new();
    for (key, values) in keys.iter().zip(&key_columns) {
        fields.push(column(&table, key)?.0.clone());
        wide.push(take(values, &first_rows, None)?);
    }
    let texts = variables.as_string::<i32>();
    let names: Vec<String> = columns.first_rows().map(|row| texts.value(row as usize).to_owned()).collect();
    let (names, of_names) = unique_colnames_and_warnings(&names, keys, MAX_COLUMN_NAME_BYTES);
    warnings.extend(of_names.into_iter().map(RenderError::from));
    let mut sources = vec![vec![None; rows.count()]; columns.count()];
    for ((row, group), (_, column)) in rows.rows().zip(columns.rows()) {
        sources[column][group] = Some(row as u32);
    }
    for (name, sources) in names.iter().zip(sources) {
        fields.push(result_field(table.schema_ref(), name, values.data_type(), date_unit(value)));
        wide.push(take(values, &UInt32Array::from(sources), None)?);
    }
    let wide = compact(&RecordBatch::try_new(Arc::new(Schema::new(fields)), wide)?)?;
    Ok(Output { table: Some(wide), errors: warnings, ..Output::default() })
}

/// The variable as plain text.
fn variable_texts(table: &RecordBatch, name: &str, warnings: &mut Vec<RenderError>) -> Result<ArrayRef> {
    let (field, values) = column(table, name)?;
    if ColumnKind::of(field.data_type()) != Some(ColumnKind::Text) {
        let warning = message("long_to_wide.badColumn.notText.message").arg("column_name", name);
        let button = message("long_to_wide.badColumn.notText.quick_fix.text").arg("column_name", name);
        warnings.push(became_text(warning, button, &[name]));
    }
    plain(&as_text(field, values)?)
}

/// The rows that have a text of the variable, for columns must have a name.
fn without_empty(
    table: &RecordBatch,
    name: &str,
    variables: ArrayRef,
    warnings: &mut Vec<RenderError>,
) -> Result<(RecordBatch, ArrayRef)> {
    let texts = variables.as_string::<i32>().iter();
    let kept: BooleanArray = texts.map(|text| Some(text.is_some_and(|text| !text.is_empty()))).collect();
    let empty = kept.len() - kept.true_count();
    if empty == 0 {
        return Ok((table.clone(), variables));
    }
    let warning = message("long_to_wide.badRows.emptyColumnHeaders.warning");
    warnings.push(warning.arg("n_rows", empty as i32).arg("column_name", name).into());
    Ok((filter_record_batch(table, &kept)?, filter(&variables, &kept)?))
}

/// The one column that is neither a key nor the variable.
fn only_value<'a>(
    table: &'a RecordBatch,
    keys: &[String],
    variable: &str,
) -> Result<(&'a Field, &'a ArrayRef)> {
    let others = table.schema_ref().fields().iter().zip(table.columns());
    let mut others = others.filter(|(field, _)| field.name() != variable && !keys.contains(field.name()));
    match (others.next(), others.next()) {
        (None, _) => Err(message("long_to_wide.error.noValueColumn").into()),
        (Some((field, values)), None) => Ok((field, values)),
        (Some(_), Some(_)) => Err(message("long_to_wide.error.tooManyValueColumns").into()),
    }
}
