//! Describes a plot of points, one for each row that has both values.

#![forbid(unsafe_code)]

use arrow::record_batch::RecordBatch;
use crunchbox_sdk::charts::{
    self, LABELS, TITLES, cells, check_axis, d3_format, drawn, message, not_drawn, scale_type,
};
use crunchbox_sdk::{ColumnKind, Output, Result, column, number_format, step};
use serde_json::{Value, json};

const FONT: &str = "Nunito Sans, Helvetica, sans-serif";
/// No least distance of ticks, in a number that a schema takes.
const ANY_STEP: f64 = 1e-22;

#[derive(serde::Deserialize)]
struct Params {
    title: String,
    x_axis_label: String,
    y_axis_label: String,
    x_column: String,
    y_column: String,
}

#[step]
fn render(table: RecordBatch, params: Params) -> Result<Output> {
    let chart = chart(&table, &params);
    drawn(table, chart, not_drawn())
}

fn chart(table: &RecordBatch, params: &Params) -> Result<Value> {
    if params.x_column.is_empty() {
        return Err(message("noXAxisError.message").into());
    }
    let (x_field, x_values) = column(table, &params.x_column)?;
    let x_kind = ColumnKind::of(x_values.data_type());
    let x_cells = cells(x_values)?;
    check_axis(&params.x_column, x_kind, &x_cells)?;
    if params.y_column.is_empty() {
        return Err(message("noYAxisError.message").into());
    }
    if params.y_column == params.x_column {
        return Err(message("sameAxesError.message").arg("column_name", params.y_column.as_str()).into());
    }
    let (y_field, y_values) = column(table, &params.y_column)?;
    let y_cells = charts::numbers(y_field, y_values)?;
    let points: Vec<Value> = (x_cells.into_iter().zip(y_cells))
        .filter(|(x, y)| !x.is_null() && !y.is_null())
        .map(|(x, y)| json!({"x": x, "y": y}))
        .collect();
    if points.is_empty() {
        return Err(message("emptyAxisError.message").arg("column_name", params.y_column.as_str()).into());
    }

    let x_format = match x_kind {
        Some(ColumnKind::Number) => d3_format(number_format(x_field)),
        _ => String::new(),
    };
    let mut x_axis = axis(&params.x_axis_label, &params.x_column, &x_format);
    if scale_type(x_kind) == "ordinal" {
        x_axis["labelAngle"] = 0.into();
        x_axis["labelOverlap"] = false.into();
    }
    let y_axis = axis(&params.y_axis_label, &params.y_column, &d3_format(number_format(y_field)));
    let title = if params.title.is_empty() { "Scatter Plot" } else { &params.title };
    Ok(json!({
        "$schema": "https://vega.github.io/schema/vega-lite/v3.json",
        "title": title,
        "config": config(),
        "data": {"values": points},
        "mark": {"type": "point", "point": {"shape": "circle"}},
        "encoding": {
            "x": {"field": "x", "type": scale_type(x_kind), "axis": x_axis},
            "y": {"field": "y", "type": "quantitative", "axis": y_axis},
        },
    }))
}

fn axis(label: &str, name: &str, format: &str) -> Value {
    let step = if format.ends_with('d') { json!(1) } else { json!(ANY_STEP) };
    json!({"title": if label.is_empty() { name } else { label }, "format": format, "tickMinStep": step})
}

fn config() -> Value {
    json!({
        "title": {"offset": 15, "color": LABELS, "font": FONT, "fontSize": 20, "fontWeight": "normal"},
        "axis": {
            "tickSize": 3,
            "titlePadding": 20,
            "titleFontSize": 15,
            "titleFontWeight": 100,
            "titleColor": TITLES,
            "titleFont": FONT,
            "labelFont": FONT,
            "labelFontWeight": 400,
            "labelColor": LABELS,
            "labelFontSize": 12,
            "labelPadding": 10,
            "gridOpacity": 0.5,
        },
    })
}

#[cfg(test)]
mod tests;
