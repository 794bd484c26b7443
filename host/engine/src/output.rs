//! What a step made: a table that a jailed worker judged, or a file that nobody did.

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
        rewound(&self.file)
    }

    /// The bytes of the file, mapped: nothing is copied.
    ///
    /// # Errors
    /// [`Error::Spawn`] if the address space is full.
    pub fn map(&self) -> Result<Mapped, Error> {
        map_file(&self.file).map_err(Error::system("map the table"))
    }
}

/// A file that a step fetched, which nobody else can reach any more. Its bytes may be anything: nobody has looked at them.
#[derive(Debug)]
pub struct FetchedFile {
    file: File,
    bytes: u64,
}

impl FetchedFile {
    pub(crate) fn new(file: File, bytes: u64) -> Self {
        FetchedFile { file, bytes }
    }

    /// How large it is, in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The file, at its beginning. It has no name; it goes when the last descriptor of it does.
    ///
    /// # Errors
    /// [`Error::Spawn`] if the process has no descriptor left.
    pub fn file(&self) -> Result<File, Error> {
        rewound(&self.file)
    }
}

fn rewound(file: &File) -> Result<File, Error> {
    let mut file = file.try_clone().map_err(Error::system("copy a descriptor"))?;
    file.seek(SeekFrom::Start(0)).map_err(Error::system("rewind a file"))?;
    Ok(file)
}
