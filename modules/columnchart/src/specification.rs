//! The chart in Vega-Lite's words.

use crunchbox_sdk::charts::{GRID, LABELS, Series, TITLES, keys, records};
use serde_json::{Value, json};

/// All that is drawn.
pub(crate) struct Chart {
    pub(crate) title: String,
    pub(crate) x_label: String,
    pub(crate) y_label: String,
    /// As d3 has it.
    pub(crate) y_format: String,
    pub(crate) series: Vec<Series>,
    /// The text, then a number for each series.
    pub(crate) rows: Vec<Vec<Value>>,
}

impl Chart {
    /// Columns of a group stand side by side: the rows are folded to a long table, whose keys are the series' places.
    /// So no name of a column is ever a name in the specification.
    pub(crate) fn specification(&self) -> Value {
        let keys = keys(&self.series);
        let names: Vec<Value> = (keys.iter().zip(&self.series))
            .map(|(key, series)| json!({"key": key, "series": series.column}))
            .collect();
        let shown: Vec<Value> = (keys.iter().zip(&self.series))
            .map(|(key, series)| json!({"field": key, "type": "quantitative", "title": series.column}))
            .collect();
        let tooltip: Vec<Value> =
            std::iter::once(json!({"field": "x", "type": "nominal", "title": self.x_label}))
                .chain(shown)
                .collect();
        let colors: Vec<&str> = self.series.iter().map(|series| series.color.as_str()).collect();
        json!({
            "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
            "title": self.title,
            "config": self.config(),
            "data": {"values": records(&keys, &self.rows)},
            "transform": [
                {"fold": keys},
                {"lookup": "key", "from": {"data": {"values": names}, "key": "key", "fields": ["series"]}},
            ],
            "encoding": {
                "x": {"field": "x", "type": "nominal", "scale": {"padding": 0.25}, "title": self.x_label},
                "color": {"field": "series", "scale": {"range": colors}, "legend": self.legend()},
                "tooltip": tooltip,
            },
            "layer": [self.bars(), hover()],
        })
    }

    fn config(&self) -> Value {
        let mut vertical = json!({"format": self.y_format, "tickColor": GRID});
        if self.y_format.ends_with('d') {
            vertical["tickMinStep"] = 1.into();
        }
        json!({
            "font": "Roboto, Helvetica, sans-serif",
            "title": {"offset": 15, "color": LABELS, "fontSize": 20, "fontWeight": "normal"},
            "axis": {
                "gridColor": GRID,
                "labelColor": LABELS,
                "labelPadding": 10,
                "labelFontSize": 12,
                "labelFontWeight": "normal",
                "titleColor": TITLES,
                "titleFontSize": 15,
                "titleFontWeight": "normal",
                "titlePadding": 15,
            },
            "axisX": {"tickSize": 0, "labelAngle": 0, "labelFlush": true, "labelAlign": "center"},
            "axisY": vertical,
        })
    }

    /// None if there is but one series, whose name is on the axis.
    fn legend(&self) -> Value {
        if self.series.len() < 2 {
            return Value::Null;
        }
        json!({
            "symbolType": "circle",
            "labelColor": LABELS,
            "labelFontSize": 12,
            "labelFontWeight": "normal",
            "rowPadding": 10,
            "title": null,
        })
    }

    fn bars(&self) -> Value {
        let count = self.series.len();
        let place = format!("toNumber(slice(datum.key, 1)) - ({} * 0.5)", count - 1);
        json!({
            "mark": {
                "type": "bar",
                "width": {"expr": format!("bandwidth(\"x\") / {count}")},
                "xOffset": {"expr": format!("bandwidth(\"x\") * ({place}) / {count}")},
            },
            "encoding": {
                "y": {"field": "value", "type": "quantitative", "stack": null, "title": self.y_label},
                // The group under the mouse is brighter than the others.
                "opacity": {"condition": {"test": {"param": "hover", "empty": true}, "value": 1}, "value": 0.7},
            },
        })
    }
}

/// What notices the mouse, and is not seen.
fn hover() -> Value {
    let select = json!({
        "type": "point",
        "encodings": ["x"],
        "on": "mousemove",
        "nearest": true,
        "clear": "mouseout",
        "toggle": false,
    });
    json!({"mark": {"type": "rule", "opacity": 0}, "params": [{"name": "hover", "select": select}]})
}
