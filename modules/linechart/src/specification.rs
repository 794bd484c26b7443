//! The chart in Vega-Lite's words.

use chrono::Datelike;
use crunchbox_sdk::DateUnit;
use crunchbox_sdk::charts::{GRID, LABELS, Series, TITLES, keys, records};
use serde_json::{Value, json};

use crate::ticks::Ticks;

/// All that is drawn.
pub(crate) struct Chart {
    pub(crate) title: String,
    pub(crate) x_label: String,
    /// May be empty.
    pub(crate) y_label: String,
    /// As d3 has it.
    pub(crate) y_format: String,
    pub(crate) scale: Scale,
    pub(crate) series: Vec<Series>,
    /// The place on the X axis, then a number for each series.
    pub(crate) rows: Vec<Vec<Value>>,
}

/// What the X axis is of.
pub(crate) enum Scale {
    /// Each has its place, in the order of the rows.
    Texts,
    /// In this format of d3's.
    Numbers(String),
    /// With these ticks, if they are known.
    Times(Option<Ticks>),
    Dates(DateUnit),
}

impl Scale {
    fn word(&self) -> &'static str {
        match self {
            Scale::Texts => "ordinal",
            Scale::Numbers(_) => "quantitative",
            Scale::Times(_) | Scale::Dates(_) => "temporal",
        }
    }

    /// How times are written, where that is not left to the drawing program.
    fn time_format(&self) -> Option<&'static str> {
        Some(match self {
            Scale::Times(Some(ticks)) => ticks.format,
            Scale::Dates(DateUnit::Year) => "%Y",
            Scale::Dates(DateUnit::Quarter) => "Q%q %Y",
            Scale::Dates(DateUnit::Month) => "%b %Y",
            Scale::Dates(DateUnit::Week | DateUnit::Day) => "%b %-d, %Y",
            Scale::Texts | Scale::Numbers(_) | Scale::Times(None) => return None,
        })
    }

    fn encoding(&self, label: &str) -> Value {
        let mut axis = json!({"title": label});
        let mut encoding = json!({"field": "x", "type": self.word()});
        if let Scale::Texts = self {
            axis["labelAngle"] = 0.into();
            axis["labelOverlap"] = false.into();
            encoding["sort"] = Value::Null;
        } else {
            axis["tickCount"] = json!({"expr": "ceil(width/100)"});
            axis["labelOverlap"] = "parity".into();
            axis["labelSeparation"] = 5.into();
        }
        if let Some(format) = self.time_format() {
            axis["labelExpr"] = format!("utcFormat(datum.value, \"{format}\")").into();
        }
        match self {
            Scale::Numbers(format) => {
                axis["format"] = format.as_str().into();
                if format.ends_with('d') {
                    axis["tickMinStep"] = 1.into();
                }
            }
            Scale::Times(Some(ticks)) => {
                axis["values"] = ticks.days.iter().map(ToString::to_string).collect();
                if let Some(first) = ticks.days.first() {
                    let first = format!("utc({}, {}, {})", first.year(), first.month0(), first.day());
                    encoding["scale"] = json!({"domainMin": {"expr": first}});
                }
            }
            Scale::Dates(unit) => {
                encoding["timeUnit"] = match unit {
                    DateUnit::Year => "utcyear",
                    DateUnit::Quarter | DateUnit::Month => "utcyearmonth",
                    DateUnit::Week | DateUnit::Day => "utcyearmonthdate",
                }
                .into();
            }
            Scale::Texts | Scale::Times(None) => {}
        }
        encoding["axis"] = axis;
        encoding
    }

    fn tooltip(&self) -> Value {
        let mut tooltip = json!({"field": "x", "type": self.word()});
        if self.word() == "temporal" {
            tooltip["scale"] = json!({"type": "utc"});
        }
        if let Some(format) = self.time_format() {
            tooltip["format"] = format.into();
        }
        tooltip
    }
}

impl Chart {
    /// Lines below; above them what is seen at the mouse: a rule and its points. Series go by their places, so that no name
    /// of a column is ever a name in the specification.
    pub(crate) fn specification(&self) -> Value {
        let keys = keys(&self.series);
        let shown = keys.iter().zip(&self.series);
        let tooltip: Vec<Value> =
            std::iter::once(self.scale.tooltip())
                .chain(shown.clone().map(
                    |(key, series)| json!({"field": key, "type": "quantitative", "title": series.column}),
                ))
                .collect();
        let lines = (0..).zip(&keys).map(|(place, key)| self.line(place, key));
        let points = shown.map(|(key, series)| point(key, series));
        let layers: Vec<Value> = lines.chain([rule()]).chain(points).collect();
        json!({
            "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
            "title": self.title,
            "config": self.config(),
            "data": {"values": records(&keys, &self.rows)},
            "encoding": {
                "x": self.scale.encoding(&self.x_label),
                "y": {"title": self.y_label},
                "tooltip": tooltip,
            },
            "layer": layers,
        })
    }

    fn config(&self) -> Value {
        let mut vertical = json!({"format": self.y_format, "tickCount": {"expr": "ceil(height/100)"}});
        if self.y_format.ends_with('d') {
            vertical["tickMinStep"] = 1.into();
        }
        let mut config = json!({
            "font": "Roboto, Helvetica, sans-serif",
            "title": {"offset": 15, "color": LABELS, "fontSize": 20, "fontWeight": "normal"},
            "axis": {
                "tickSize": 3,
                "tickColor": GRID,
                "titlePadding": 20,
                "titleFontSize": 15,
                "titleFontWeight": "normal",
                "titleColor": TITLES,
                "labelColor": LABELS,
                "labelFontSize": 12,
                "labelPadding": 10,
                "gridColor": GRID,
                "domain": false,
            },
            "axisY": vertical,
        });
        if self.series.len() > 1 {
            config["legend"] = json!({"rowPadding": 10, "labelFontSize": 12, "labelColor": LABELS});
        }
        config
    }

    fn line(&self, place: usize, key: &str) -> Value {
        let mut color = json!({"datum": key});
        if place == 0 {
            // All lines share the first one's.
            let keys = keys(&self.series);
            let colors: Vec<&str> = self.series.iter().map(|series| series.color.as_str()).collect();
            color["scale"] = json!({"domain": keys, "range": colors});
            color["legend"] = self.legend();
        }
        json!({
            "mark": {"type": "line", "point": {"shape": "circle", "size": 36}},
            "encoding": {"y": {"field": key, "type": "quantitative"}, "color": color},
        })
    }

    /// None if there is but one series, whose name is on the axis.
    fn legend(&self) -> Value {
        if self.series.len() < 2 {
            return Value::Null;
        }
        let names: serde_json::Map<String, Value> = (keys(&self.series).into_iter().zip(&self.series))
            .map(|(key, series)| (key, series.column.as_str().into()))
            .collect();
        json!({"title": null, "labelExpr": format!("{}[datum.value]", in_ascii(&Value::Object(names).to_string()))})
    }
}

/// JSON without a character beyond ASCII: expressions take JSON for literals, but not every character that may end a line.
fn in_ascii(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                ascii.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    ascii
}

/// At the value on the X axis that is nearest to the mouse.
fn rule() -> Value {
    let select = json!({
        "type": "single",
        "on": "mouseover",
        "empty": "none",
        "nearest": true,
        "clear": "mouseout",
    });
    json!({
        "mark": {"type": "rule", "strokeWidth": 2, "color": TITLES},
        "selection": {"hover": select},
        "encoding": {"opacity": while_hovered()},
    })
}

fn point(key: &str, series: &Series) -> Value {
    json!({
        "mark": {"type": "point", "size": 49, "fill": series.color, "strokeWidth": 2, "stroke": TITLES},
        "encoding": {"y": {"field": key, "type": "quantitative"}, "opacity": while_hovered()},
    })
}

fn while_hovered() -> Value {
    json!({"condition": {"selection": "hover", "value": 1}, "value": 0})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ascii_in_expressions() {
        assert_eq!(in_ascii("{\"y0\":\"a\\\"é\u{2028}😀\"}"), r#"{"y0":"a\"\u00e9\u2028\ud83d\ude00"}"#);
    }
}
