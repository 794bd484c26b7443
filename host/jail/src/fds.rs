//! Closing what was inherited.

use std::io;
use std::mem::forget;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// The first number behind the standard three.
const FIRST: RawFd = 3;

/// Closes every descriptor but the standard three.
///
/// Descriptors that the parent opened without close-on-exec (by a C library, say) come along through `exec`;
/// a worker must not hold them. Nothing of this process may own a descriptor but of those three: it is called
/// first thing in a worker executable.
pub(crate) fn close_inherited() -> io::Result<()> {
    close_from(FIRST)
}

/// Closes every descriptor but the standard three and these, which get other numbers.
///
/// A fresh worker has all that its spawner had: a few for each room, and for each worker that runs. One by one they would
/// take longer to close than the worker takes to get behind its walls. Whatever owns one of them must be forgotten, never
/// dropped.
pub(crate) fn keep_only<const COUNT: usize>(kept: [OwnedFd; COUNT]) -> io::Result<[OwnedFd; COUNT]> {
    let mut numbers: [(RawFd, usize); COUNT] = std::array::from_fn(|at| (kept[at].as_raw_fd(), at));
    // From the lowest on, so that none takes the number of one that is still to come.
    numbers.sort_unstable();
    let mut places = [FIRST; COUNT];
    let mut next = FIRST;
    for (number, at) in numbers {
        // SAFETY: dup3 takes numbers, no pointers. Who owns what is closed here is forgotten, as the caller promises.
        if number != next && unsafe { libc::dup3(number, next, libc::O_CLOEXEC) } < 0 {
            return Err(io::Error::last_os_error());
        }
        places[at] = next;
        next += 1;
    }
    forget(kept);
    close_from(next)?;
    // SAFETY: they are open, and nobody else owns them.
    Ok(places.map(|number| unsafe { OwnedFd::from_raw_fd(number) }))
}

fn close_from(first: RawFd) -> io::Result<()> {
    // SAFETY: close_range takes numbers, no pointers. That no live object owns one of the descriptors is what both
    // callers have been promised.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first as libc::c_uint, libc::c_uint::MAX, 0) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
