//! Where a table's bytes come from.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use arrow::buffer::Buffer;

use crate::error::{Check, TableError};

/// A whole file to be read: opened, or already in memory (mapped, say).
#[derive(Debug)]
pub enum Input {
    /// A regular file, readable and seekable.
    File(File),
    /// The bytes of the file.
    Buffer(Buffer),
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
    /// The bytes, read into memory if they are not there yet; a file longer than `max_bytes` is refused.
    pub(crate) fn into_buffer(self, max_bytes: u64) -> Result<Buffer, TableError> {
        match self {
            Input::Buffer(buffer) => Ok(buffer),
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
