//! Groups rows by the values in columns and finds figures of each group.

#![forbid(unsafe_code)]

mod aggregate;
mod hints;
mod params;
mod rounding;

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatchOptions, UInt32Array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::take;
use arrow::datatypes::{Field, Schema};
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::groups::Groups;
use crunchbox_sdk::{Context, Output, Result, column, compact, step};

use crate::params::{Aggregation, Params};

#[step(migrate = params::migrate)]
fn render(table: RecordBatch, params: Params, context: &Context) -> Result<Output> {
    let keys = params.keys(&table);
    let mut aggregations = params.aggregations();
    if keys.is_empty() && aggregations == [Aggregation::default_size()] {
        // What a new step asks for, before its user has said anything.
        let table = if context.is_first_part() { table } else { table.slice(0, 0) };
        return Ok(Output::table(table));
    }
    if let Some(error) = hints::non_numeric(&table, &aggregations)? {
        return Ok(Output { errors: vec![error], ..Output::default() });
    }
    let warnings = hints::warnings(&table, &keys, params.group_dates())?;
    params::drop_shadowed(&mut aggregations);

    let key_columns: Vec<ArrayRef> = keys.iter().map(|key| key.values(&table)).collect::<Result<_>>()?;
    let own = match context.key_part() {
        Some(_) if !aggregate::are_of_one_type(&table, &aggregations)? => {
            (!context.is_first_part()).then(|| BooleanBuffer::new_unset(table.num_rows()))
        }
        _ => context.rows_of_part(&key_columns)?,
    };
    let groups = Groups::find_among(&key_columns, table.num_rows(), own.as_ref())?;
    let firsts = UInt32Array::from_iter_values(groups.first_rows());
    let mut fields: Vec<Arc<Field>> = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (key, values) in keys.iter().zip(&key_columns) {
        if aggregations.iter().all(|aggregation| aggregation.outname != key.colname) {
            fields.push(Arc::new(column(&table, &key.colname)?.0.clone()));
            columns.push(take(values, &firsts, None)?);
        }
    }
    for aggregation in &aggregations {
        let (field, values) = aggregate::run(&table, aggregation, &groups)?;
        fields.push(Arc::new(field));
        columns.push(values);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(groups.count()));
    let result = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)?;
    let order = own.map(|_| groups.order(&key_columns)).transpose()?.flatten();
    Ok(Output { table: Some(compact(&result)?), errors: warnings, order, ..Output::default() })
}

#[cfg(test)]
mod tests;
