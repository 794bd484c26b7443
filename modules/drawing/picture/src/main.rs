//! Turns an SVG document into one that is safe to look at: as SVG that holds nothing but shapes, as pixels, or as a page.
//!
//! The document may be anybody's. It is read and written anew, as shapes, so that no script, no link, no image and no text of
//! it is left.

#![forbid(unsafe_code)]

mod page;
mod shapes;

use std::process::ExitCode;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use crunchbox_drawing_support::{Reason, run};
use serde_json::{Value, json};

use crate::shapes::Shapes;

fn main() -> ExitCode {
    run(|params| {
        let svg = params.get("svg").and_then(Value::as_str).ok_or("there is no SVG document")?;
        let format = params.get("format").and_then(Value::as_str).ok_or("no format is named")?;
        let shapes = Shapes::of(svg)?;
        let drawing = match format {
            "svg" => shapes.to_svg().into_bytes(),
            "png" => shapes.to_png()?,
            "html" => {
                let nothing = Value::Null;
                page::of(&shapes, params.get("specification").unwrap_or(&nothing))?.into_bytes()
            }
            other => {
                return Err(Reason::from(format!("{other:?} is no format: there are svg, png and html")));
            }
        };
        match json!({"drawing": BASE64_STANDARD.encode(drawing)}) {
            Value::Object(json) => Ok(json),
            _ => Err(Reason::from("no JSON object")),
        }
    })
}
