//! Last words of a worker whose own code was made to write where a file is shown: a step asked for it, by
//! copying memory or by a system call, so the step is to be told of, and not a broken worker.

use std::ffi::c_int;
use std::io;
use std::ops::Range;
use std::os::fd::{IntoRawFd, OwnedFd};
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicUsize, Ordering};

/// The addresses that are looked after, and what is said of a fault there, and to whom. The message is set last, and
/// before that there is nothing to say.
static FIRST: AtomicUsize = AtomicUsize::new(0);
static END: AtomicUsize = AtomicUsize::new(0);
static SOCKET: AtomicI32 = AtomicI32::new(-1);
static MESSAGE: AtomicPtr<u8> = AtomicPtr::new(ptr::null_mut());
static MESSAGE_BYTES: AtomicUsize = AtomicUsize::new(0);

/// Takes SIGSEGV for this process, so that [`report_faults`] works later. Whoever takes it afterwards and finds a fault to
/// be none of its own must hand it on, as wasmtime does.
///
/// # Errors
/// What the system says.
pub fn expect_faults() -> io::Result<()> {
    // SAFETY: all of the struct is set by the two lines behind it, or may be zero: no flags but ours, no restorer.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = on_fault as *const () as libc::sighandler_t;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_NODEFER | libc::SA_ONSTACK;
    // SAFETY: the handler has the signature that SA_SIGINFO asks for, and calls nothing but what a handler may.
    let taken = unsafe { libc::sigaction(libc::SIGSEGV, &action, ptr::null_mut()) };
    if taken == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// From now on, for good, a fault at one of these addresses sends `message` to `socket` and ends this process.
pub fn report_faults(within: Range<usize>, socket: OwnedFd, message: Vec<u8>) {
    SOCKET.store(socket.into_raw_fd(), Ordering::Relaxed);
    FIRST.store(within.start, Ordering::Relaxed);
    END.store(within.end, Ordering::Relaxed);
    MESSAGE_BYTES.store(message.len(), Ordering::Relaxed);
    MESSAGE.store(Box::leak(message.into_boxed_slice()).as_mut_ptr(), Ordering::Release);
}

extern "C" fn on_fault(signal: c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    let message = MESSAGE.load(Ordering::Acquire);
    // SAFETY: the kernel hands a handler of this kind a valid siginfo, and this signal's has an address.
    let address = unsafe { (*info).si_addr() } as usize;
    let within = FIRST.load(Ordering::Relaxed)..END.load(Ordering::Relaxed);
    if message.is_null() || !within.contains(&address) {
        // Not ours: the instruction is tried again, and the process ends by the signal.
        // SAFETY: setting a signal to its default is one of the things that a handler may do.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
        return;
    }
    let (socket, mut left) = (SOCKET.load(Ordering::Relaxed), MESSAGE_BYTES.load(Ordering::Relaxed));
    let mut from = message.cast_const();
    while left > 0 {
        // SAFETY: the bytes were leaked, so they are there; write is one of the things that a handler may call.
        let written = unsafe { libc::write(socket, from.cast(), left) };
        let Ok(written) = usize::try_from(written) else { break };
        left -= written;
        // SAFETY: no more was written than was left.
        from = unsafe { from.add(written) };
    }
    // SAFETY: ends the process without running anything of it.
    unsafe { libc::_exit(0) };
}
