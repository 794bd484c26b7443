//! Files that the host handed over, as memory: their pages are mapped, so nothing is copied and what is not looked at is
//! never read.

#![allow(unsafe_code)]

use std::path::Path;

use arrow::buffer::Buffer;
use arrow::ipc::reader::FileDecoder;

use crate::Result;

/// All bytes of a file.
pub(crate) fn open(path: &Path) -> Result<Buffer> {
    map::open(path).map_err(|error| named(path, error).into())
}

/// A decoder of tables that come from the host, which has checked them in full: looking again would read every page of them.
pub(crate) fn decoder(
    schema: arrow::datatypes::SchemaRef,
    version: arrow::ipc::MetadataVersion,
) -> FileDecoder {
    // SAFETY: the contract says that inputs are valid; who breaks it breaks a step that can't reach past its sandbox.
    unsafe { FileDecoder::new(schema, version).with_skip_validation(true) }
}

pub(crate) fn named(path: &Path, error: std::io::Error) -> std::io::Error {
    std::io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Outside of a sandbox, as in tests, the operating system maps.
#[cfg(not(target_family = "wasm"))]
mod map {
    use std::fs::File;
    use std::io;
    use std::path::Path;
    use std::ptr::NonNull;
    use std::sync::Arc;

    use arrow::buffer::Buffer;
    use memmap2::Mmap;

    pub(super) fn open(path: &Path) -> io::Result<Buffer> {
        // SAFETY: nobody changes a step's inputs while it runs.
        let map = unsafe { Mmap::map(&File::open(path)?)? };
        let Some(start) = NonNull::new(map.as_ptr().cast_mut()) else { return Ok(Buffer::default()) };
        let length = map.len();
        // SAFETY: the map is at this address, so long, for as long as the buffer owns it.
        Ok(unsafe { Buffer::from_custom_allocation(start, length, Arc::new(map)) })
    }
}

/// In a sandbox the host maps, into memory that we ask our own allocator for.
#[cfg(target_family = "wasm")]
mod map {
    use std::alloc::{Layout, alloc, dealloc};
    use std::fs::File;
    use std::io::{self, Read};
    use std::path::Path;
    use std::ptr::NonNull;
    use std::sync::Arc;

    use arrow::buffer::{Buffer, MutableBuffer};

    /// Places for inputs begin and end at multiples of this, in bytes.
    const PLACE_BYTES: usize = 64 << 10;

    /// What is read at once, where nothing is mapped.
    const READ_BYTES: usize = 16 << 20;

    #[link(wasm_import_module = "crunchbox_v1")]
    unsafe extern "C" {
        fn input_size(name: *const u8, name_bytes: usize) -> i64;
        fn map_input(name: *const u8, name_bytes: usize, address: *mut u8, length: usize) -> i32;
        fn unmap_input(address: *mut u8, length: usize) -> i32;
    }

    /// Where a file is shown.
    struct Place {
        start: NonNull<u8>,
        layout: Layout,
        length: usize,
    }

    // SAFETY: it is memory like any other, and never written to.
    unsafe impl Send for Place {}
    // SAFETY: as above.
    unsafe impl Sync for Place {}

    impl Place {
        /// `None` if the host doesn't know the file, or there is no memory to show it in.
        fn show(name: &str) -> Option<Place> {
            // SAFETY: the host reads the name, for as long as the call lasts.
            let length = unsafe { input_size(name.as_ptr(), name.len()) };
            let length = usize::try_from(length).ok().filter(|length| *length > 0)?;
            let taken = length.checked_next_multiple_of(PLACE_BYTES)?;
            let layout = Layout::from_size_align(taken, PLACE_BYTES).ok()?;
            // SAFETY: the layout is not of nothing.
            let start = NonNull::new(unsafe { alloc(layout) })?;
            // SAFETY: the place is ours and as large as it has to be; nobody has a reference into it.
            if unsafe { map_input(name.as_ptr(), name.len(), start.as_ptr(), length) } == 0 {
                return Some(Place { start, layout, length });
            }
            // SAFETY: it is from `alloc`, with this layout, and still memory.
            unsafe { dealloc(start.as_ptr(), layout) };
            None
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            // SAFETY: the place was shown there, in this length; what referred to it is gone. It is memory again then, and
            // the allocator's. What the host would not take back stays taken.
            unsafe {
                if unmap_input(self.start.as_ptr(), self.length) == 0 {
                    dealloc(self.start.as_ptr(), self.layout);
                }
            }
        }
    }

    pub(super) fn open(path: &Path) -> io::Result<Buffer> {
        let name = path.strip_prefix("/in").ok().and_then(Path::to_str).unwrap_or_default();
        if let Some(place) = Place::show(name) {
            let (start, length) = (place.start, place.length);
            // SAFETY: so many bytes are shown there for as long as the buffer owns the place.
            return Ok(unsafe { Buffer::from_custom_allocation(start, length, Arc::new(place)) });
        }
        // A host that maps nothing, or a file that is empty or no input: into memory that is aligned as Arrow wants it.
        let mut file = File::open(path)?;
        let length = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
        let mut bytes = MutableBuffer::from_len_zeroed(length);
        // A host may refuse to read much at once.
        for piece in bytes.chunks_mut(READ_BYTES) {
            file.read_exact(piece)?;
        }
        Ok(bytes.into())
    }
}
