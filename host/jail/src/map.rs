//! A file's pages as bytes, without reading them first.

use std::fs::File;
use std::io;

use memmap2::Mmap;

/// The bytes of a file, mapped.
#[derive(Debug)]
pub struct Mapped(Mmap);

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Maps all of `file`, read-only and private.
///
/// If somebody cuts the file short meanwhile, touching a page past its new end kills the process (SIGBUS). So
/// map foreign files in a worker only, where that is one job's end; and in the host only files that nobody
/// else can write.
///
/// # Errors
/// What the system says, as for a pipe or a directory.
pub fn map_file(file: &File) -> io::Result<Mapped> {
    // SAFETY: Rust wants mapped bytes not to change while they are borrowed. Only the two parties that hold
    // the file could change them: the engine, which waits for this process to end, and a step, which has
    // ended before its output is mapped. A change by a third party can make a value differ between two reads;
    // readers here check what they index, and the process dies with the job.
    let map = unsafe { Mmap::map(file)? };
    Ok(Mapped(map))
}
