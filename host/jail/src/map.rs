//! A file's pages as bytes, without reading them first.

use std::fs::File;
use std::io;
use std::sync::Arc;

use memmap2::{Mmap, UncheckedAdvice};

/// The bytes of a file, mapped.
#[derive(Clone, Debug)]
pub struct Mapped(Arc<Mmap>);

impl Mapped {
    /// Gives the memory of all pages back. Where somebody looks again, the system reads them anew.
    pub fn release(&self) {
        // SAFETY: nothing has been written to the map, which is private, so its pages hold what the file does. Should the
        // system refuse, the memory stays taken.
        let _ = unsafe { self.0.unchecked_advise(UncheckedAdvice::DontNeed) };
    }
}

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
    Ok(Mapped(Arc::new(map)))
}
