//! Imports of `crunchbox_v1`: a step sees its inputs without copying a byte, their pages being in its own memory.
//!
//! The step says where, out of memory that its own allocator gave it, so no allocator takes the pages for heap. Every
//! number is the step's and may be anything: what does not fit is an error number of WASI's.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use crunchbox_jail::{blank, prefer_large_pages, report_faults, show};
use crunchbox_protocol::{End, Message, Report};
use rustix::fs::{CWD, Mode, OFlags, openat};
use wasmtime::{Caller, Linker, Memory};

use crate::run::State;

/// The module that the imports are in.
const IMPORTS: &str = "crunchbox_v1";

/// Places begin and end at multiples of this, in bytes: a page of WebAssembly's, and whole pages of any machine's.
const PLACE_BYTES: usize = 64 << 10;

/// How many inputs, or parts of them, are shown at a time at most: the kernel has a limit, and needs some for itself.
const MOST: usize = 4_096;

/// A name in a folder is no longer on Linux.
const NAME_BYTES: usize = 255;

/// Error numbers as WASI has them.
#[derive(Clone, Copy)]
enum Errno {
    Busy = 10,
    Fault = 21,
    Inval = 28,
    Io = 29,
    Noent = 44,
    Nomem = 48,
}

/// The inputs of a step, and where they are shown.
pub(crate) struct Shown {
    folder: PathBuf,
    /// By address: how much memory is taken, in bytes.
    places: BTreeMap<usize, usize>,
    /// Where last words go; gone once something is shown and they are prepared.
    socket: Option<OwnedFd>,
}

impl Shown {
    /// * `socket`: where the report goes.
    pub(crate) fn new(folder: PathBuf, socket: OwnedFd) -> Shown {
        Shown { folder, places: BTreeMap::new(), socket: Some(socket) }
    }

    fn open(&self, name: &[u8]) -> Result<(File, u64), Errno> {
        let name = std::str::from_utf8(name).map_err(|_| Errno::Noent)?;
        if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
            return Err(Errno::Noent);
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat(CWD, self.folder.join(name), flags, Mode::empty()).map_err(|_| Errno::Noent)?;
        let file = File::from(file);
        let metadata = file.metadata().map_err(|_| Errno::Io)?;
        if metadata.is_file() { Ok((file, metadata.len())) } else { Err(Errno::Noent) }
    }

    fn is_free(&self, start: usize, end: usize) -> bool {
        let before = self.places.range(..end).next_back();
        before.is_none_or(|(address, length)| address + length <= start)
    }
}

/// Adds the imports.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let number = |result: Result<(), Errno>| result.map_or_else(|errno| errno as i32, |()| 0);
    linker.func_wrap(
        IMPORTS,
        "input_size",
        |mut caller: Caller<'_, State>, name: u32, name_bytes: u32| match input_size(
            &mut caller,
            name,
            name_bytes,
        ) {
            Ok(bytes) => bytes,
            Err(errno) => -(errno as i64),
        },
    )?;
    linker.func_wrap(
        IMPORTS,
        "map_input",
        move |mut caller: Caller<'_, State>, name: u32, name_bytes: u32, address: u32, length: u32| {
            number(map_input(&mut caller, name, name_bytes, 0, address, length))
        },
    )?;
    linker.func_wrap(
        IMPORTS,
        "map_input_at",
        move |mut caller: Caller<'_, State>,
              name: u32,
              name_bytes: u32,
              offset: u64,
              address: u32,
              length: u32| {
            number(map_input(&mut caller, name, name_bytes, offset, address, length))
        },
    )?;
    linker.func_wrap(
        IMPORTS,
        "unmap_input",
        move |mut caller: Caller<'_, State>, address: u32, length: u32| {
            number(unmap_input(&mut caller, address, length))
        },
    )?;
    Ok(())
}

/// The memory that the step exports, which is the one that places are in.
fn memory(caller: &mut Caller<'_, State>) -> Result<Memory, Errno> {
    caller.get_export("memory").and_then(wasmtime::Extern::into_memory).ok_or(Errno::Fault)
}

fn open(caller: &mut Caller<'_, State>, name: u32, name_bytes: u32) -> Result<(File, u64), Errno> {
    let memory = memory(caller)?;
    let (name, length) = (name as usize, name_bytes as usize);
    let bytes = memory.data(&caller).get(name..).and_then(|rest| rest.get(..length)).ok_or(Errno::Fault)?;
    if length > NAME_BYTES {
        return Err(Errno::Noent);
    }
    caller.data().shown.open(bytes)
}

fn input_size(caller: &mut Caller<'_, State>, name: u32, name_bytes: u32) -> Result<i64, Errno> {
    let (_, size) = open(caller, name, name_bytes)?;
    i64::try_from(size).map_err(|_| Errno::Io)
}

/// Shows `length` bytes of an input, from `offset` on, at `address`.
fn map_input(
    caller: &mut Caller<'_, State>,
    name: u32,
    name_bytes: u32,
    offset: u64,
    address: u32,
    length: u32,
) -> Result<(), Errno> {
    let (file, size) = open(caller, name, name_bytes)?;
    let (address, length) = (address as usize, length as usize);
    let fits = offset.checked_add(length as u64).is_some_and(|end| end <= size);
    if length == 0 || !fits || !offset.is_multiple_of(PLACE_BYTES as u64) {
        return Err(Errno::Inval);
    }
    if !address.is_multiple_of(PLACE_BYTES) {
        return Err(Errno::Inval);
    }
    let memory = memory(caller)?;
    let (data, state) = memory.data_and_store_mut(caller);
    let end = address + length.next_multiple_of(PLACE_BYTES);
    if end > data.len() {
        return Err(Errno::Fault);
    }
    if !state.shown.is_free(address, end) {
        return Err(Errno::Busy);
    }
    if state.shown.places.len() >= MOST {
        return Err(Errno::Nomem);
    }
    // A page that the file does not reach into would kill whoever reads it: those stay memory.
    let taken = length.next_multiple_of(rustix::param::page_size());
    if let Some(socket) = state.shown.socket.take() {
        let first = data.as_ptr() as usize;
        let detail = "it wrote where one of its inputs is shown, which can only be read";
        let report = Report::new(End::Trap, detail).encode().map_err(|_| Errno::Io)?;
        // All that the memory may grow to.
        report_faults(first..first.saturating_add(4 << 30), socket, report);
    }
    let place = data.get_mut(address..address + taken).ok_or(Errno::Fault)?;
    show(&file, offset, place).map_err(|_| Errno::Nomem)?;
    state.shown.places.insert(address, taken);
    state.growth.show(taken as u64);
    Ok(())
}

/// Makes memory again, zeroed, of a place that an input was shown in: the same address and length.
fn unmap_input(caller: &mut Caller<'_, State>, address: u32, length: u32) -> Result<(), Errno> {
    let memory = memory(caller)?;
    let (data, state) = memory.data_and_store_mut(caller);
    let (address, length) = (address as usize, length as usize);
    let taken = length.next_multiple_of(rustix::param::page_size());
    if state.shown.places.get(&address) != Some(&taken) {
        return Err(Errno::Inval);
    }
    let place = data.get_mut(address..address + taken).ok_or(Errno::Fault)?;
    blank(place).map_err(|_| Errno::Nomem)?;
    let first = place.as_ptr().addr();
    prefer_large_pages(first..first + place.len());
    state.shown.places.remove(&address);
    state.growth.hide(taken as u64);
    Ok(())
}
