//! Drawing the charts that steps describe.
//!
//! A specification is a stranger's, so it is drawn in jailed workers too, by WASI modules that ship with the command: `plot`
//! makes an SVG document of it, in JavaScript; `picture` makes that one safe to look at, in a worker of its own that has
//! run nothing of the specification's. The host moves bytes.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use crunchbox_protocol::{JsonMap, RenderError};
use serde_json::{Value, json};

use crate::destination::Destination;
use crate::{Control, Engine, Error, Limits, Module, RenderRequest, Stage, Verdict};

/// The longest drawing, in bytes of the message that it comes in.
const DRAWING_BYTES: u64 = 64 << 20;

/// How long each of the two modules has in real time, unless the caller wants it otherwise: a script takes a millisecond for
/// a point.
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
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NotDrawn {
    /// How the module that draws ended: `step-error` if it has a complaint, about the specification most often.
    pub verdict: Verdict,
    /// The complaint, in the module's words: [`Engine::catalogues`] has their texts. Empty if it ended otherwise. May quote the
    /// specification: don't print it raw on a terminal.
    pub errors: Vec<RenderError>,
    /// The module.
    pub module: Module,
}

/// A file that a drawing is to go into, checked before anything runs. What was there before is replaced in one go, or not
/// at all.
pub struct DrawingFile {
    picture: Picture,
    destination: Destination,
}

impl DrawingFile {
    /// Sees that a picture can be written to `path`; its ending says what picture.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] if it can't be, or if charts are not drawn as that.
    pub fn prepare(path: &Path) -> Result<DrawingFile, Error> {
        let picture = path.extension().unwrap_or_default().to_string_lossy().parse()?;
        Ok(DrawingFile { picture, destination: Destination::prepare(path)? })
    }
}

impl Limits {
    /// What each of the modules that draw has: more time, a longer message and a deeper stack than a step.
    pub fn of_drawing() -> Limits {
        Limits::default()
            .with_stdout_bytes(DRAWING_BYTES)
            .with_wall_time(WALL_TIME)
            .with_stack_bytes(STACK_BYTES)
    }
}

impl Engine {
    /// Draws a chart from its specification, in Vega-Lite or Vega: what a step gives as its JSON result. Whatever data the
    /// chart has must be in the specification. Each of the two modules that draw has `limits`, which are best made from
    /// [`Limits::of_drawing`].
    ///
    /// The outer result is the engine's, the inner one the drawing's.
    ///
    /// # Errors
    /// What is not the specification's fault: [`Error::ModuleNotFound`] if the modules that draw are not built.
    pub fn draw(
        &self,
        specification: &JsonMap,
        picture: Picture,
        limits: &Limits,
        control: Control<'_>,
    ) -> Result<Result<Vec<u8>, NotDrawn>, Error> {
        let plot = Module::of_drawing("plot")?;
        let plotted = self.drawn_by(plot, json!({"specification": specification}), "svg", limits, control)?;
        let svg = match plotted {
            Ok(svg) => svg,
            Err(not_drawn) => return Ok(Err(not_drawn)),
        };
        let mut params = json!({"svg": svg, "format": picture.as_str()});
        if picture == Picture::Html {
            params["specification"] = Value::Object(specification.clone());
        }
        let module = Module::of_drawing("picture")?;
        let pictured = self.drawn_by(module.clone(), params, "drawing", limits, control)?;
        let text = match pictured {
            Ok(text) => text,
            Err(not_drawn) => return Ok(Err(not_drawn)),
        };
        let picture = BASE64_STANDARD.decode(text);
        Ok(picture.map_err(|error| NotDrawn::by_bad_message(module, error.to_string())))
    }

    /// The same into a file. What was there before stays if the chart can't be drawn.
    ///
    /// # Errors
    /// As [`Engine::draw`], and if the file can't be written.
    pub fn draw_into(
        &self,
        file: DrawingFile,
        specification: &JsonMap,
        limits: &Limits,
        control: Control<'_>,
    ) -> Result<Result<(), NotDrawn>, Error> {
        match self.draw(specification, file.picture, limits, control)? {
            Ok(bytes) => {
                control.enter(Stage::WritingOutput);
                file.destination.write_bytes(&bytes).map(Ok)
            }
            Err(not_drawn) => Ok(Err(not_drawn)),
        }
    }

    /// Runs one of the modules, and gives the text that it answers with under `key`.
    fn drawn_by(
        &self,
        module: Module,
        params: Value,
        key: &str,
        limits: &Limits,
        control: Control<'_>,
    ) -> Result<Result<String, NotDrawn>, Error> {
        let request = RenderRequest::new(&module).clean_params(params);
        let mut outcome = self.render_with(&request, limits, control)?;
        if outcome.verdict != Verdict::Ok {
            return Ok(Err(NotDrawn { verdict: outcome.verdict, errors: outcome.errors, module }));
        }
        Ok(match outcome.json.remove(key) {
            Some(Value::String(text)) => Ok(text),
            _ => {
                let reason = format!("`{}` has not given `{key}`", module.id());
                Err(NotDrawn::by_bad_message(module, reason))
            }
        })
    }
}

impl NotDrawn {
    fn by_bad_message(module: Module, reason: String) -> NotDrawn {
        NotDrawn { verdict: Verdict::BadMessage { reason }, errors: Vec::new(), module }
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
