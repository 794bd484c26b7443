//! Files that a step has removed and holds open. What has a name the engine counts from outside; of these it sees nothing
//! unless it is root.

use std::fs::File;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use crunchbox_jail::{end, removed_bytes};
use crunchbox_protocol::{End, Message, Report};
use rustix::fs::{Stat, fstat};

/// How often a look is taken, at most.
const INTERVAL: Duration = Duration::from_millis(20);

/// What a step may hold of removed files.
pub(crate) struct Removed {
    max_bytes: u64,
    /// The step's code, which is open too, and may have been removed by whoever empties the cache.
    code: Stat,
    next_look: Instant,
    control: UnixStream,
}

impl Removed {
    /// * `max_bytes`: as much as all files together.
    /// * `control`: where the report goes.
    pub(crate) fn new(max_bytes: u64, code: &File, control: &UnixStream) -> anyhow::Result<Removed> {
        let next_look = Instant::now() + INTERVAL;
        Ok(Removed { max_bytes, code: fstat(code)?, next_look, control: control.try_clone()? })
    }

    /// Ends this process, and the step with it, if it holds too much. To be called whenever the step asks for something.
    pub(crate) fn look(&mut self) {
        if Instant::now() < self.next_look {
            return;
        }
        if let Some(report) = self.report() {
            // Whoever does not get it sees the end.
            let _ = report.encode().map(|bytes| self.control.write_all(&bytes));
            end();
        }
        self.next_look = Instant::now() + INTERVAL;
    }

    /// What there is to report, if the step holds too much.
    pub(crate) fn report(&self) -> Option<Report> {
        let bytes = removed_bytes(std::slice::from_ref(&self.code));
        let detail = || format!("{bytes} bytes are in files that were removed, and are held open");
        (bytes > self.max_bytes).then(|| Report::new(End::Output, detail()))
    }
}
