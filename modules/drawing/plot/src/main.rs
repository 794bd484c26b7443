//! Turns a chart's specification, of Vega-Lite or Vega, into an SVG document.
//!
//! Vega is a program in JavaScript, so QuickJS runs here. What comes out is not to be trusted: `picture` makes it safe to
//! look at.

#![forbid(unsafe_code)]

mod script;
mod text;

use std::process::ExitCode;

use crunchbox_drawing_support::{Reason, run};
use serde_json::json;

fn main() -> ExitCode {
    run(|params| {
        let specification = params.get("specification").ok_or("there is no specification")?;
        let svg = script::plot(&specification.to_string())?;
        match json!({"svg": svg}) {
            serde_json::Value::Object(json) => Ok(json),
            _ => Err(Reason::from("no JSON object")),
        }
    })
}
