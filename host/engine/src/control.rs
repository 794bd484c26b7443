//! Watching a call, and ending it early.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::event::{EventfdFlags, eventfd};

use crate::Error;

/// Ends a call from another thread. Clones end the same call, or calls.
#[derive(Clone, Debug)]
pub struct CancelToken(Arc<OwnedFd>);

impl CancelToken {
    /// A token that has not been used.
    ///
    /// # Errors
    /// [`Error::Spawn`] if the process has no descriptor left.
    pub fn new() -> Result<CancelToken, Error> {
        let fd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(|errno| Error::system("make an event descriptor")(errno.into()))?;
        Ok(CancelToken(Arc::new(fd)))
    }

    /// Ends every call that was given this token, now and later: their verdict is `cancelled`.
    pub fn cancel(&self) {
        // The only failure is a counter that is full, and then it is long cancelled.
        let _ = rustix::io::write(&*self.0, &1u64.to_ne_bytes());
    }

    /// Whether [`cancel`](CancelToken::cancel) has been called.
    pub fn is_cancelled(&self) -> bool {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        let mut fds = [PollFd::from_borrowed_fd(self.as_fd(), PollFlags::IN)];
        matches!(poll(&mut fds, Some(&now)).map_err(io::Error::from), Ok(1))
    }

    /// Readable once cancelled.
    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// The module is being compiled: its code is not in the cache.
    Compiling,
    /// An input is being brought into the step's format.
    ReadingInput,
    /// The step runs.
    Running,
    /// The step's table is being validated.
    CheckingOutput,
    /// The table is being written to where the caller wants it.
    WritingOutput,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stage::Compiling => "compiling the module",
            Stage::ReadingInput => "reading the input",
            Stage::Running => "running the step",
            Stage::CheckingOutput => "checking the table",
            Stage::WritingOutput => "writing the output",
        })
    }
}

/// A caller's hold on a call while it lasts.
#[derive(Clone, Copy, Default)]
pub struct Control<'a> {
    /// Ends the call.
    pub cancel: Option<&'a CancelToken>,
    /// Is told whenever the call gets to another stage.
    pub on_stage: Option<&'a dyn Fn(Stage)>,
}

impl Control<'_> {
    pub(crate) fn enter(&self, stage: Stage) {
        if let Some(on_stage) = self.on_stage {
            on_stage(stage);
        }
    }
}
