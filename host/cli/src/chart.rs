//! `crunchbox run --chart`: from the step's JSON result to a file with a picture.

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use crunchbox::{JsonMap, Picture};
use tempfile::NamedTempFile;

use crate::args::UsageError;
use crate::exit_code::Exit;
use crate::print::visible;
use crate::session::Session;

/// A picture to be, with a file beside its place.
pub(crate) struct Chart {
    path: PathBuf,
    picture: Picture,
    draft: NamedTempFile,
}

impl Chart {
    /// Sees before anything runs that the picture can be written.
    pub(crate) fn prepare(path: &Path) -> anyhow::Result<Chart> {
        let picture = path.extension().unwrap_or_default().to_string_lossy().parse()?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let draft = tempfile::Builder::new()
            .prefix(".crunchbox-")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder)
            .map_err(|error| {
                let (path, folder) = (path.display(), folder.display());
                UsageError(format!("can't write {path} in {folder}: {error}; name another --chart"))
            })?;
        Ok(Chart { path: path.to_owned(), picture, draft })
    }

    /// Draws what the step described. What was in the file before stays if that can't be drawn.
    pub(crate) fn draw(mut self, session: &Session, specification: &JsonMap) -> anyhow::Result<Exit> {
        if specification.is_empty() {
            eprintln!(
                "no chart: the step's JSON result is empty; only a step that describes a chart has one to draw"
            );
            return Ok(Exit::StepError);
        }
        let drawn = session.watched(|engine, control| engine.draw(specification, self.picture, control))?;
        match drawn {
            Ok(bytes) => {
                let path = self.path.display().to_string();
                self.draft.write_all(&bytes).with_context(|| format!("can't write {path}"))?;
                self.draft.persist(&self.path).with_context(|| format!("can't replace {path}"))?;
                eprintln!("chart -> {path}");
                Ok(Exit::Ok)
            }
            Err(not_drawn) => {
                eprintln!("no chart: {}", visible(&not_drawn.reason));
                Ok(Exit::of_verdict(&not_drawn.verdict))
            }
        }
    }
}
