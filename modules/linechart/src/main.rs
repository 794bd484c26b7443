//! Describes a chart of lines along an X axis of time, numbers or texts.

#![forbid(unsafe_code)]

mod params;
mod specification;
mod ticks;

use arrow::array::AsArray;
use arrow::datatypes::TimestampNanosecondType;
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::charts::{self, cells, check_axis, d3_format, drawn, message, not_drawn, rows_with_first};
use crunchbox_sdk::{ColumnKind, Output, Result, column, date_unit, number_format, step};
use serde_json::Value;

use crate::params::Params;
use crate::specification::{Chart, Scale};

#[step(migrate = params::migrate)]
fn render(table: RecordBatch, params: Params) -> Result<Output> {
    let chart = chart(&table, params);
    drawn(table, chart, not_drawn())
}

fn chart(table: &RecordBatch, params: Params) -> Result<Value> {
    if params.x_column.is_empty() {
        return Err(message("noXAxisError.message").into());
    }
    let (x_field, x_values) = column(table, &params.x_column)?;
    let x_kind = ColumnKind::of(x_values.data_type());
    let x_cells = cells(x_values)?;
    check_axis(&params.x_column, x_kind, &x_cells)?;
    let Some(first) = params.y_columns.first() else {
        return Err(message("noYAxisError.message").into());
    };
    let has_x: Vec<bool> = x_cells.iter().map(|cell| !cell.is_null()).collect();
    let mut columns = vec![x_cells];
    for series in &params.y_columns {
        columns.push(y_cells(table, &params.x_column, &series.column, &has_x)?);
    }

    let scale = match x_kind {
        Some(ColumnKind::Number) => Scale::Numbers(d3_format(number_format(x_field))),
        Some(ColumnKind::Timestamp) => {
            Scale::Times(ticks::of_calendar(x_values.as_primitive::<TimestampNanosecondType>()))
        }
        Some(ColumnKind::Date) => Scale::Dates(date_unit(x_field)),
        Some(ColumnKind::Text) | None => Scale::Texts,
    };
    let y_label = match &params.y_columns[..] {
        [only] if params.y_axis_label.is_empty() => only.column.clone(),
        _ => params.y_axis_label,
    };
    let or = |text: String, other: &str| if text.is_empty() { other.to_owned() } else { text };
    Ok(Chart {
        title: or(params.title, "Line Chart"),
        x_label: or(params.x_axis_label, &params.x_column),
        y_label,
        y_format: d3_format(number_format(column(table, &first.column)?.0)),
        scale,
        series: params.y_columns,
        rows: rows_with_first(columns),
    }
    .specification())
}

/// The numbers of a line, one of which at least has a place on the X axis.
fn y_cells(table: &RecordBatch, x_name: &str, name: &str, has_x: &[bool]) -> Result<Vec<Value>> {
    let complain = |id: &str| message(id).arg("column_name", name);
    if name == x_name {
        return Err(complain("sameAxesError.message").into());
    }
    let (field, values) = column(table, name)?;
    if ColumnKind::of(values.data_type()) != Some(ColumnKind::Number) {
        return Err(complain("axisNotNumericError.message").into());
    }
    let cells = charts::numbers(field, values)?;
    if !cells.iter().zip(has_x).any(|(cell, has_x)| *has_x && !cell.is_null()) {
        return Err(complain("emptyAxisError.message").into());
    }
    Ok(cells)
}

#[cfg(test)]
mod tests;
