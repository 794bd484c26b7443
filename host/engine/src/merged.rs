//! The table that parts by key make together: their rows, in the order that the step says.
//!
//! A part whose keys are all over the table has rows that belong all over the result. So each leaves a second file, which tells where
//! its rows belong, and a table worker puts them in order when all are there.

use std::fs::File;
use std::sync::{Mutex, PoisonError};

use crunchbox_protocol::FileFormat;

use crate::call::{Call, Stop};
use crate::sealed::Sealed;
use crate::tables::{self, Judged, TableTask};
use crate::{Error, Limits, OutputTable, Verdict};

/// What one worker made.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) table: OutputTable,
    /// Where its rows belong among those of others, by a file that nobody has looked into.
    pub(crate) order: Option<Order>,
}

/// A step's own file, which was sealed.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) file: File,
    pub(crate) _sealed: Sealed,
}

impl Order {
    fn bytes(&self) -> std::io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }
}

/// Tables of parts.
#[derive(Debug, Default)]
pub(crate) struct Merged(Mutex<Vec<Made>>);

impl Merged {
    /// Takes one more.
    pub(crate) fn add(&self, made: Made, limits: &Limits) -> Result<(), Stop> {
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        parts.push(made);
        let mut all: u64 = 0;
        for part in &*parts {
            let order = part.order.as_ref().map_or(Ok(0), Order::bytes);
            let bytes = part.table.bytes().and_then(|bytes| Ok(bytes.saturating_add(order?)));
            all = all.saturating_add(bytes.map_err(Error::system("look at a table"))?);
        }
        if all > limits.output_bytes {
            return Err(Verdict::Output { which: "output_bytes", limit: limits.output_bytes }.into());
        }
        Ok(())
    }

    /// The table of all of them. One that has all rows is that table itself.
    pub(crate) fn table(self, call: &mut Call<'_>) -> Result<Option<OutputTable>, Stop> {
        let parts = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let has_rows = |part: &Made| part.table.info().rows > 0;
        let (mut parts, without): (Vec<_>, Vec<_>) = parts.into_iter().partition(has_rows);
        if parts.len() <= 1 {
            return Ok(parts.pop().or_else(|| without.into_iter().next()).map(|part| part.table));
        }
        let mut files = Vec::new();
        for part in &parts {
            let Some(order) = &part.order else {
                let detail = "two parts have rows, and one of them does not say where they belong: the step says that it works by key";
                let (check, detail) = ("order".to_owned(), detail.to_owned());
                return Err(Verdict::BadTable { check, column: None, detail }.into());
            };
            files.push(part.table.held().map_err(Error::system("open a table"))?);
            files.push(&order.file);
        }
        let (file, sealed) = call.engine.workers.strongroom().file().map_err(Error::system("make a file"))?;
        files.push(&file);
        let task = TableTask::judge(&file, FileFormat::Arrow);
        match tables::merge(call.engine, &task, &files, &call.limits, call.control)? {
            Judged::Good(table) => {
                let table = OutputTable::sealed(file, table, sealed, &call.limits);
                let limit = call.limits.output_bytes;
                if table.bytes().map_err(Error::system("look at a table"))? > limit {
                    return Err(Verdict::Output { which: "output_bytes", limit }.into());
                }
                Ok(Some(table))
            }
            Judged::Bad { check, column, detail } => Err(Verdict::BadTable { check, column, detail }.into()),
            Judged::Unfinished(verdict @ Verdict::Cancelled) => Err(verdict.into()),
            Judged::Unfinished(verdict) => {
                let detail = format!("putting its rows in order did not end well: {verdict}");
                Err(Verdict::BadTable { check: "checkable".to_owned(), column: None, detail }.into())
            }
        }
    }
}
