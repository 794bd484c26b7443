//! No new code: what is executable is so when the process asks for this, and nothing becomes it later.

use std::io;

const PR_SET_MDWE: libc::c_int = 65;
const PR_GET_MDWE: libc::c_int = 66;
const PR_MDWE_REFUSE_EXEC_GAIN: libc::c_ulong = 1;

/// Refuses, for good, memory that is writable and executable, and memory that becomes executable.
///
/// # Errors
/// If the kernel is older than 6.3.
pub fn forbid_new_code() -> io::Result<()> {
    // SAFETY: prctl with numbers only. It takes rights from this process and touches no memory.
    check(unsafe { libc::prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) })
}

/// Whether [`forbid_new_code`] will work.
pub(crate) fn can_forbid_new_code() -> io::Result<()> {
    // SAFETY: as above; this only asks.
    check(unsafe { libc::prctl(PR_GET_MDWE, 0, 0, 0, 0) })
}

/// Puts together what this process has freed of its heap, once. A worker's allocator would do it with the first large piece of
/// memory that it is asked for, in pages that are the spawner's: each of them would be copied for it.
pub fn tidy_heap() {
    // SAFETY: has no conditions; it moves nothing that is in use.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Has this process keep the memory that it frees, for what it will want next: what goes back to the system comes again page
/// by page, each of them zeroed.
pub fn keep_freed_memory() {
    // SAFETY: has no conditions.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 1 << 30);
        libc::mallopt(libc::M_TRIM_THRESHOLD, libc::c_int::MAX);
    }
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result >= 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
