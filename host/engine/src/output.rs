//! What a step made: a table that a jailed worker judged, or a file that nobody did.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::sync::Arc;

use crunchbox_jail::{Mapped, map_file};
use crunchbox_protocol::{Profile, TableLimits, TableReport};

use crate::sealed::{Sealed, Strongroom};
use crate::{Error, Limits};

/// A valid, uncompressed Arrow IPC file that nobody else can reach any more, and what is in it.
#[derive(Clone, Debug)]
pub struct OutputTable(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: File,
    info: TableReport,
    /// The file's name, for as long as it has one, and what it was judged by.
    sealed: Option<(Sealed, Profile, TableLimits)>,
}

impl OutputTable {
    /// A table that the engine put together itself.
    pub(crate) fn new(file: File, info: TableReport) -> Self {
        OutputTable(Arc::new(Inner { file, info, sealed: None }))
    }

    /// A step's own file, which was sealed and then judged under these limits.
    pub(crate) fn sealed(file: File, info: TableReport, sealed: Sealed, limits: &Limits) -> Self {
        let sealed = Some((sealed, limits.profile(), limits.table()));
        OutputTable(Arc::new(Inner { file, info, sealed }))
    }

    /// The file's name, if it may be shown to a step of this engine as it is: it is built as inputs are, and was judged as
    /// one would be.
    pub(crate) fn as_input(&self, strongroom: &Strongroom, limits: &Limits) -> Option<&Sealed> {
        let (sealed, profile, table_limits) = self.0.sealed.as_ref()?;
        let fits = self.0.info.plain
            && *profile == limits.profile()
            && *table_limits == limits.table()
            && sealed.is_in(strongroom);
        fits.then_some(sealed)
    }

    /// The file itself, as it is.
    pub(crate) fn held(&self) -> &File {
        &self.0.file
    }

    /// Rows and columns.
    pub fn info(&self) -> &TableReport {
        &self.0.info
    }

    /// The file, at its beginning. It has no name; it goes when the last descriptor of it does.
    ///
    /// # Errors
    /// [`Error::Spawn`] if the process has no descriptor left.
    pub fn file(&self) -> Result<File, Error> {
        rewound(&self.0.file)
    }

    /// The bytes of the file, mapped: nothing is copied.
    ///
    /// # Errors
    /// [`Error::Spawn`] if the address space is full.
    pub fn map(&self) -> Result<Mapped, Error> {
        map_file(&self.0.file).map_err(Error::system("map the table"))
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
