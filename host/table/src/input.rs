//! Where a table's bytes come from.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use arrow::buffer::Buffer;

use crate::error::{Check, TableError};

/// A whole file to be read: opened, or already in memory (mapped, say).
#[derive(Debug)]
pub enum Input {
    /// A regular file, readable and seekable.
    File(File),
    /// The bytes of the file.
    Buffer(Buffer),
    /// The bytes of the file, which is mapped, and what gives their memory back. It is called again and again, so that a large
    /// file takes little.
    Mapped(Buffer, Release),
}

/// Gives memory back that is had again where it is needed.
#[derive(Clone)]
pub struct Release(Arc<dyn Fn() + Send + Sync>);

impl Release {
    /// * `release`: may do nothing that shows.
    pub fn new(release: impl Fn() + Send + Sync + 'static) -> Self {
        Release(Arc::new(release))
    }

    pub(crate) fn now(&self) {
        (self.0)();
    }
}

impl fmt::Debug for Release {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Release")
    }
}

impl From<File> for Input {
    fn from(file: File) -> Self {
        Input::File(file)
    }
}

impl From<Buffer> for Input {
    fn from(buffer: Buffer) -> Self {
        Input::Buffer(buffer)
    }
}

impl Input {
    /// What is to be called when bytes have been read that may not be needed again.
    pub(crate) fn release(&self) -> Option<Release> {
        match self {
            Input::Mapped(_, release) => Some(release.clone()),
            Input::File(_) | Input::Buffer(_) => None,
        }
    }

    /// The bytes, read into memory if they are not there yet; a file longer than `max_bytes` is refused.
    pub(crate) fn into_buffer(self, max_bytes: u64) -> Result<Buffer, TableError> {
        match self {
            Input::Buffer(buffer) | Input::Mapped(buffer, _) => Ok(buffer),
            Input::File(mut file) => {
                file.seek(SeekFrom::Start(0)).map_err(|error| TableError::read(&error))?;
                let mut bytes = Vec::new();
                // One byte more than allowed tells a file that is too long from one that just fits.
                file.take(max_bytes.saturating_add(1))
                    .read_to_end(&mut bytes)
                    .map_err(|error| TableError::read(&error))?;
                if bytes.len() as u64 > max_bytes {
                    let found = bytes.len() as u64;
                    return Err(TableError::over(
                        Check::MaxDecodedBytes,
                        "bytes or more in the file",
                        found,
                        max_bytes,
                    ));
                }
                Ok(Buffer::from_vec(bytes))
            }
        }
    }
}
