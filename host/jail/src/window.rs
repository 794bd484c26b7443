//! A file's pages in the place of memory that is there already.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::ptr;

/// Shows `file`, from byte `offset` on, where `place` is: its pages take the place of the memory, and can't be written.
///
/// Nothing is read: a page is there when it is first touched. Both `offset` and the beginning of `place` are multiples of
/// the page size, and `place` ends with a page too, which the file reaches into. What was in `place` is gone.
///
/// Whoever writes to the place afterwards gets a SIGSEGV, and if somebody cuts the file short meanwhile, whoever reads
/// past its new end a SIGBUS. Both end the process unless it is prepared ([`crate::report_faults`]).
///
/// # Errors
/// What the system says; the memory is what it was then.
pub fn show(file: &File, offset: u64, place: &mut [u8]) -> io::Result<()> {
    let offset = libc::off_t::try_from(offset).map_err(io::Error::other)?;
    let flags = libc::MAP_PRIVATE | libc::MAP_FIXED;
    // SAFETY: the place is memory of the caller's, borrowed by it alone, whole pages, and stays mapped. Its bytes
    // change, as they might through any exclusive borrow; that they can't be written is seen by the kernel,
    // and ends the process rather than going unnoticed.
    let shown = unsafe {
        libc::mmap(place.as_mut_ptr().cast(), place.len(), libc::PROT_READ, flags, file.as_raw_fd(), offset)
    };
    is_there(shown)
}

/// Makes zeroed memory, which can be written, of a place that [`show`] took.
///
/// # Errors
/// If the memory would be more than this process may have. The file is still shown then.
pub fn blank(place: &mut [u8]) -> io::Result<()> {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
    // SAFETY: as above.
    let blank = unsafe { libc::mmap(place.as_mut_ptr().cast(), place.len(), protection, flags, -1, 0) };
    is_there(blank)
}

/// Has the kernel give memory in pages as large as it has, to the addresses that hold some or will: filling in a page at a
/// time is most of what large memory costs.
///
/// It is a wish. A kernel that has no such pages, or may not give them, gives small ones.
pub fn prefer_large_pages(addresses: Range<usize>) {
    let start = ptr::with_exposed_provenance_mut(addresses.start);
    // SAFETY: no byte of whatever is at these addresses changes, nor who may read or write it.
    unsafe { libc::madvise(start, addresses.len(), libc::MADV_HUGEPAGE) };
}

fn is_there(mapped: *mut libc::c_void) -> io::Result<()> {
    if ptr::eq(mapped, libc::MAP_FAILED) { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smaps::regions;

    #[test]
    fn large_pages_are_asked_for_and_hold_what_was_there() {
        let mut place = memmap2::MmapMut::map_anon(32 << 20).unwrap();
        place.fill(7);
        let first = place.as_ptr().addr();
        prefer_large_pages(first..first + place.len());
        assert!(place.iter().all(|byte| *byte == 7));
        if !std::path::Path::new("/sys/kernel/mm/transparent_hugepage").exists() {
            return;
        }
        let regions = regions();
        let ours = regions.iter().find(|region| region.addresses.contains(&first)).unwrap();
        let flags = ours.field("VmFlags");
        assert!(flags.is_some_and(|flags| flags.split_whitespace().any(|flag| flag == "hg")), "{flags:?}");
    }
}
