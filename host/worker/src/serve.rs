//! What every worker does around its own work: confine itself, take the job, send the report.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use anyhow::Context;
use crunchbox_jail::ResourceLimits;
use crunchbox_protocol::{End, Job, Message, Report, Role};

/// The longest job that is taken: params and secrets are in it, tables are not.
const MAX_JOB_BYTES: u64 = 256 << 20;

/// What comes with a job.
pub struct Task {
    /// What to do.
    pub role: Role,
    /// The bytes that go with it.
    pub payload: Vec<u8>,
    /// The open files that go with it.
    pub files: Vec<File>,
}

impl Task {
    /// Takes the file at `index` out of those that came, which must be `count`.
    pub(crate) fn exactly<const COUNT: usize>(files: Vec<File>) -> anyhow::Result<[File; COUNT]> {
        let got = files.len();
        files.try_into().map_err(|_| anyhow::anyhow!("{got} descriptors came with the job, not {COUNT}"))
    }
}

/// The life of a worker: one job, then the end.
///
/// A failure to confine itself or to take the job is reported as [`End::Fault`]; what can't even be reported
/// goes to the log, with exit status 1.
pub fn serve(work: fn(Task) -> anyhow::Result<Report>) -> ExitCode {
    if let Err(error) = crunchbox_jail::enter() {
        return give_up(&error.into());
    }
    match serve_jailed(work) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => give_up(&error),
    }
}

fn serve_jailed(work: fn(Task) -> anyhow::Result<Report>) -> anyhow::Result<()> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut report = match take(&socket).and_then(work) {
        Ok(report) => report,
        Err(error) => Report::new(End::Fault, format!("{error:#}")),
    };
    report.peak_rss_bytes = peak_rss_bytes().unwrap_or(0);
    let bytes = report.encode().context("can't encode the report")?;
    (&socket).write_all(&bytes).context("can't send the report")
}

fn give_up(error: &anyhow::Error) -> ExitCode {
    eprintln!("crunchbox worker: {error:#}");
    ExitCode::FAILURE
}

fn take(socket: &UnixStream) -> anyhow::Result<Task> {
    let (bytes, descriptors) = crunchbox_jail::receive(socket, MAX_JOB_BYTES)?;
    let (job, payload) = Job::from_bytes(&bytes).map_err(anyhow::Error::msg)?;
    let files: Vec<File> = descriptors.into_iter().map(|fd: OwnedFd| File::from(fd)).collect();
    // Code and tables are mapped; a private writable mapping of one counts as memory while it is loaded.
    let mapped = files.first().and_then(|file| file.metadata().ok()).map_or(0, |metadata| metadata.len());
    crunchbox_jail::limit_resources(&ResourceLimits {
        data_bytes: job.memory_bytes.saturating_add(mapped),
        file_bytes: job.file_bytes,
        cpu_seconds: job.cpu_seconds,
        descriptors: 64,
    })?;
    Ok(Task { role: job.role, payload: payload.to_vec(), files })
}

/// The most memory that this program has had resident. `getrusage` would count the parent's before `exec` too.
fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
