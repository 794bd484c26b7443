//! The end of a worker that has nothing left to say.

/// Ends this process at once, with status 0. The kernel takes back what a process has faster than the process can
/// give it back piece by piece; nothing that was not written yet is written.
pub fn end() -> ! {
    // SAFETY: has no conditions. It skips exit handlers and destructors; nothing that outlives this process waits for
    // any.
    unsafe { libc::_exit(0) }
}
