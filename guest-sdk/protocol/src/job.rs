//! What the engine asks of a worker. The engine is trusted, so this travels as JSON, ahead of the payload.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Report;

/// One piece of work for one worker process, which dies when it is done.
///
/// The descriptors that go with it travel beside it, in the order that each role names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// [`Report::VERSION`] of the engine. A worker of another build refuses the job.
    pub version: i32,
    /// What to do.
    pub role: Role,
    /// What the kernel lets the worker have of private memory, in bytes, on top of the code that it maps.
    pub memory_bytes: u64,
    /// What the kernel lets the worker have of processor time, in seconds.
    pub cpu_seconds: u64,
    /// The largest file that the kernel lets the worker write, in bytes.
    pub file_bytes: u64,
}

impl Job {
    /// A job for workers of this build that is to be done within `wall_time`.
    ///
    /// The engine kills a worker that is late. Processor time is capped beside that, at twice as much and some
    /// seconds, in case the engine is gone by then.
    pub fn new(role: Role, memory_bytes: u64, wall_time: Duration, file_bytes: u64) -> Self {
        let cpu_seconds = Job::cpu_seconds_within(wall_time);
        Job { version: Report::VERSION, role, memory_bytes, cpu_seconds, file_bytes }
    }

    /// The cap on processor time of a job that is to be done within `wall_time`, in seconds.
    pub fn cpu_seconds_within(wall_time: Duration) -> u64 {
        wall_time.as_secs().saturating_mul(2).saturating_add(10)
    }

    /// The job as a worker takes it: the length of its JSON (4 bytes, little-endian), the JSON, the payload.
    pub fn to_bytes(&self, payload: &[u8]) -> Vec<u8> {
        // Serialising a struct of numbers and texts into memory has no way to fail.
        let json = serde_json::to_vec(self).unwrap_or_default();
        let mut bytes = Vec::with_capacity(4 + json.len() + payload.len());
        bytes.extend((json.len() as u32).to_le_bytes());
        bytes.extend(json);
        bytes.extend(payload);
        bytes
    }

    /// The job and its payload, as a worker got them.
    ///
    /// # Errors
    /// A sentence that says what does not fit: engine and worker are then of different builds.
    pub fn from_bytes(bytes: &[u8]) -> Result<(Job, &[u8]), String> {
        let (length, rest) = bytes.split_first_chunk().ok_or("the job is cut short")?;
        let length = u32::from_le_bytes(*length) as usize;
        let (json, payload) = rest.split_at_checked(length).ok_or("the job is cut short")?;
        let job: Job =
            serde_json::from_slice(json).map_err(|error| format!("the job can't be read: {error}"))?;
        if job.version != Report::VERSION {
            return Err(format!("the job is of version {}, this worker of {}", job.version, Report::VERSION));
        }
        Ok((job, payload))
    }
}

/// What a worker is asked to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Role {
    /// Turn a module into code. Descriptors: the module, an empty file for the code.
    Compile,
    /// Run a step. Descriptors: the code, `/in`, `/out`.
    Run(RunJob),
    /// Judge or convert a table. Descriptors: the table, and when converting an empty file for the result.
    Table(TableJob),
    /// Tell what columns and how many rows a table has, by what its file says of itself; of CSV all rows are read. Descriptor: the
    /// table.
    Look(TableJob),
    /// Make room for the record batches of one table behind those of others. Descriptors: the table, which has been judged; the
    /// file with room for the others, which is empty or was made by this.
    Place(TableLimits),
    /// Put the rows of several tables in order. Descriptors: of each the table, which has been judged, and the file that tells where its
    /// rows belong; then an empty file for the result.
    Merge(TableJob),
}

/// How to run a step. The request is the job's payload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunJob {
    /// The step's first argument.
    pub module_id: String,
    /// The step's second argument.
    pub call: String,
    /// Fuel to start with.
    pub fuel: u64,
    /// Cap on all linear memories together, in bytes.
    pub memory_bytes: u64,
    /// What all inputs take that the step may have shown in its memory, in bytes. It comes on top of that cap.
    pub input_bytes: u64,
    /// Cap on the elements of each table.
    pub table_elements: u64,
    /// Cap on the wasm stack, in bytes.
    pub stack_bytes: u64,
    /// Cap on the step's standard output, in bytes.
    pub stdout_bytes: u64,
    /// Give the step the machine's clocks and random numbers instead of fixed ones.
    pub real_clock_and_random: bool,
}

/// What to do with a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableJob {
    /// The format of the file.
    pub format: FileFormat,
    /// Convert to this format; judge only if `None`.
    pub convert_to: Option<FileFormat>,
    /// Which rules hold.
    pub profile: Profile,
    /// How large it may be.
    pub limits: TableLimits,
    /// The columns that are wanted, by their names; `None` for all.
    pub columns: Option<BTreeSet<String>>,
    /// The rows that are wanted, the first being 0; `None` for all.
    pub rows: Option<Range<u64>>,
    /// Whether text of few values may come as a dictionary and numbers.
    pub dictionaries: bool,
    /// How many rows to show.
    pub preview_rows: u64,
}

/// The formats that tables are read from and written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileFormat {
    /// An Arrow IPC file: `.arrow`, or `.feather` of version 2.
    Arrow,
    /// Apache Parquet: `.parquet`.
    Parquet,
    /// Comma-separated text with a header row: `.csv`.
    Csv,
}

impl FileFormat {
    /// Every format, by the ending of its files.
    pub const ALL: [(&'static str, FileFormat); 4] = [
        ("arrow", FileFormat::Arrow),
        ("feather", FileFormat::Arrow),
        ("parquet", FileFormat::Parquet),
        ("csv", FileFormat::Csv),
    ];

    /// The ending of files of this format, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            FileFormat::Arrow => "arrow",
            FileFormat::Parquet => "parquet",
            FileFormat::Csv => "csv",
        }
    }

    /// The format that the ending of a file's name tells, whatever its case.
    pub fn from_extension(extension: &str) -> Option<FileFormat> {
        let extension = extension.to_ascii_lowercase();
        FileFormat::ALL.into_iter().find(|(known, _)| *known == extension).map(|(_, format)| format)
    }
}

impl fmt::Display for FileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FileFormat::Arrow => "Arrow",
            FileFormat::Parquet => "Parquet",
            FileFormat::Csv => "CSV",
        })
    }
}

/// Which rules a table must keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Any Arrow type, structurally valid in full, within the limits.
    #[default]
    Arrow,
    /// Text, numbers, timestamps and dates only, with their metadata.
    Workbench,
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Profile::Arrow => "arrow",
            Profile::Workbench => "workbench",
        })
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "arrow" => Ok(Profile::Arrow),
            "workbench" => Ok(Profile::Workbench),
            _ => Err(format!("`{word}` is no profile; use `arrow` or `workbench`")),
        }
    }
}

/// Caps on one table. Each is checked as early as the format allows, before memory is taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TableLimits {
    /// Rows, over all record batches.
    pub rows: u64,
    /// Columns.
    pub columns: u64,
    /// Fields of the schema, with those inside structs, lists and the like: one column may hold very many.
    pub fields: u64,
    /// Levels of types inside types; a plain column has 1. Readers recurse once per level.
    pub nesting_depth: u64,
    /// Bytes of one column name, as UTF-8.
    pub column_name_bytes: u64,
    /// Bytes of one text or binary value, inside lists and dictionaries too.
    pub bytes_per_value: u64,
    /// Bytes of all text and binary values together; a dictionary counts once.
    pub bytes_text: u64,
    /// Values in one dictionary.
    pub dictionary_values: u64,
    /// Bytes of the data once it is decompressed and decoded. What stops a decompression bomb.
    pub decoded_bytes: u64,
    /// Bytes of one footer or message header.
    pub metadata_bytes: u64,
}

impl TableLimits {
    /// The limits that go with [`Profile::Workbench`]: 1,000,000 rows, 600 columns, names of 120 bytes, values of
    /// 32 KiB, 1 GiB of text. They are those of the Workbench kernel's settings.
    pub fn workbench() -> Self {
        TableLimits {
            rows: 1_000_000,
            columns: 600,
            column_name_bytes: 120,
            bytes_per_value: 32 << 10,
            bytes_text: 1 << 30,
            // A dictionary value that no row uses is refused, so a longer one can't be valid.
            dictionary_values: 1_000_000,
            ..TableLimits::default()
        }
    }

    /// The limits that go with a profile.
    pub fn of(profile: Profile) -> Self {
        match profile {
            Profile::Arrow => TableLimits::default(),
            Profile::Workbench => TableLimits::workbench(),
        }
    }
}

impl Default for TableLimits {
    /// Generous caps for [`Profile::Arrow`]: they stop bombs, not large tables.
    fn default() -> Self {
        TableLimits {
            rows: u32::MAX as u64,
            columns: 10_000,
            fields: 100_000,
            // What Arrow's own readers take: a level is two flatbuffers tables, of which they allow 128 and use some.
            nesting_depth: 60,
            column_name_bytes: 64 << 10,
            bytes_per_value: u32::MAX as u64,
            bytes_text: 16 << 30,
            dictionary_values: u32::MAX as u64,
            decoded_bytes: 16 << 30,
            metadata_bytes: 64 << 20,
        }
    }
}
