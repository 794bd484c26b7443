//! Speaking to the engine in a worker's name, with other words than its own.

use std::io::{self, Write};

use crunchbox_protocol::{End, JsonMap, Message, RenderResult, Report};

/// Sends bytes where the engine waits for a report.
pub(crate) fn send(bytes: &[u8]) -> io::Result<()> {
    let socket = rustix::stdio::stdin().try_clone_to_owned()?;
    std::os::unix::net::UnixStream::from(socket).write_all(bytes)
}

/// A report that says that all is well, with a message to match.
pub(crate) fn good() -> Report {
    let message = RenderResult { errors: Vec::new(), json: JsonMap::new() };
    let mut report = Report::new(End::Done, "");
    report.stdout = message.encode().unwrap_or_default();
    report
}

/// The bytes of a report.
pub(crate) fn bytes(report: &Report) -> Vec<u8> {
    report.encode().unwrap_or_default()
}

/// Sends nothing more, and ends as if all were well.
pub(crate) fn leave() -> ! {
    std::process::exit(0)
}
