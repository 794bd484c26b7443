//! Drawing the charts that steps describe.
//!
//! A specification is a stranger's, so it is drawn in jailed workers too, by WASI modules that ship with the command: `plot`
//! makes an SVG document of it, in JavaScript; `picture` makes that one safe to look at, in a worker of its own that has
//! run nothing of the specification's. The host moves bytes.

use std::str::FromStr;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use crunchbox_protocol::{I18nArgument, JsonMap};
use serde_json::{Value, json};

use crate::{Control, Engine, Error, Limits, Module, RenderRequest, Verdict};

/// The longest drawing, in bytes of the message that it comes in.
const DRAWING_BYTES: u64 = 64 << 20;

/// How long each of the two modules has, in real time: a script takes a millisecond for a point.
const WALL_TIME: Duration = Duration::from_secs(120);

/// Scripts call deep: JavaScript's stack and WebAssembly's grow together.
const STACK_BYTES: u64 = 16 << 20;

/// What a chart is drawn as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Picture {
    /// Shapes and nothing else, text too.
    Svg,
    /// Two pixels each way for one of the chart's.
    Png,
    /// A page of its own with the shapes and the specification as text. It has no script and loads nothing.
    Html,
}

impl Picture {
    fn as_str(self) -> &'static str {
        match self {
            Picture::Svg => "svg",
            Picture::Png => "png",
            Picture::Html => "html",
        }
    }
}

/// By a file name's ending, without its dot.
impl FromStr for Picture {
    type Err = Error;

    fn from_str(ending: &str) -> Result<Picture, Error> {
        let all = [Picture::Svg, Picture::Png, Picture::Html];
        let found = all.into_iter().find(|picture| ending.eq_ignore_ascii_case(picture.as_str()));
        found.ok_or_else(|| Error::InvalidRequest {
            what: format!("charts are not drawn as {ending:?}: name the file .svg, .png or .html"),
        })
    }
}

/// Why there is no drawing.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct NotDrawn {
    /// How the module that draws ended: `step-error` if it has a complaint, about the specification most often.
    pub verdict: Verdict,
    /// The complaint, or the verdict's reason. May quote the specification: don't print it raw on a terminal.
    pub reason: String,
}

impl Engine {
    /// Draws a chart from its specification, in Vega-Lite or Vega: what a step gives as its JSON result. Whatever data the
    /// chart has must be in the specification.
    ///
    /// The outer result is the engine's, the inner one the drawing's.
    ///
    /// # Errors
    /// What is not the specification's fault: [`Error::ModuleNotFound`] if the modules that draw are not built.
    pub fn draw(
        &self,
        specification: &JsonMap,
        picture: Picture,
        control: Control<'_>,
    ) -> Result<Result<Vec<u8>, NotDrawn>, Error> {
        let plotted = self.drawn_by("plot", json!({"specification": specification}), "svg", control)?;
        let svg = match plotted {
            Ok(svg) => svg,
            Err(not_drawn) => return Ok(Err(not_drawn)),
        };
        let mut params = json!({"svg": svg, "format": picture.as_str()});
        if picture == Picture::Html {
            params["specification"] = Value::Object(specification.clone());
        }
        let pictured = self.drawn_by("picture", params, "drawing", control)?;
        Ok(pictured.and_then(|text| {
            BASE64_STANDARD.decode(text).map_err(|error| NotDrawn::by_bad_message(error.to_string()))
        }))
    }

    /// Runs one of the modules, and gives the text that it answers with under `key`.
    fn drawn_by(
        &self,
        id: &str,
        params: Value,
        key: &str,
        control: Control<'_>,
    ) -> Result<Result<String, NotDrawn>, Error> {
        let request = RenderRequest::new(&Module::of_drawing(id)?).clean_params(params);
        let limits = Limits::default()
            .with_stdout_bytes(DRAWING_BYTES)
            .with_wall_time(WALL_TIME)
            .with_stack_bytes(STACK_BYTES);
        let mut outcome = self.render_with(&request, &limits, control)?;
        if outcome.verdict != Verdict::Ok {
            let complaint = outcome.errors.first().and_then(|error| error.message.arguments.get("reason"));
            let reason = match complaint {
                Some(I18nArgument::String(reason)) => reason.clone(),
                _ => outcome.verdict.to_string(),
            };
            return Ok(Err(NotDrawn { verdict: outcome.verdict, reason }));
        }
        Ok(match outcome.json.remove(key) {
            Some(Value::String(text)) => Ok(text),
            _ => Err(NotDrawn::by_bad_message(format!("`{id}` has not given `{key}`"))),
        })
    }
}

impl NotDrawn {
    fn by_bad_message(reason: String) -> NotDrawn {
        NotDrawn { verdict: Verdict::BadMessage { reason: reason.clone() }, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_pictures() {
        assert_eq!("PNG".parse::<Picture>().unwrap(), Picture::Png);
        let refused = "pdf".parse::<Picture>().unwrap_err().to_string();
        assert!(refused.contains("\"pdf\"") && refused.contains(".html"), "{refused}");
    }
}
