//! Files that the host handed over, as memory: their pages are mapped, so nothing is copied and what is not looked at is
//! never read.

#![allow(unsafe_code)]

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use arrow::array::{ArrayData, ArrayDataBuilder};
use arrow::buffer::{Buffer, MutableBuffer};
use arrow::ipc::reader::FileDecoder;

use crate::Result;

/// Places for inputs begin and end at multiples of this, in bytes.
const PLACE_BYTES: u64 = 64 << 10;

/// What is read at once, where nothing is mapped.
const READ_BYTES: usize = 16 << 20;

/// A file that is an input.
pub(crate) struct Input {
    path: PathBuf,
    length: u64,
}

impl Input {
    pub(crate) fn open(path: &Path) -> Result<Input> {
        let length = map::length(path).map_err(|error| named(path, error))?;
        Ok(Input { path: path.to_owned(), length })
    }

    /// How many bytes it has.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// These bytes of it.
    pub(crate) fn bytes(&self, wanted: Range<u64>) -> Result<Buffer> {
        Ok(self.several(std::slice::from_ref(&wanted))?.pop().unwrap_or_default())
    }

    /// These bytes of it, and these. They are shown beside each other, which leaves the rest of memory in one piece: only there can it
    /// have large pages.
    pub(crate) fn several(&self, wanted: &[Range<u64>]) -> Result<Vec<Buffer>> {
        let have = |bytes: &Range<u64>| bytes.start <= bytes.end && bytes.end <= self.length;
        if !wanted.iter().all(have) {
            let error = io::Error::new(io::ErrorKind::UnexpectedEof, "it has no such bytes");
            return Err(named(&self.path, error).into());
        }
        // A few of many bytes are not worth a place of their own.
        let are_few = |bytes: &Range<u64>| bytes.end - bytes.start < PLACE_BYTES.min(self.length);
        let windows = wanted.iter().filter(|bytes| !are_few(bytes));
        let windows: Vec<_> =
            windows.map(|bytes| bytes.start - bytes.start % PLACE_BYTES..bytes.end).collect();
        let mut shown = map::show(&self.path, &windows).unwrap_or_default().into_iter().peekable();
        let buffer = |bytes: &Range<u64>| {
            let length = usize::try_from(bytes.end - bytes.start).map_err(io::Error::other)?;
            match shown.next_if(|_| !are_few(bytes)) {
                Some(window) => Ok(window.slice_with_length((bytes.start % PLACE_BYTES) as usize, length)),
                None => self.read(bytes.start, length),
            }
        };
        let buffers = wanted.iter().map(buffer).collect::<io::Result<Vec<_>>>();
        Ok(buffers.map_err(|error| named(&self.path, error))?)
    }

    /// Reads bytes into memory that is aligned as Arrow wants it.
    fn read(&self, start: u64, length: usize) -> io::Result<Buffer> {
        if length == 0 {
            return Ok(Buffer::default());
        }
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = MutableBuffer::from_len_zeroed(length);
        // A host may refuse to read much at once.
        for piece in bytes.chunks_mut(READ_BYTES) {
            file.read_exact(piece)?;
        }
        Ok(bytes.into())
    }
}

/// A decoder of tables that come from the host, which has checked them in full: looking again would read every page of them.
pub(crate) fn decoder(
    schema: arrow::datatypes::SchemaRef,
    version: arrow::ipc::MetadataVersion,
) -> FileDecoder {
    // SAFETY: the contract says that inputs are valid; who breaks it breaks a step that can't reach past its sandbox.
    unsafe { FileDecoder::new(schema, version).with_skip_validation(true) }
}

/// A column of such a table.
pub(crate) fn column(data: ArrayDataBuilder) -> ArrayData {
    // SAFETY: as above.
    unsafe { data.align_buffers(true).build_unchecked() }
}

pub(crate) fn named(path: &Path, error: std::io::Error) -> std::io::Error {
    std::io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Outside of a sandbox, as in tests, the operating system maps.
#[cfg(not(target_family = "wasm"))]
mod map {
    use std::fs::{self, File};
    use std::io;
    use std::ops::Range;
    use std::path::Path;
    use std::ptr::NonNull;
    use std::sync::Arc;

    use arrow::buffer::Buffer;
    use memmap2::{Mmap, MmapOptions};

    pub(super) fn length(path: &Path) -> io::Result<u64> {
        Ok(fs::metadata(path)?.len())
    }

    /// Shows these bytes, and these; `None` if they have to be read.
    pub(super) fn show(path: &Path, windows: &[Range<u64>]) -> Option<Vec<Buffer>> {
        let file = File::open(path).ok()?;
        let show = |window: &Range<u64>| {
            let length = usize::try_from(window.end - window.start).ok()?;
            let mut options = MmapOptions::new();
            options.offset(window.start).len(length);
            // SAFETY: nobody changes a step's inputs while it runs.
            let map: Mmap = unsafe { options.map(&file).ok()? };
            let start = NonNull::new(map.as_ptr().cast_mut())?;
            // SAFETY: the map is at this address, so long, for as long as the buffer owns it.
            Some(unsafe { Buffer::from_custom_allocation(start, length, Arc::new(map)) })
        };
        windows.iter().map(show).collect()
    }
}

/// In a sandbox the host maps, into memory that we ask our own allocator for.
#[cfg(target_family = "wasm")]
mod map {
    use std::alloc::{Layout, alloc, dealloc};
    use std::fs;
    use std::io;
    use std::ops::Range;
    use std::path::Path;
    use std::ptr::NonNull;
    use std::sync::Arc;

    use arrow::buffer::Buffer;

    use super::PLACE_BYTES;

    #[link(wasm_import_module = "crunchbox_v1")]
    unsafe extern "C" {
        fn input_size(name: *const u8, name_bytes: usize) -> i64;
        fn map_input_at(
            name: *const u8,
            name_bytes: usize,
            offset: u64,
            address: *mut u8,
            length: usize,
        ) -> i32;
        fn unmap_input(address: *mut u8, length: usize) -> i32;
    }

    /// Memory in which parts of a file are shown.
    struct Place {
        start: NonNull<u8>,
        layout: Layout,
        /// Where from the start, and how many bytes.
        shown: Vec<(usize, usize)>,
    }

    // SAFETY: it is memory like any other, and never written to.
    unsafe impl Send for Place {}
    // SAFETY: as above.
    unsafe impl Sync for Place {}

    impl Place {
        /// `None` if there is no memory to show so much in.
        fn of(bytes: usize) -> Option<Place> {
            let layout = Layout::from_size_align(bytes, PLACE_BYTES as usize).ok().filter(|_| bytes > 0)?;
            // SAFETY: the layout is not of nothing.
            let start = NonNull::new(unsafe { alloc(layout) })?;
            Some(Place { start, layout, shown: Vec::new() })
        }

        /// Shows so many bytes of an input from there on; false if the host does not.
        fn show(&mut self, name: &str, offset: u64, at: usize, length: usize) -> bool {
            // SAFETY: the place is ours and as large as it has to be; nobody has a reference into it.
            let errno = unsafe {
                let address = self.start.as_ptr().add(at);
                map_input_at(name.as_ptr(), name.len(), offset, address, length)
            };
            if errno == 0 {
                self.shown.push((at, length));
            }
            errno == 0
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            // SAFETY: it was shown there, in this length; what referred to it is gone. It is memory again then.
            let is_blank = |(at, length): (usize, usize)| unsafe {
                unmap_input(self.start.as_ptr().add(at), length) == 0
            };
            // What the host would not take back stays taken.
            if self.shown.drain(..).all(is_blank) {
                // SAFETY: it is from `alloc`, with this layout, and all of it is memory.
                unsafe { dealloc(self.start.as_ptr(), self.layout) };
            }
        }
    }

    /// What the host calls the file, if it is an input.
    fn name(path: &Path) -> &str {
        path.strip_prefix("/in").ok().and_then(Path::to_str).unwrap_or_default()
    }

    pub(super) fn length(path: &Path) -> io::Result<u64> {
        let name = name(path);
        // SAFETY: the host reads the name, for as long as the call lasts.
        let length = unsafe { input_size(name.as_ptr(), name.len()) };
        // A host that maps nothing, or a file that is no input.
        u64::try_from(length).or_else(|_| Ok(fs::metadata(path)?.len()))
    }

    /// Shows these bytes, and these; `None` if they have to be read.
    pub(super) fn show(path: &Path, windows: &[Range<u64>]) -> Option<Vec<Buffer>> {
        let name = name(path);
        let mut end = 0usize;
        let mut places = Vec::with_capacity(windows.len());
        for window in windows {
            let length = usize::try_from(window.end - window.start).ok()?;
            places.push((end, length));
            end = end.checked_add(length.checked_next_multiple_of(PLACE_BYTES as usize)?)?;
        }
        let mut place = Place::of(end)?;
        let show = |(window, &(at, length)): (&Range<u64>, &(usize, usize))| {
            place.show(name, window.start, at, length)
        };
        if !windows.iter().zip(&places).all(show) {
            return None;
        }
        let place = Arc::new(place);
        let buffer = |(at, length)| {
            // SAFETY: so many bytes are shown there for as long as the buffer owns a share of the place.
            unsafe { Buffer::from_custom_allocation(place.start.add(at), length, Arc::clone(&place) as _) }
        };
        Some(places.into_iter().map(buffer).collect())
    }
}
