//! Groups rows by the time they are of, and counts them or finds a figure of them.

#![forbid(unsafe_code)]

mod params;
mod times;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, UInt32Array, new_null_array};
use arrow::compute::{concat, take};
use arrow::datatypes::{Field, Int64Type, Schema};
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::groups::Groups;
use crunchbox_sdk::{
    ColumnKind, DateUnit, Error, I18nMessage, Result, Source, cast, column, date_unit, figures, result_field,
    step, timestamps,
};

use crate::params::{Operation, Params};

/// The most rows that a table may have.
const MAX_ROWS: i64 = 1_000_000;

#[step(migrate = params::migrate)]
fn render(table: RecordBatch, params: Params) -> Result<RecordBatch> {
    let Some(target) = params.target() else { return Ok(table) };
    if params.column.is_empty() || table.num_rows() == 0 {
        return Ok(table);
    }
    let times = timestamps(&table, &params.column)?;
    let target = target.map(|name| column(&table, name)).transpose()?;
    let is_counted = |row: usize| target.is_none_or(|(_, values)| values.is_valid(row));
    let keys: Int64Array = (0..)
        .zip(times)
        .map(|(row, time)| time.filter(|_| is_counted(row)).map(|time| params.groupby.index(time)))
        .collect();
    let keys: ArrayRef = Arc::new(keys);
    let groups = Groups::find(&[Arc::clone(&keys)], table.num_rows())?;
    let mut indexes = take(&keys, &UInt32Array::from_iter_values(groups.first_rows()), None)?;
    let (name, unit, mut found) = match target {
        None => ("count", DateUnit::Day, figures::sizes(&groups)),
        Some((field, values)) => {
            (field.name().as_str(), date_unit(field), figure(params.operation, field, values, &groups)?)
        }
    };
    if params.include_missing_dates {
        (indexes, found) = with_missing(indexes.as_primitive(), &found, params.operation)?;
    }
    let times = params.groupby.shown(indexes.as_primitive::<Int64Type>());
    let mut columns = vec![
        (Field::new(&params.column, times.data_type().clone(), true), times),
        (result_field(table.schema_ref(), name, found.data_type(), unit), found),
    ];
    if name == params.column {
        // The figure is what was asked for.
        columns.remove(0);
    }
    let (fields, columns): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

fn figure(operation: Operation, field: &Field, values: &ArrayRef, groups: &Groups) -> Result<ArrayRef> {
    if operation.needs_numbers() && ColumnKind::of(field.data_type()) != Some(ColumnKind::Number) {
        let found = field.data_type();
        return Err(Error::bug(format!(
            "column {:?} holds {found}, not numbers: the params are not clean",
            field.name()
        )));
    }
    Ok(match operation {
        Operation::Size => figures::sizes(groups),
        Operation::Mean => figures::mean(values, groups)?,
        Operation::Sum => figures::sum(values, groups)?,
        Operation::Min => figures::min(values, groups)?,
        Operation::Max => figures::max(values, groups)?,
    })
}

/// The same with the times between that are missing.
fn with_missing(
    indexes: &Int64Array,
    figures: &ArrayRef,
    operation: Operation,
) -> Result<(ArrayRef, ArrayRef)> {
    let [first, .., last] = indexes.values()[..] else {
        return Ok((Arc::new(indexes.clone()), Arc::clone(figures)));
    };
    let count = i128::from(last) - i128::from(first) + 1;
    if count > i128::from(MAX_ROWS) {
        let error = I18nMessage::new("error.tooManyRows").from_source(Source::Module);
        let error = match i32::try_from(count) {
            Ok(count) => error.arg("n_rows", count),
            Err(_) => error.arg("n_rows", count as f64),
        };
        return Err(error.arg("max_rows_per_table", MAX_ROWS as i32).into());
    }
    // What figures there are, and behind them the one of no rows.
    let nothing = match operation.of_nothing() {
        Some(number) => cast(&(Arc::new(Int64Array::from(vec![number])) as ArrayRef), figures.data_type())?,
        None => new_null_array(figures.data_type(), 1),
    };
    let found = concat(&[figures, &nothing])?;
    let mut known = (0..).zip(indexes.values()).peekable();
    let places = (first..=last).map(|index| {
        let place = known.next_if(|(_, known)| **known == index);
        place.map_or(indexes.len() as u32, |(place, _)| place)
    });
    let places = UInt32Array::from_iter_values(places);
    Ok((Arc::new(Int64Array::from_iter_values(first..=last)), take(&found, &places, None)?))
}

#[cfg(test)]
mod tests;
