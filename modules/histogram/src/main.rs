//! Describes a histogram of a column of numbers.

#![forbid(unsafe_code)]

mod bins;

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Float64Type};
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::charts::{drawn, message};
use crunchbox_sdk::{ColumnKind, Error, JsonMap, Output, Result, cast, column, step};
use serde_json::{Value, json};

use crate::bins::Bins;

const FONT: &str = "Nunito Sans, Helvetica, sans-serif";
/// How few and how many bins may be asked for.
const SUGGESTIONS: [i64; 2] = [2, 500];

#[derive(serde::Deserialize)]
struct Params {
    column: String,
    n_buckets: i64,
    title: String,
}

/// Brings params of older versions up to date: they had no title once.
fn migrate(mut params: JsonMap) -> JsonMap {
    params.entry("title").or_insert_with(|| "".into());
    params
}

#[step(migrate = migrate)]
fn render(table: RecordBatch, params: Params) -> Result<Output> {
    let chart = chart(&table, &params);
    drawn(table, chart, nothing())
}

fn chart(table: &RecordBatch, params: &Params) -> Result<Value> {
    if params.column.is_empty() {
        return Err(message("errors.noColumnSelected").into());
    }
    let (field, values) = column(table, &params.column)?;
    if ColumnKind::of(values.data_type()) != Some(ColumnKind::Number) {
        let (name, found) = (field.name(), field.data_type());
        return Err(Error::bug(format!(
            "column {name:?} holds {found}, not numbers: the params are not clean"
        )));
    }
    let floats = cast(values, &DataType::Float64)?;
    let numbers: Vec<f64> =
        floats.as_primitive::<Float64Type>().iter().flatten().filter(|number| number.is_finite()).collect();
    let [least, most] = SUGGESTIONS;
    let suggested = params.n_buckets.clamp(least, most) as u32;
    let Some(bins) = Bins::of(&numbers, suggested) else {
        return Err(message("errors.notEnoughValues").into());
    };
    Ok(specification(params, &bins))
}

fn specification(params: &Params, bins: &Bins) -> Value {
    let bars: Vec<Value> = (bins.edges.windows(2).zip(&bins.counts))
        .map(|(edges, count)| json!({"min": edges[0], "max": edges[1], "n": count}))
        .collect();
    let text = match params.title.as_str() {
        "" => format!("Histogram of {}", params.column),
        title => title.to_owned(),
    };
    json!({
        "$schema": "https://vega.github.io/schema/vega-lite/v4.0.json",
        "title": {
            "text": text,
            "offset": 15,
            "color": "#383838",
            "font": FONT,
            "fontSize": 20,
            "fontWeight": "normal",
        },
        "data": {"values": bars},
        "mark": "bar",
        "encoding": {
            "x": {
                "field": "min",
                "bin": "binned",
                "type": "quantitative",
                "scale": {"zero": false},
                "axis": {
                    "title": params.column,
                    "grid": false,
                    "tickCount": bins.edges.len(),
                    "values": bins.edges,
                    "tickSize": 3,
                    "titlePadding": 20,
                },
            },
            "x2": {"field": "max", "type": "quantitative"},
            "y": {
                "field": "n",
                "type": "quantitative",
                "axis": {"title": "Frequency", "domain": false, "titlePadding": 20},
            },
            "color": {"value": "#FBAA6D"},
        },
    })
}

/// A chart that says that there is none.
fn nothing() -> Value {
    json!({
        "title": {
            "text": "Please correct the error in this step's data or parameters",
            "offset": 15,
            "color": "#383838",
            "font": FONT,
            "fontSize": 15,
            "fontWeight": "normal",
            "anchor": "middle",
        },
        "mark": "point",
        "config": {"style": {"cell": {"stroke": "transparent"}}},
    })
}

#[cfg(test)]
mod tests;
