//! What every worker does around its own work: take the job, send the report.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use anyhow::Context;
pub use crunchbox_jail::Profile;
use crunchbox_jail::{Jailed, Layer, ResourceLimits, Room};
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
    /// The folders that go with it, if there are any.
    pub room: Option<Room>,
    /// How much may be written, in bytes: into one file, and into all of them.
    pub file_bytes: u64,
    /// Where the report goes.
    pub control: UnixStream,
    /// Whether the kernel can see to it that no memory becomes executable.
    pub can_forbid_new_code: bool,
}

impl Task {
    /// Takes the files that came, which must be so many.
    ///
    /// # Errors
    /// If they are not.
    pub fn exactly<const COUNT: usize>(files: Vec<File>) -> anyhow::Result<[File; COUNT]> {
        let got = files.len();
        files.try_into().map_err(|_| anyhow::anyhow!("{got} descriptors came with the job, not {COUNT}"))
    }
}

/// The life of a worker executable: makes workers for as long as an engine wants some. Each does one job and ends.
///
/// A failure to take the job is reported as [`End::Fault`]; what can't even be reported goes to the log, with exit
/// status 1.
pub fn serve(profile: Profile, work: impl FnOnce(Task) -> anyhow::Result<Report>) -> ExitCode {
    serve_without(profile, &[], work)
}

/// The same without some layers, so that a test can see what the others stop.
pub fn serve_without(
    profile: Profile,
    without: &[Layer],
    work: impl FnOnce(Task) -> anyhow::Result<Report>,
) -> ExitCode {
    let limited = !without.contains(&Layer::Rlimits);
    crunchbox_jail::serve(profile, without, |jailed| one_job(jailed, limited, work))
}

/// The life of one worker.
fn one_job(jailed: Jailed, limited: bool, work: impl FnOnce(Task) -> anyhow::Result<Report>) -> ExitCode {
    let socket = jailed.control.try_clone().context("can't copy a descriptor");
    let done = socket.and_then(|socket| {
        let report = match take(jailed, limited).and_then(work) {
            Ok(report) => report,
            Err(error) => Report::new(End::Fault, format!("{error:#}")),
        };
        let bytes = report.encode().context("can't encode the report")?;
        (&socket).write_all(&bytes).context("can't send the report")
    });
    match done {
        Ok(()) => crunchbox_jail::end(),
        Err(error) => give_up(&error),
    }
}

/// Says why there will be no report.
pub fn give_up(error: &anyhow::Error) -> ExitCode {
    eprintln!("crunchbox worker: {error:#}");
    ExitCode::FAILURE
}

fn take(jailed: Jailed, limited: bool) -> anyhow::Result<Task> {
    let (bytes, descriptors) = crunchbox_jail::receive(&jailed.control, MAX_JOB_BYTES)?;
    let (job, payload) = Job::from_bytes(&bytes).map_err(anyhow::Error::msg)?;
    let files: Vec<File> = descriptors.into_iter().map(|fd: OwnedFd| File::from(fd)).collect();
    // Code and tables are mapped; a private writable mapping of one counts as memory while it is loaded.
    let mapped = files.first().and_then(|file| file.metadata().ok()).map_or(0, |metadata| metadata.len());
    if limited {
        crunchbox_jail::limit_resources(&ResourceLimits {
            data_bytes: job.memory_bytes.saturating_add(mapped),
            file_bytes: job.file_bytes,
            cpu_seconds: job.cpu_seconds,
            descriptors: 64,
        })?;
    }
    let can_forbid_new_code = jailed.layers.reason(Layer::Mdwe).is_none();
    Ok(Task {
        role: job.role,
        payload: payload.to_vec(),
        files,
        room: jailed.room,
        file_bytes: job.file_bytes,
        control: jailed.control,
        can_forbid_new_code,
    })
}
