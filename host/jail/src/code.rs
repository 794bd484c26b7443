//! The program's own code, as workers find it.
//!
//! When a process clones itself, the kernel leaves out what it can read from a file again: the clone asks for each piece of
//! code once more by running into it, which was a fifteenth of all that a short call costs. It leaves nothing out where a single
//! page is no longer the file's. A spawner that is asked for many workers moves its code to large pages besides: of these a
//! clone takes over three, where there are hundreds of small ones, and that is a tenth of what such a call costs then.

use std::ffi::{c_int, c_void};
use std::ops::Range;
use std::process::abort;
use std::ptr;

/// The size of a large page, where a small one has 4 KiB.
const LARGE_PAGE: usize = 2 << 20;

/// Has clones of this process inherit its code: as much of it as has run by then.
///
/// It is a wish: where the system does not allow it (code that may be written, for a moment), workers start some
/// microseconds later. For a process that has seen nobody's data.
pub fn hand_down_code() {
    segments().iter().for_each(Segment::own_a_page);
}

/// Moves this process's code to large pages, if there are some to be had. It takes a millisecond.
///
/// For a process of one thread.
pub(crate) fn move_code_to_large_pages() {
    for segment in segments() {
        // Where it can't be, it is inherited as it is.
        let _ = segment.move_to_large_pages();
    }
}

/// What there is of the program that is never written to.
fn segments() -> Vec<Segment> {
    let mut segments = Vec::new();
    // SAFETY: the function is called before this returns, and finds there what it expects.
    unsafe { libc::dl_iterate_phdr(Some(one_program), ptr::from_mut::<Vec<Segment>>(&mut segments).cast()) };
    segments
}

/// Called for each program and library of this process; the first is the program itself.
unsafe extern "C" fn one_program(program: *mut libc::dl_phdr_info, _: usize, found: *mut c_void) -> c_int {
    // SAFETY: it is there for the time of this call, and so are its headers; the vector is ours alone until then.
    let (program, headers, found) = unsafe {
        let program = &*program;
        let headers = std::slice::from_raw_parts(program.dlpi_phdr, program.dlpi_phnum.into());
        (program, headers, &mut *found.cast::<Vec<Segment>>())
    };
    let page = rustix::param::page_size();
    for header in headers {
        if header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_W == 0 {
            let first = (program.dlpi_addr + header.p_vaddr) as usize;
            found.push(Segment {
                addresses: first / page * page..(first + header.p_memsz as usize).next_multiple_of(page),
                is_code: header.p_flags & libc::PF_X != 0,
            });
        }
    }
    1
}

/// A part of the program that is never written to.
struct Segment {
    /// Whole pages.
    addresses: Range<usize>,
    is_code: bool,
}

impl Segment {
    fn start(&self) -> *mut c_void {
        ptr::with_exposed_provenance_mut(self.addresses.start)
    }

    fn protection(&self) -> c_int {
        if self.is_code { libc::PROT_READ | libc::PROT_EXEC } else { libc::PROT_READ }
    }

    /// Puts a copy of it in its place, in large pages. False if there are none, or if it does not begin where one could.
    /// `cargo xtask build` links a runner so that it does.
    ///
    /// At no time can what is there be written, and nobody finds anything else there than before.
    fn move_to_large_pages(&self) -> bool {
        // Other processors may still run what was there before something was written.
        if !cfg!(target_arch = "x86_64") || !self.addresses.start.is_multiple_of(LARGE_PAGE) {
            return false;
        }
        let bytes = self.addresses.len().next_multiple_of(LARGE_PAGE);
        let rest = self.addresses.end..self.addresses.start + bytes;
        let Some(rest) = Area::at(rest) else { return false };
        let Some(copy) = Area::in_large_pages(bytes) else { return false };
        // SAFETY: it can be read to its end, and the copy's memory is at least as large, elsewhere, and nobody else's.
        unsafe {
            ptr::copy_nonoverlapping(self.start().cast::<u8>(), copy.start.cast(), self.addresses.len())
        };
        // SAFETY: the memory is the copy's.
        if unsafe { libc::mprotect(copy.start, bytes, self.protection()) } != 0 {
            return false;
        }
        let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
        // SAFETY: what goes is the segment, in whose place there is the same then with the same rights, before this thread, the
        // only one, runs on; and the rest behind it, which is ours.
        let moved = unsafe { libc::mremap(copy.start, bytes, bytes, flags, self.start()) };
        if moved != self.start() {
            // It may be gone already.
            abort();
        }
        rest.forget();
        copy.forget();
        true
    }

    /// Writes a byte of it over itself, which makes a page of it this process's own.
    fn own_a_page(&self) {
        let protect = |protection| {
            // SAFETY: these are whole pages of the program, which stay readable, and executable if they are that.
            unsafe { libc::mprotect(self.start(), self.addresses.len(), protection) }
        };
        if protect(self.protection() | libc::PROT_WRITE) == 0 {
            let first = self.start().cast::<u8>();
            // SAFETY: it can be written, has one byte for this one thread, and stays what it is.
            unsafe { first.write_volatile(first.read_volatile()) };
        }
        if protect(self.protection()) != 0 {
            // No worker may come of a program whose code can be written. What could be had before can be had again, so this
            // is no way that is gone; the engine would start another spawner.
            abort();
        }
    }
}

/// Memory that goes back to the system with this.
struct Area {
    start: *mut c_void,
    bytes: usize,
}

impl Area {
    /// These addresses, which are whole pages; `None` if there is something at them.
    fn at(addresses: Range<usize>) -> Option<Area> {
        let place = ptr::with_exposed_provenance_mut(addresses.start);
        let area = Area::new(place, addresses.len(), libc::PROT_NONE, libc::MAP_FIXED_NOREPLACE)?;
        // An old kernel takes the place for a hint.
        (area.bytes == 0 || area.start == place).then_some(area)
    }

    /// So much memory in large pages, of which it takes whole ones.
    fn in_large_pages(bytes: usize) -> Option<Area> {
        let wanted = Area::where_a_large_page_begins(bytes)?.take_first(bytes);
        for page in 0..bytes / LARGE_PAGE {
            // SAFETY: it is within. The kernel makes a large page only of what has a small one.
            unsafe { wanted.start.cast::<u8>().wrapping_add(page * LARGE_PAGE).write_volatile(0) };
        }
        // SAFETY: it changes nothing but the size of the pages.
        let is_large = unsafe { libc::madvise(wanted.start, bytes, libc::MADV_COLLAPSE) } == 0;
        is_large.then_some(wanted)
    }

    /// Memory of so many bytes or more, which can be written.
    fn where_a_large_page_begins(bytes: usize) -> Option<Area> {
        let mut area = Area::new(ptr::null_mut(), bytes + LARGE_PAGE, libc::PROT_READ | libc::PROT_WRITE, 0)?;
        let before = area.start.addr().next_multiple_of(LARGE_PAGE) - area.start.addr();
        drop(area.take_first(before));
        Some(area)
    }

    fn new(place: *mut c_void, bytes: usize, protection: c_int, flags: c_int) -> Option<Area> {
        if bytes == 0 {
            return Some(Area { start: place, bytes });
        }
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | flags;
        // SAFETY: it takes no place that is somebody's.
        let start = unsafe { libc::mmap(place, bytes, protection, flags, -1, 0) };
        (start != libc::MAP_FAILED).then_some(Area { start, bytes })
    }

    /// Cuts it in two, and gives away the first.
    fn take_first(&mut self, bytes: usize) -> Area {
        let first = Area { start: self.start, bytes };
        self.start = self.start.wrapping_byte_add(bytes);
        self.bytes -= bytes;
        first
    }

    /// Something else is there now.
    fn forget(mut self) {
        self.bytes = 0;
    }
}

impl Drop for Area {
    fn drop(&mut self) {
        if self.bytes > 0 {
            // SAFETY: it is nobody else's, and nobody uses it any more.
            unsafe { libc::munmap(self.start, self.bytes) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smaps::{Region, regions};

    /// The pages of this program's code that are not the file's, in kB.
    fn own_code() -> u64 {
        let program = std::env::current_exe().unwrap();
        let of_program = |region: &Region| region.head.ends_with(&*program.to_string_lossy());
        let code = regions().into_iter().filter(of_program).filter(|region| region.head.contains(" r-xp "));
        code.map(|region| kilobytes(&region, "Anonymous")).sum()
    }

    fn kilobytes(region: &Region, name: &str) -> u64 {
        region.field(name).unwrap().strip_suffix(" kB").unwrap().parse().unwrap()
    }

    #[test]
    fn a_page_of_code_is_its_own_and_code_runs_on() {
        let before = own_code();
        hand_down_code();
        assert!(own_code() > before, "nothing was handed down");
        assert!(regions().iter().all(|region| !region.head.contains(" rwxp ")), "code can be written");
        hand_down_code();
    }

    /// Code of some pages where a large page could begin, and the memory behind it.
    fn segment() -> (Segment, Area, Area) {
        let mut area = Area::where_a_large_page_begins(2 * LARGE_PAGE).unwrap();
        let code = area.take_first(LARGE_PAGE + 3 * rustix::param::page_size());
        let start = code.start.expose_provenance();
        let segment = Segment { addresses: start..start + code.bytes, is_code: true };
        // SAFETY: all of it is ours.
        let bytes = unsafe { std::slice::from_raw_parts_mut(code.start.cast::<u8>(), code.bytes) };
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::try_from(at % 251).unwrap();
        }
        // SAFETY: as above.
        assert_eq!(unsafe { libc::mprotect(code.start, code.bytes, segment.protection()) }, 0);
        (segment, code, area)
    }

    fn has_its_bytes(segment: &Segment) -> bool {
        // SAFETY: all of it can be read, and nobody writes to it.
        let bytes = unsafe {
            std::slice::from_raw_parts(segment.start().cast::<u8>().cast_const(), segment.addresses.len())
        };
        bytes.iter().enumerate().all(|(at, byte)| usize::from(*byte) == at % 251)
    }

    #[test]
    fn code_moves_to_large_pages_and_stays_what_it_is() {
        let (segment, code, behind) = segment();
        drop(behind);
        let moved = segment.move_to_large_pages();
        assert!(has_its_bytes(&segment));
        let regions = regions();
        let region =
            regions.iter().find(|region| region.addresses.contains(&segment.addresses.start)).unwrap();
        assert!(region.head.contains(" r-xp "), "{}", region.head);
        if moved {
            assert_eq!(region.addresses, segment.addresses.start..segment.addresses.start + 2 * LARGE_PAGE);
            assert_eq!(kilobytes(region, "AnonHugePages"), 4096);
        } else {
            // Older kernels have no such call, others no free memory in one piece, and some processors are left alone.
            assert_eq!(region.addresses, segment.addresses);
        }
        drop(code);
    }

    #[test]
    fn code_stays_where_something_is_behind_it() {
        let (segment, code, mut behind) = segment();
        drop(behind.take_first(rustix::param::page_size()));
        assert!(!segment.move_to_large_pages());
        assert!(has_its_bytes(&segment));
        drop((behind, code));
    }
}
