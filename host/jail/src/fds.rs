//! Closing what was inherited.

use std::io;
use std::os::fd::RawFd;

/// Closes every descriptor from `first` on.
///
/// Descriptors that the parent opened without close-on-exec (by a C library, say) come along through `exec`;
/// a worker must not hold them. Nothing of this process may own a descriptor from `first` on: it is called
/// first thing in a worker, when only the standard three are open.
pub(crate) fn close_from(first: RawFd) -> io::Result<()> {
    // SAFETY: close_range takes numbers, no pointers. That no live object owns one of the descriptors is the
    // caller's promise above; `enter` calls this before anything has been opened.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first as libc::c_uint, libc::c_uint::MAX, 0) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
