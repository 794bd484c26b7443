//! Appends the rows of other tabs.

#![forbid(unsafe_code)]

use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Int32Array, StringArray, new_null_array};
use arrow::datatypes::{Field, Int32Type, Schema};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use crunchbox_sdk::colnames::{MAX_COLUMN_NAME_BYTES, unique_colnames_and_warnings};
use crunchbox_sdk::{
    Context, DateUnit, I18nMessage, Output, Result, Source, compact, date_unit, result_field, stack, step,
    type_name,
};

#[derive(serde::Deserialize)]
struct Params {
    tabs: Vec<String>,
    add_source_column: bool,
    source_column_name: String,
}

/// A tab whose rows are in the result.
struct Part {
    name: String,
    table: RecordBatch,
}

/// A column of the result: its name, and a part that has it.
struct Used<'a> {
    field: &'a Field,
    part: &'a Part,
}

#[step]
fn render(table: RecordBatch, params: Params, context: &Context) -> Result<Output> {
    let mut parts = vec![Part { name: context.tab_name().to_owned(), table }];
    for slug in &params.tabs {
        if let (Some(name), Some(table)) = (context.name_of_tab(slug), context.tab(slug)?) {
            parts.push(Part { name: name.to_owned(), table });
        }
    }
    if parts.len() == 1 {
        return Ok(Output::table(parts.remove(0).table));
    }
    let used = used_columns(&parts)?;
    let mut fields = Vec::new();
    let mut columns = Vec::new();
    let mut warnings = Vec::new();
    if params.add_source_column {
        let (name, why) = source_column_name(&params.source_column_name, &used)?;
        warnings = why;
        let sources = sources(&parts)?;
        fields.push(Field::new(name, sources.data_type().clone(), true));
        columns.push(sources);
    }
    for used in &used {
        let (field, values) = concatenated(&parts, used)?;
        fields.push(field);
        columns.push(values);
    }
    let rows = parts.iter().map(|part| part.table.num_rows()).sum();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let all = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)?;
    Ok(warnings.into_iter().fold(Output::table(compact(&all)?), Output::warn))
}

/// The columns of all parts, as they come. Those of one name must be of one type.
fn used_columns(parts: &[Part]) -> Result<Vec<Used<'_>>> {
    let mut used: Vec<Used> = Vec::new();
    for part in parts {
        for field in part.table.schema_ref().fields() {
            match used.iter().find(|used| used.field.name() == field.name()) {
                None => used.push(Used { field, part }),
                Some(known) => {
                    let (found, wanted) = (type_name(field.data_type()), type_name(known.field.data_type()));
                    if found != wanted {
                        return Err(message("badParam.tabs.differentTypes.message")
                            .arg("column_name", field.name().as_str())
                            .arg("column_type", found)
                            .arg("column_tab_name", part.name.as_str())
                            .arg("used_column_name", field.name().as_str())
                            .arg("used_column_type", wanted)
                            .arg("used_column_tab_name", known.part.name.as_str())
                            .into());
                    }
                }
            }
        }
    }
    Ok(used)
}

fn source_column_name(wanted: &str, used: &[Used]) -> Result<(String, Vec<I18nMessage>)> {
    let wanted = if wanted.is_empty() { "Source" } else { wanted };
    let (mut names, warnings) =
        unique_colnames_and_warnings(&[wanted.to_owned()], &[], MAX_COLUMN_NAME_BYTES);
    let name = names.remove(0);
    match used.iter().find(|used| *used.field.name() == name) {
        None => Ok((name, warnings)),
        Some(taken) => Err(message("badParam.add_source_column.alreadyExists")
            .arg("source_colname", name)
            .arg("tab_name", taken.part.name.as_str())
            .into()),
    }
}

/// For each row the name of its tab.
fn sources(parts: &[Part]) -> Result<ArrayRef> {
    let names = StringArray::from_iter_values(parts.iter().map(|part| &part.name));
    let keys = (0..).zip(parts).flat_map(|(key, part)| std::iter::repeat_n(key, part.table.num_rows()));
    let keys = Int32Array::from_iter_values(keys);
    Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, Arc::new(names))?))
}

/// The values of all parts in a column of the result.
fn concatenated(parts: &[Part], used: &Used) -> Result<(Field, ArrayRef)> {
    let name = used.field.name();
    let values: Vec<ArrayRef> = parts
        .iter()
        .map(|part| match part.table.column_by_name(name) {
            Some(values) => Arc::clone(values),
            None => new_null_array(used.field.data_type(), part.table.num_rows()),
        })
        .collect();
    let values = stack(&values)?;
    let fields = parts.iter().filter_map(|part| part.table.schema_ref().field_with_name(name).ok());
    let unit = fields.map(date_unit).reduce(DateUnit::common).unwrap_or(DateUnit::Day);
    Ok((result_field(parts[0].table.schema_ref(), name, values.data_type(), unit), values))
}

fn message(id: &str) -> I18nMessage {
    I18nMessage::new(id).from_source(Source::Module)
}

#[cfg(test)]
mod tests;
