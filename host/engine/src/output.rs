//! What a step made: a table that a jailed worker judged, or a file that nobody did.

use std::fs::File;
use std::io::{self, Seek};
use std::sync::Arc;

use crunchbox_jail::{Mapped, map_file};
use crunchbox_protocol::{Profile, TableLimits, TableReport};

use crate::copy::copy;
use crate::joined::Joined;
use crate::sealed::{Sealed, Strongroom};
use crate::{Error, Limits};

/// A valid, uncompressed Arrow IPC file that nobody else can reach any more, and what is in it.
#[derive(Clone, Debug)]
pub struct OutputTable(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kept: Kept,
    info: TableReport,
}

/// Where the table is.
#[derive(Debug)]
enum Kept {
    /// In a file that no worker can change: it, its name, for as long as it has one, and what it was judged by.
    Sealed(File, Sealed, Profile, TableLimits),
    /// In what a step made of parts.
    Joined(Joined),
}

impl OutputTable {
    /// What a step made of parts.
    pub(crate) fn joined(joined: Joined, info: TableReport) -> Self {
        OutputTable(Arc::new(Inner { kept: Kept::Joined(joined), info }))
    }

    /// A step's own file, which was sealed and then judged under these limits; or one that a table worker made of a caller's.
    pub(crate) fn sealed(file: File, info: TableReport, sealed: Sealed, limits: &Limits) -> Self {
        let kept = Kept::Sealed(file, sealed, limits.profile(), limits.table());
        OutputTable(Arc::new(Inner { kept, info }))
    }

    /// The file's name, if it may be shown to a step of this engine as it is: it is built as inputs are, and was judged as
    /// one would be.
    pub(crate) fn as_input(&self, strongroom: &Strongroom, limits: &Limits) -> Option<&Sealed> {
        let Kept::Sealed(_, sealed, profile, table_limits) = &self.0.kept else { return None };
        let fits = self.0.info.plain
            && *profile == limits.profile()
            && *table_limits == limits.table()
            && sealed.is_in(strongroom);
        fits.then_some(sealed)
    }

    /// The file itself, as it is; made of its parts first, if that has not been done.
    pub(crate) fn held(&self) -> io::Result<&File> {
        match &self.0.kept {
            Kept::Sealed(file, ..) => Ok(file),
            Kept::Joined(joined) => joined.whole(),
        }
    }

    /// How many bytes the file has.
    pub(crate) fn bytes(&self) -> io::Result<u64> {
        match &self.0.kept {
            Kept::Sealed(file, ..) => Ok(file.metadata()?.len()),
            Kept::Joined(joined) => joined.bytes(),
        }
    }

    /// Writes the bytes of the file into an empty one.
    pub(crate) fn copy_to(&self, target: &File) -> io::Result<()> {
        match &self.0.kept {
            Kept::Sealed(file, ..) => copy(&rewound(file)?, target).map(drop),
            Kept::Joined(joined) => joined.copy_to(target),
        }
    }

    /// Rows and columns.
    pub fn info(&self) -> &TableReport {
        &self.0.info
    }

    /// The file, at its beginning. It has no name; it goes when the last descriptor of it does. What a step made of a large table
    /// part by part becomes one file when it is asked for.
    ///
    /// # Errors
    /// [`Error::Spawn`] if the process has no descriptor left, or the disk no room.
    pub fn file(&self) -> Result<File, Error> {
        self.held().and_then(rewound).map_err(Error::system("open the table"))
    }

    /// The bytes of the file, mapped: nothing is copied, but parts into one file.
    ///
    /// # Errors
    /// [`Error::Spawn`] if the address space is full, or the disk.
    pub fn map(&self) -> Result<Mapped, Error> {
        self.held().and_then(map_file).map_err(Error::system("map the table"))
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
        rewound(&self.file).map_err(Error::system("open the file"))
    }
}

pub(crate) fn rewound(file: &File) -> io::Result<File> {
    let mut file = file.try_clone()?;
    file.rewind()?;
    Ok(file)
}
