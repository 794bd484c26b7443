//! What became of a call.

use std::fmt;
use std::time::Duration;

use crunchbox_jail::Layers;
use crunchbox_protocol::{JsonMap, RenderError};

use crate::OutputTable;

/// How a step ended. [`Verdict::word`] is the one word for it; the rest is the reason.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// It gave a table, perhaps with warnings, or no table and no complaint.
    Ok,
    /// It gave no table and said why.
    StepError,
    /// It ended with a status other than 0.
    #[non_exhaustive]
    Exit {
        /// The status.
        status: i32,
    },
    /// It did what WebAssembly forbids.
    #[non_exhaustive]
    Trap {
        /// What, and the functions it was in.
        detail: String,
    },
    /// Its fuel ran out.
    #[non_exhaustive]
    Fuel {
        /// How much it had.
        limit: u64,
    },
    /// It failed after it was refused memory.
    #[non_exhaustive]
    Memory {
        /// Bytes it may have.
        limit: u64,
        /// Bytes it wanted; 0 if it was a table that could not grow.
        wanted: u64,
    },
    /// It took too long.
    #[non_exhaustive]
    Time {
        /// How long it had.
        limit: Duration,
    },
    /// It wrote too much.
    #[non_exhaustive]
    Output {
        /// Which limit: `stdout_bytes`, `output_bytes` or `output_files`.
        which: &'static str,
        /// The limit, in bytes.
        limit: u64,
    },
    /// It called too deep.
    #[non_exhaustive]
    Stack {
        /// How deep, and the functions it was in.
        detail: String,
    },
    /// What it wrote to its standard output is not its result.
    #[non_exhaustive]
    BadMessage {
        /// Why not.
        reason: String,
    },
    /// Its table breaks a rule.
    #[non_exhaustive]
    BadTable {
        /// Which check.
        check: String,
        /// In which column, where one can be named.
        column: Option<String>,
        /// What is wrong.
        detail: String,
    },
    /// It is no module that can be run.
    #[non_exhaustive]
    BadModule {
        /// Why not.
        reason: String,
    },
    /// Its params are not what its manifest asks for. It has not run.
    #[non_exhaustive]
    BadParams {
        /// What is wrong with which.
        reason: String,
    },
    /// Its worker died before it could say how the step ended.
    #[non_exhaustive]
    Killed {
        /// The signal, if it was one.
        signal: Option<i32>,
        /// The same for a person.
        detail: String,
    },
    /// Its worker made a system call that the jail forbids.
    Denied,
    /// The caller ended it.
    Cancelled,
}

impl Verdict {
    /// The one word.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::StepError => "step-error",
            Verdict::Exit { .. } => "exit",
            Verdict::Trap { .. } => "trap",
            Verdict::Fuel { .. } => "fuel",
            Verdict::Memory { .. } => "memory",
            Verdict::Time { .. } => "time",
            Verdict::Output { .. } => "output",
            Verdict::Stack { .. } => "stack",
            Verdict::BadMessage { .. } => "bad-message",
            Verdict::BadTable { .. } => "bad-table",
            Verdict::BadModule { .. } => "bad-module",
            Verdict::BadParams { .. } => "bad-params",
            Verdict::Killed { .. } => "killed",
            Verdict::Denied => "denied",
            Verdict::Cancelled => "cancelled",
        }
    }

    /// Why, for a person; empty where the word says it all.
    pub fn detail(&self) -> String {
        match self {
            Verdict::Ok | Verdict::StepError | Verdict::Cancelled => String::new(),
            Verdict::Exit { status } => format!("status {status}"),
            Verdict::Trap { detail } | Verdict::Stack { detail } | Verdict::Killed { detail, .. } => {
                detail.clone()
            }
            Verdict::Fuel { limit } => format!("all {limit} units are used up"),
            Verdict::Memory { limit, wanted: 0 } => {
                format!("a table can't grow further (memory: {limit} bytes)")
            }
            Verdict::Memory { limit, wanted } => format!("{wanted} bytes wanted, {limit} allowed"),
            Verdict::Time { limit } => format!("not done after {} s", limit.as_secs_f64()),
            Verdict::Output { which, limit } => format!("more than the {limit} bytes that `{which}` allows"),
            Verdict::BadMessage { reason }
            | Verdict::BadModule { reason }
            | Verdict::BadParams { reason } => reason.clone(),
            Verdict::BadTable { check, column: None, detail } => format!("{check}: {detail}"),
            Verdict::BadTable { check, column: Some(column), detail } => {
                format!("{check}, column {column:?}: {detail}")
            }
            Verdict::Denied => "a forbidden system call (SIGSYS)".to_owned(),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        let detail = self.detail();
        if detail.is_empty() { Ok(()) } else { write!(f, ": {detail}") }
    }
}

/// What a call cost.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Usage {
    /// Fuel.
    pub fuel: u64,
    /// The most linear memory in use, in bytes.
    pub peak_memory_bytes: u64,
    /// The most memory that the step's worker had resident, in bytes. The worker says so itself, if it lived to;
    /// else it is the kernel's figure, to which a large caller adds.
    pub peak_rss_bytes: u64,
    /// Processor time of the step's worker.
    pub cpu_time: Duration,
    /// From the moment the worker was asked for until it was reaped; of several workers, together.
    pub wall_time: Duration,
    /// The whole call: inputs, compiling if need be, the step, validation, writing.
    pub total_time: Duration,
    /// Bytes of all inputs, as the step saw them.
    pub bytes_in: u64,
    /// Bytes of inputs that were written anew for the step, as tables that are not Arrow files of the right build are, and all files
    /// that are no tables. 0 if the step was shown the very file. What a step reads rather than have it shown in its memory, it
    /// copies itself.
    pub bytes_copied: u64,
    /// Rows of the main table and all tabs.
    pub rows_in: u64,
    /// Bytes of the step's table, as it wrote it.
    pub bytes_out: u64,
    /// Rows of the step's table.
    pub rows_out: u64,
    /// Bytes that the step wrote to its log, kept or not.
    pub log_bytes: u64,
}

impl Usage {
    /// What several workers used for one call: peaks are those of the one that used most.
    pub(crate) fn add(&mut self, other: &Usage) {
        self.fuel = self.fuel.saturating_add(other.fuel);
        self.peak_memory_bytes = self.peak_memory_bytes.max(other.peak_memory_bytes);
        self.peak_rss_bytes = self.peak_rss_bytes.max(other.peak_rss_bytes);
        self.cpu_time += other.cpu_time;
        self.wall_time += other.wall_time;
        self.bytes_in = self.bytes_in.saturating_add(other.bytes_in);
        self.bytes_copied = self.bytes_copied.saturating_add(other.bytes_copied);
        self.rows_in = self.rows_in.saturating_add(other.rows_in);
        self.bytes_out = self.bytes_out.saturating_add(other.bytes_out);
        self.rows_out = self.rows_out.saturating_add(other.rows_out);
        self.log_bytes = self.log_bytes.saturating_add(other.log_bytes);
    }
}

/// The first part of what a step wrote to its standard error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Log {
    /// As text; what is not UTF-8 is replaced. May hold control characters: don't print it raw on a terminal.
    pub text: String,
    /// There was more.
    pub truncated: bool,
}

impl Log {
    /// The log of another worker behind this one's, in `limit` bytes.
    pub(crate) fn add(&mut self, other: &Log, limit: u64) {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut room = limit.saturating_sub(self.text.len()).min(other.text.len());
        while !other.text.is_char_boundary(room) {
            room -= 1;
        }
        self.text.push_str(&other.text[..room]);
        self.truncated |= other.truncated || room < other.text.len();
    }

    /// The last line that isn't blank: where languages put the reason of a crash.
    pub fn last_line(&self) -> Option<&str> {
        self.text.lines().rev().map(str::trim).find(|line| !line.is_empty())
    }
}

/// All there is to know of a call that a step got its chance in.
///
/// `O` is what the call is for: a table (`render`), a file (`fetch`), params (`migrate-params`), nothing (`validate`).
#[derive(Debug)]
#[non_exhaustive]
pub struct Outcome<O = OutputTable> {
    /// What was asked last, as the step's second argument says it: the call itself, or `migrate-params` if the params
    /// for it could not be migrated.
    pub call: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// What the step had to say: errors if the verdict is `step-error`, else warnings.
    pub errors: Vec<RenderError>,
    /// For the step's own view of its result.
    pub json: JsonMap,
    /// What it cost.
    pub usage: Usage,
    /// The walls that were around it.
    pub layers: Layers,
    /// What it logged.
    pub log: Log,
    /// What it made, if the verdict is `ok` and it made something: a table without columns and an empty file are nothing.
    pub output: Option<O>,
}
