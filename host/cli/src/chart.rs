//! `crunchbox run --chart`: from the step's JSON result to a file with a picture.

use std::path::{Path, PathBuf};

use crunchbox::{DrawingFile, JsonMap, Limits, NotDrawn};
use crunchbox_messages::Translator;

use crate::args::RunArgs;
use crate::exit_code::Exit;
use crate::print::{error, visible};
use crate::session::Session;

/// A picture to be.
pub(crate) struct Chart {
    path: PathBuf,
    file: DrawingFile,
}

impl Chart {
    /// Sees before anything runs that the picture can be written.
    pub(crate) fn prepare(path: &Path) -> anyhow::Result<Chart> {
        Ok(Chart { path: path.to_owned(), file: DrawingFile::prepare(path)? })
    }

    /// Draws what the step described. `translator` is asked for one of what went wrong.
    pub(crate) fn draw(
        self,
        args: &RunArgs,
        session: &Session,
        specification: &JsonMap,
        translator: impl FnOnce(&NotDrawn) -> Translator,
    ) -> anyhow::Result<Exit> {
        if specification.is_empty() {
            eprintln!(
                "no chart: the step's JSON result is empty; only a step that describes a chart has one to draw"
            );
            return Ok(Exit::StepError);
        }
        // The time that a step may take is each drawing module's too.
        let limits = Limits::of_drawing();
        let limits = args.timeout.map_or(limits.clone(), |time| limits.with_wall_time(time));
        let drawn = session
            .watched(|engine, control| engine.draw_into(self.file, specification, &limits, control))?;
        let Err(not_drawn) = drawn else {
            eprintln!("chart -> {}", self.path.display());
            return Ok(Exit::Ok);
        };
        match not_drawn.errors.first() {
            Some(complaint) => {
                let told = error(complaint, &translator(&not_drawn), None);
                eprintln!("no chart: {}", told.join("\n"));
            }
            None => eprintln!("no chart: {}", visible(&not_drawn.verdict.to_string())),
        }
        Ok(Exit::of_verdict(&not_drawn.verdict))
    }
}
