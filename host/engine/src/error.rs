//! What is not a step's fault.

use std::io;
use std::path::PathBuf;

use crunchbox_jail::SpawnError;

/// Why there is no [`Outcome`](crate::Outcome): the caller's request can't be met, or the machine failed.
///
/// What a step does is never one of these; that is a [`Verdict`](crate::Verdict).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An input file can't be read as the table it is said to be.
    #[error("{} is not a readable table: {reason}", path.display())]
    #[non_exhaustive]
    InvalidInput {
        /// The file.
        path: PathBuf,
        /// What is wrong, and the mend where there is one.
        reason: String,
    },
    /// What was asked for makes no sense, whatever the step.
    #[error("{what}")]
    #[non_exhaustive]
    InvalidRequest {
        /// What, and the mend.
        what: String,
    },
    /// There is no such module.
    #[error("there is no module {name}: {reason}")]
    #[non_exhaustive]
    ModuleNotFound {
        /// The path or id that was asked for.
        name: String,
        /// Where it was looked for, or what there is.
        reason: String,
    },
    /// A layer that was required can't be had. Nothing has run.
    #[error("the layer {layer} is required, but can't be had: {reason}")]
    #[non_exhaustive]
    LayerMissing {
        /// Its name.
        layer: String,
        /// Why not.
        reason: String,
    },
    /// An executable that the engine needs is not there.
    #[error(
        "there is no {name} in {looked_in}; build it with `cargo xtask build`, or set CRUNCHBOX_WORKERS to its folder"
    )]
    #[non_exhaustive]
    WorkerNotFound {
        /// The executable.
        name: &'static str,
        /// The folders that were tried.
        looked_in: String,
    },
    /// A worker could not be started.
    #[error("can't start a worker")]
    Spawn(#[from] SpawnError),
    /// A worker could not do its part, through no fault of the step's.
    #[error("the {role} worker failed: {reason}")]
    #[non_exhaustive]
    WorkerFailed {
        /// Which.
        role: &'static str,
        /// What it said, or how it ended.
        reason: String,
    },
    /// A file of ours or of the caller's can't be used.
    #[error("can't {action} {}", path.display())]
    #[non_exhaustive]
    Io {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// For `map_err` on what a file operation says.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
        let path = path.into();
        move |source| Error::Io { action, path, source }
    }

    /// For `map_err` on what happens to the engine's own descriptors, which have no path.
    pub(crate) fn system(action: &'static str) -> impl Fn(io::Error) -> Error + Copy {
        move |source| Error::Spawn(SpawnError::System { action, source })
    }
}
