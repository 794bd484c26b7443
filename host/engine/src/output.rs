//! A table that a step made and a jailed worker judged.

use std::fs::File;
use std::io::{Seek, SeekFrom};

use crunchbox_jail::{Mapped, map_file};
use crunchbox_protocol::TableReport;

use crate::Error;

/// A valid, uncompressed Arrow IPC file that nobody else can reach any more, and what is in it.
#[derive(Debug)]
pub struct OutputTable {
    file: File,
    info: TableReport,
}

impl OutputTable {
    pub(crate) fn new(file: File, info: TableReport) -> Self {
        OutputTable { file, info }
    }

    /// Rows and columns.
    pub fn info(&self) -> &TableReport {
        &self.info
    }

    /// The file, at its beginning. It has no name; it goes when the last descriptor of it does.
    ///
    /// # Errors
    /// [`Error::Spawn`] if the process has no descriptor left.
    pub fn file(&self) -> Result<File, Error> {
        let mut file = self.file.try_clone().map_err(Error::system("copy a descriptor"))?;
        file.seek(SeekFrom::Start(0)).map_err(Error::system("rewind the table"))?;
        Ok(file)
    }

    /// The bytes of the file, mapped: nothing is copied.
    ///
    /// # Errors
    /// [`Error::Spawn`] if the address space is full.
    pub fn map(&self) -> Result<Mapped, Error> {
        map_file(&self.file).map_err(Error::system("map the table"))
    }
}
