//! The program's own code, as workers find it.
//!
//! When a process clones itself, the kernel leaves out what it can read from a file again: the clone asks for each piece of
//! code once more by running into it, which was a fifteenth of all that a short call costs. It leaves nothing out where a single
//! page is no longer the file's.

use std::ffi::{c_int, c_void};
use std::process::abort;
use std::ptr;

/// Has clones of this process inherit its code: as much of it as has run by then.
///
/// It is a wish: where the system does not allow it (code that may be written, for a moment), workers start some
/// microseconds later. For a process that has seen nobody's data.
pub fn hand_down_code() {
    // SAFETY: the function is called before this returns, and is as it must be.
    unsafe { libc::dl_iterate_phdr(Some(one_program), ptr::null_mut()) };
}

/// Called for each program and library of this process; the first is the program itself.
unsafe extern "C" fn one_program(program: *mut libc::dl_phdr_info, _: usize, _: *mut c_void) -> c_int {
    // SAFETY: it is there for the time of this call, and so are its headers.
    let (program, headers) = unsafe {
        let program = &*program;
        (program, std::slice::from_raw_parts(program.dlpi_phdr, program.dlpi_phnum.into()))
    };
    for header in headers {
        if header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_W == 0 {
            let first = (program.dlpi_addr + header.p_vaddr) as usize;
            own_a_page(first, first + header.p_memsz as usize, header.p_flags & libc::PF_X != 0);
        }
    }
    1
}

/// Writes a byte of the program over itself, which makes a page of it this process's own.
fn own_a_page(first: usize, end: usize, is_code: bool) {
    let page = rustix::param::page_size();
    let start = first / page * page;
    let place = ptr::with_exposed_provenance_mut::<u8>(start);
    let usual = if is_code { libc::PROT_READ | libc::PROT_EXEC } else { libc::PROT_READ };
    let protect = |protection| {
        // SAFETY: these are whole pages of the program, which stay readable, and executable if they are that.
        unsafe { libc::mprotect(place.cast(), end - start, protection) }
    };
    if protect(usual | libc::PROT_WRITE) == 0 {
        // SAFETY: it can be written, has one byte for this one thread, and stays what it is.
        unsafe { place.write_volatile(place.read_volatile()) };
    }
    if protect(usual) != 0 {
        // No worker may come of a program whose code can be written. What could be had before can be had again, so this is no
        // way that is gone; the engine would start another spawner.
        abort();
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
        code.map(|region| {
            let anonymous = region.field("Anonymous").unwrap().strip_suffix(" kB").unwrap();
            anonymous.parse::<u64>().unwrap()
        })
        .sum()
    }

    #[test]
    fn a_page_of_code_is_its_own_and_code_runs_on() {
        let before = own_code();
        hand_down_code();
        assert!(own_code() > before, "nothing was handed down");
        assert!(regions().iter().all(|region| !region.head.contains(" rwxp ")), "code can be written");
        hand_down_code();
    }
}
