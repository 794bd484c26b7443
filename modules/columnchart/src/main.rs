//! Describes a chart of columns, one group of them for each text.

#![forbid(unsafe_code)]

mod specification;

use arrow::record_batch::RecordBatch;
use crunchbox_sdk::charts::{self, Series, cells, d3_format, drawn, message, not_drawn, rows_with_first};
use crunchbox_sdk::{Output, Result, column, number_format, step};
use serde_json::Value;

use crate::specification::Chart;

/// The most groups that there is room for.
const MAX_BARS: usize = 500;

#[derive(serde::Deserialize)]
struct Params {
    title: String,
    x_axis_label: String,
    y_axis_label: String,
    x_column: String,
    y_columns: Vec<Series>,
}

#[step(migrate = charts::migrate_series)]
fn render(table: RecordBatch, params: Params) -> Result<Output> {
    let chart = chart(&table, params);
    drawn(table, chart, not_drawn())
}

fn chart(table: &RecordBatch, params: Params) -> Result<Value> {
    if params.x_column.is_empty() {
        return Err(message("noXAxisError.message").into());
    }
    let Some(first) = params.y_columns.first() else {
        return Err(message("noYAxisError.message").into());
    };
    let mut columns = vec![cells(column(table, &params.x_column)?.1)?];
    for series in &params.y_columns {
        let (field, values) = column(table, &series.column)?;
        columns.push(charts::numbers(field, values)?);
    }
    let rows = rows_with_first(columns);
    if rows.len() > MAX_BARS {
        return Err(message("tooManyBarsError.message").arg("MaxNBars", MAX_BARS as i32).into());
    }
    if rows.is_empty() {
        return Err(message("nothingToPlotError.message").into());
    }
    let or = |label: &str, name: &str| if label.is_empty() { name.to_owned() } else { label.to_owned() };
    Ok(Chart {
        x_label: or(&params.x_axis_label, &params.x_column),
        y_label: or(&params.y_axis_label, &first.column),
        y_format: d3_format(number_format(column(table, &first.column)?.0)),
        title: params.title,
        series: params.y_columns,
        rows,
    }
    .specification())
}

#[cfg(test)]
mod tests;
