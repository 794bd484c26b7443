//! What attacks need that safe Rust does not have: any system call, second processes, memory by its address.
//!
//! This is an attacker's toolbox: it is linked into a program that harms nobody but itself, or is stopped.

use std::io;
use std::marker::PhantomData;

/// An argument of a system call: a number, or the address of something that lives as long as the call.
pub(crate) struct Arg<'a>(libc::c_long, PhantomData<&'a ()>);

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl From<$number> for Arg<'_> {
            fn from(number: $number) -> Self {
                Arg(number as libc::c_long, PhantomData)
            }
        }
    )*};
}

numbers!(i32, u32, i64, u64, usize);

impl<'a> From<&'a std::ffi::CStr> for Arg<'a> {
    fn from(text: &'a std::ffi::CStr) -> Self {
        Arg(text.as_ptr() as libc::c_long, PhantomData)
    }
}

impl<'a, T: Copy, const COUNT: usize> From<&'a [T; COUNT]> for Arg<'a> {
    fn from(array: &'a [T; COUNT]) -> Self {
        Arg(array.as_ptr() as libc::c_long, PhantomData)
    }
}

impl<'a, T: Copy, const COUNT: usize> From<&'a mut [T; COUNT]> for Arg<'a> {
    fn from(array: &'a mut [T; COUNT]) -> Self {
        Arg(array.as_mut_ptr() as libc::c_long, PhantomData)
    }
}

/// Makes a system call.
pub(crate) fn raw<const COUNT: usize>(number: libc::c_long, args: [Arg<'_>; COUNT]) -> io::Result<usize> {
    let arg = |index: usize| args.get(index).map_or(0, |arg| arg.0);
    // SAFETY: addresses come from references that outlive the call, to arrays as large as their callers know the
    // kernel to need. What numbers do to this process is what the attack is about.
    let result = unsafe { libc::syscall(number, arg(0), arg(1), arg(2), arg(3), arg(4), arg(5)) };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result as usize) }
}

/// `call!(SYS_kill, 1, 0)` makes a system call.
macro_rules! call {
    ($number:ident $(, $arg:expr)* $(,)?) => {
        $crate::sys::raw(libc::$number, [$($crate::sys::Arg::from($arg)),*])
    };
}
pub(crate) use call;

/// The address of a value, for structures that hold addresses.
pub(crate) fn address<T>(value: &T) -> usize {
    std::ptr::from_ref(value).addr()
}

/// The address of a text.
pub(crate) fn address_of_text(text: &std::ffi::CStr) -> usize {
    text.as_ptr().addr()
}

/// Makes a process by the old call; it lives `life` and ends. The result is its number.
pub(crate) fn process(flags: libc::c_int, life: impl FnOnce()) -> io::Result<i32> {
    // SAFETY: without CLONE_VM the child has its own copy of all memory; attacks have one thread.
    let result =
        unsafe { libc::syscall(libc::SYS_clone, (flags | libc::SIGCHLD) as libc::c_long, 0, 0, 0, 0) };
    if result == 0 {
        live(life);
    }
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result as i32) }
}

/// The same by the new call.
pub(crate) fn process3(life: impl FnOnce()) -> io::Result<i32> {
    let mut args = [0u64; 8];
    args[4] = libc::SIGCHLD as u64;
    // SAFETY: as above; the structure is as long as is said and outlives the call.
    let result = unsafe { libc::syscall(libc::SYS_clone3, args.as_ptr(), size_of_val(&args)) };
    if result == 0 {
        live(life);
    }
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result as i32) }
}

fn live(life: impl FnOnce()) -> ! {
    life();
    // SAFETY: ends the process at once; nothing of the parent's runs in it.
    unsafe { libc::_exit(0) }
}

/// Writes into every page of memory at an address.
pub(crate) fn touch(address: usize, bytes: usize) {
    for offset in (0..bytes).step_by(4096) {
        // SAFETY: the caller has just mapped this range for writing, and nothing else knows of it.
        unsafe { std::ptr::with_exposed_provenance_mut::<u8>(address + offset).write_volatile(1) };
    }
}

/// Reads one byte at an address, for the sake of its page.
pub(crate) fn look(address: usize) {
    // SAFETY: the caller has just mapped it for reading.
    unsafe { std::ptr::with_exposed_provenance::<u8>(address).read_volatile() };
}

/// Reads memory at an address.
pub(crate) fn peek(address: usize, bytes: usize) -> Vec<u8> {
    // SAFETY: the caller has just attached this range for reading.
    unsafe { std::slice::from_raw_parts(std::ptr::with_exposed_provenance::<u8>(address), bytes) }.to_vec()
}

/// Writes where nothing is.
pub(crate) fn segfault() {
    // SAFETY: none: the kernel kills this process for it.
    unsafe { std::ptr::null_mut::<u8>().with_addr(8).write_volatile(1) }
}

/// Writes memory at an address.
pub(crate) fn poke(address: usize, bytes: &[u8]) {
    // SAFETY: the caller has just attached this range for writing, and it is longer than any secret.
    unsafe { std::ptr::with_exposed_provenance_mut::<u8>(address).copy_from(bytes.as_ptr(), bytes.len()) }
}
