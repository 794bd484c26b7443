//! Adds columns of another tab to the rows that match its rows.

#![forbid(unsafe_code)]

mod matches;
mod params;

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use crunchbox_sdk::{
    Context, I18nMessage, Result, Source, column, compact, date_field, date_unit, stack, step, type_name,
};

use crate::matches::Matches;
use crate::params::{Join, Params};

#[step(migrate = params::migrate)]
fn render(table: RecordBatch, params: Params, context: &Context) -> Result<RecordBatch> {
    let slug = params.right_tab.as_deref().unwrap_or_default();
    let (Some(right), Some(right_name)) = (context.tab(slug)?, context.name_of_tab(slug)) else {
        return Ok(table);
    };
    let on = params.on(&table, &right);
    let added = params.added(&table, &right, &on);
    for name in &on {
        check_types(&table, &right, name, right_name)?;
    }
    if let Some(taken) = added.iter().find(|name| table.schema_ref().index_of(name).is_ok()) {
        return Err(I18nMessage::new("error.columnAlreadyExists")
            .arg("column_name", *taken)
            .arg("other_tab_name", right_name)
            .from_source(Source::Module)
            .into());
    }
    if on.is_empty() {
        // The user has yet to say what the tabs have in common.
        return Ok(table);
    }
    join(&table, &right, &on, &added, params.join)
}

fn check_types(left: &RecordBatch, right: &RecordBatch, name: &str, right_name: &str) -> Result<()> {
    let left_type = type_name(column(left, name)?.0.data_type());
    let right_type = type_name(column(right, name)?.0.data_type());
    if left_type == right_type {
        return Ok(());
    }
    Err(I18nMessage::new("error.differentColumnTypes")
        .arg("column_name", name)
        .arg("left_type", left_type)
        .arg("right_type", right_type)
        .arg("other_tab_name", right_name)
        .from_source(Source::Module)
        .into())
}

fn join(
    left: &RecordBatch,
    right: &RecordBatch,
    on: &[&str],
    added: &[&str],
    join: Join,
) -> Result<RecordBatch> {
    // The keys of both tables, one under the other.
    let keys: Vec<ArrayRef> = on
        .iter()
        .map(|name| Ok(stack(&[column(left, name)?.1.clone(), column(right, name)?.1.clone()])?))
        .collect::<Result<_>>()?;
    let matches = Matches::find(&keys, left.num_rows(), join)?;

    let as_it_was = matches.left_as_it_was(left.num_rows());
    let mut fields: Vec<Field> = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (field, values) in left.schema_ref().fields().iter().zip(left.columns()) {
        let key = on.iter().position(|name| name == field.name()).filter(|_| join == Join::Right);
        match key {
            // All rows of the right table are there, so the keys are its keys.
            Some(key) => {
                let right_field = column(right, field.name())?.0;
                columns.push(take(&keys[key], &matches.right_in_keys(left.num_rows()), None)?);
                fields.push(key_field(field, right_field, keys[key].data_type()));
            }
            None => {
                columns.push(match as_it_was {
                    true => Arc::clone(values),
                    false => take(values, &matches.left, None)?,
                });
                fields.push(field.as_ref().clone());
            }
        }
    }
    for name in added {
        let (field, values) = column(right, name)?;
        columns.push(take(values, &matches.right, None)?);
        fields.push(field.clone());
    }
    let options = RecordBatchOptions::new().with_row_count(Some(matches.left.len()));
    // Where there is no match there is no value.
    let fields: Vec<Field> = fields.into_iter().map(|field| field.with_nullable(true)).collect();
    Ok(compact(&RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)?)?)
}

/// The field of keys of both tables: shown as in the left one.
fn key_field(left: &Field, right: &Field, data_type: &DataType) -> Field {
    match data_type {
        DataType::Date32 => date_field(left.name(), date_unit(left).common(date_unit(right))),
        _ => left.clone().with_data_type(data_type.clone()),
    }
}

#[cfg(test)]
mod tests;
