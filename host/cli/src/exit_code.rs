//! The command's exit codes: one for each kind of end, whatever a step's own status was.

use std::process::ExitCode;

use crunchbox::{Error, Verdict};

/// What the command ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// All went well.
    Ok = 0,
    /// The host failed.
    Host = 1,
    /// What was asked for makes no sense: arguments, input files, the module's name.
    Usage = 2,
    /// The step said that it can't do it.
    StepError = 3,
    /// The step broke.
    Broken = 4,
    /// A limit was hit.
    Limit = 5,
    /// A required layer is missing.
    Layer = 6,
    /// Ctrl-C.
    Cancelled = 130,
}

impl Exit {
    /// The code for how a step ended.
    pub(crate) fn of_verdict(verdict: &Verdict) -> Exit {
        match verdict {
            Verdict::Ok => Exit::Ok,
            Verdict::StepError => Exit::StepError,
            Verdict::Fuel { .. }
            | Verdict::Memory { .. }
            | Verdict::Time { .. }
            | Verdict::Output { .. }
            | Verdict::Stack { .. } => Exit::Limit,
            Verdict::Cancelled => Exit::Cancelled,
            // Exit, trap, killed, denied and all that is bad.
            _ => Exit::Broken,
        }
    }

    /// The code for what is no step's fault.
    pub(crate) fn of_error(error: &anyhow::Error) -> Exit {
        match error.downcast_ref::<Error>() {
            Some(
                Error::InvalidInput { .. } | Error::InvalidRequest { .. } | Error::ModuleNotFound { .. },
            ) => Exit::Usage,
            Some(Error::LayerMissing { .. }) => Exit::Layer,
            Some(_) => Exit::Host,
            None if error.is::<crate::args::UsageError>() => Exit::Usage,
            None => Exit::Host,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}
