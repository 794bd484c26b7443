//! What a worker tells the engine. Hostile bytes to the engine, like a step's own message.

use crate::convert::{Message, from_wire_map, to_wire_map};
use crate::decode::{self, Caps, DecodeError};
use crate::wire::{report as wire, step};
use crate::{EncodeError, JsonMap};

/// How a worker's job ended, as the worker saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The job is done. For a step: it returned, or exited with status 0.
    Done,
    /// The step exited with another status.
    Exit,
    /// The step trapped.
    Trap,
    /// The step's fuel ran out.
    Fuel,
    /// The step's stack ran out.
    Stack,
    /// The step could not be instantiated within its memory.
    Memory,
    /// The step holds more in files that it has removed than all of its files may come to.
    Output,
    /// The module can't be compiled, loaded or linked.
    BadModule,
    /// The compiled code does not fit this worker: compile it anew.
    StaleCode,
    /// The table breaks a rule.
    BadTable,
    /// The worker itself could not do its work.
    Fault,
}

impl End {
    const ALL: [(&'static str, End); 11] = [
        ("done", End::Done),
        ("exit", End::Exit),
        ("trap", End::Trap),
        ("fuel", End::Fuel),
        ("stack", End::Stack),
        ("memory", End::Memory),
        ("output", End::Output),
        ("bad-module", End::BadModule),
        ("stale-code", End::StaleCode),
        ("bad-table", End::BadTable),
        ("fault", End::Fault),
    ];

    fn word(self) -> &'static str {
        End::ALL.into_iter().find(|(_, end)| *end == self).map_or("fault", |(word, _)| word)
    }

    fn from_word(word: &str) -> Option<End> {
        End::ALL.into_iter().find(|(known, _)| *known == word).map(|(_, end)| end)
    }
}

/// A column of a table that a worker judged.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ColumnReport {
    /// Its name.
    pub name: String,
    /// `text`, `number`, `timestamp` or `date`; for other columns Arrow's own word for the type.
    pub type_name: String,
    /// A number column's format.
    pub format: Option<String>,
    /// A date column's unit.
    pub unit: Option<String>,
}

/// A table that a worker judged.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TableReport {
    /// How many rows it has.
    pub rows: u64,
    /// Its columns, in order.
    pub columns: Vec<ColumnReport>,
    /// Its first rows, as text.
    pub preview: Vec<Vec<String>>,
    /// Its file was judged in full, and is built as the engine builds inputs: one record batch, without dictionaries.
    pub plain: bool,
}

/// Where the record batches of a part belong in the file of all parts, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Place {
    /// Where they begin in the part's own file.
    pub start: u64,
    /// How much they come to, with what is between them.
    pub bytes: u64,
    /// Where they belong.
    pub at: u64,
}

/// What became of a [`Job`](crate::Job).
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How it ended.
    pub end: End,
    /// Why, for a person: the trap and its stack, or what is wrong with module or table.
    pub detail: String,
    /// The status that a step exited with.
    pub exit_status: i32,
    /// Fuel used.
    pub fuel: u64,
    /// The most linear memory that was in use, in bytes.
    pub peak_memory_bytes: u64,
    /// What a growth that was refused would have come to, in bytes; 0 if none was refused.
    pub refused_bytes: u64,
    /// The step's standard output, up to its limit.
    pub stdout: Vec<u8>,
    /// The step wrote more than that.
    pub stdout_overflow: bool,
    /// The check that a bad table does not pass.
    pub check: Option<String>,
    /// The column that a bad table is bad in.
    pub column: Option<String>,
    /// The table that was judged or written.
    pub table: Option<TableReport>,
    /// The manifest that a compiled module carries.
    pub manifest: Option<JsonMap>,
    /// The catalogues of messages that a compiled module carries: languages, in each of them ids with texts.
    pub catalogues: Option<JsonMap>,
    /// Bytes of code that were written.
    pub code_bytes: u64,
    /// Where the table belongs that room was made for.
    pub place: Option<Place>,
}

impl Report {
    /// Raised whenever a job or a report changes its meaning.
    pub const VERSION: i32 = 3;

    /// A report that only says how the job ended.
    pub fn new(end: End, detail: impl Into<String>) -> Self {
        Report {
            end,
            detail: detail.into(),
            exit_status: 0,
            fuel: 0,
            peak_memory_bytes: 0,
            refused_bytes: 0,
            stdout: Vec::new(),
            stdout_overflow: false,
            check: None,
            column: None,
            table: None,
            manifest: None,
            catalogues: None,
            code_bytes: 0,
            place: None,
        }
    }

    /// The caps for reading a report on a step that may write `stdout_bytes`: a table's 10,000 columns, their
    /// names and a preview come on top.
    pub fn caps(stdout_bytes: u64) -> Caps {
        let bytes = usize::try_from(stdout_bytes).unwrap_or(usize::MAX).saturating_add(16 << 20);
        Caps::default().with_message_bytes(bytes)
    }
}

fn unsigned(value: Option<i64>, what: &str) -> Result<u64, DecodeError> {
    u64::try_from(value.unwrap_or(0)).map_err(|_| DecodeError::Invalid(format!("`{what}` is negative")))
}

pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl Message for Report {
    fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let table = self.table.as_ref().map(|table| wire::TableReport {
            rows: Some(signed(table.rows)),
            columns: Some(
                table
                    .columns
                    .iter()
                    .map(|column| wire::ColumnReport {
                        name: Some(column.name.clone()),
                        type_name: Some(column.type_name.clone()),
                        format: column.format.clone(),
                        unit: column.unit.clone(),
                    })
                    .collect(),
            ),
            preview: Some(table.preview.clone()),
            plain: Some(table.plain),
        });
        let object = |map: &Option<JsonMap>| -> Result<Option<step::Json>, EncodeError> {
            let Some(map) = map else { return Ok(None) };
            Ok(Some(step::Json {
                object_value: Some(to_wire_map(map)?),
                string_value: None,
                int64_value: None,
                number_value: None,
                boolean_value: None,
                array_value: None,
            }))
        };
        crate::convert::write(&wire::Report {
            version: Some(Report::VERSION),
            ending: Some(self.end.word().to_owned()),
            detail: Some(self.detail.clone()),
            exit_status: Some(self.exit_status),
            fuel: Some(signed(self.fuel)),
            peak_memory_bytes: Some(signed(self.peak_memory_bytes)),
            refused_bytes: Some(signed(self.refused_bytes)),
            stdout: Some(self.stdout.clone()),
            stdout_overflow: Some(self.stdout_overflow),
            check: self.check.clone(),
            column: self.column.clone(),
            table,
            manifest: object(&self.manifest)?,
            catalogues: object(&self.catalogues)?,
            code_bytes: Some(signed(self.code_bytes)),
            place: self.place.map(|place| wire::Place {
                start: Some(signed(place.start)),
                bytes: Some(signed(place.bytes)),
                at: Some(signed(place.at)),
            }),
        })
    }

    fn decode(bytes: &[u8], caps: &Caps) -> Result<Self, DecodeError> {
        let wire: wire::Report = decode::read(bytes, caps)?;
        let invalid = |reason: String| DecodeError::Invalid(reason);
        if wire.version != Some(Report::VERSION) {
            return Err(invalid(format!(
                "the report is of version {:?}, not {}",
                wire.version,
                Report::VERSION
            )));
        }
        let word = wire.ending.unwrap_or_default();
        let end =
            End::from_word(&word).ok_or_else(|| invalid(format!("`{word}` is no way for a job to end")))?;
        let table = match wire.table {
            None => None,
            Some(table) => Some(TableReport {
                rows: unsigned(table.rows, "rows")?,
                columns: table
                    .columns
                    .unwrap_or_default()
                    .into_iter()
                    .map(|column| ColumnReport {
                        name: column.name.unwrap_or_default(),
                        type_name: column.type_name.unwrap_or_default(),
                        format: column.format,
                        unit: column.unit,
                    })
                    .collect(),
                preview: table.preview.unwrap_or_default(),
                plain: table.plain.unwrap_or(false),
            }),
        };
        let place = match wire.place {
            None => None,
            Some(place) => Some(Place {
                start: unsigned(place.start, "start")?,
                bytes: unsigned(place.bytes, "bytes")?,
                at: unsigned(place.at, "at")?,
            }),
        };
        let object = |json: Option<step::Json>, what: &str| match json {
            None => Ok(None),
            Some(json) => match json.object_value {
                Some(map) => Ok(Some(from_wire_map(map))),
                None => Err(invalid(format!("{what} no object"))),
            },
        };
        Ok(Report {
            end,
            detail: wire.detail.unwrap_or_default(),
            exit_status: wire.exit_status.unwrap_or(0),
            fuel: unsigned(wire.fuel, "fuel")?,
            peak_memory_bytes: unsigned(wire.peak_memory_bytes, "peak_memory_bytes")?,
            refused_bytes: unsigned(wire.refused_bytes, "refused_bytes")?,
            stdout: wire.stdout.unwrap_or_default(),
            stdout_overflow: wire.stdout_overflow.unwrap_or(false),
            check: wire.check,
            column: wire.column,
            table,
            manifest: object(wire.manifest, "the manifest is")?,
            catalogues: object(wire.catalogues, "the catalogues are")?,
            code_bytes: unsigned(wire.code_bytes, "code_bytes")?,
            place,
        })
    }
}
