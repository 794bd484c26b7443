//! Memory for workers of few calls: what a worker asks for first comes from pages that nobody has written to.
//!
//! A clone has its spawner's heap, and each page of it that the clone writes to is copied first. An allocator writes all over
//! its heap, whatever it is asked: a fresh piece goes where an old one was, and the neighbours of a freed piece are joined.
//! So a worker begins on an empty strip, and leaves alone what it has inherited; once the strip is used up it goes on in
//! the heap like any other program.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a short call needs several times over. It takes no memory until it is used.
const STRIP_BYTES: usize = 256 << 10;

/// Larger pieces come from the heap, which gives them pages of their own.
const MAX_PIECE_BYTES: usize = 32 << 10;

/// All pieces begin at multiples of it.
const MIN_ALIGNMENT: usize = 16;

/// Pieces may ask for as much: values that processors are not to share a cache line for do. One that the system's allocator
/// has to make for such a value has it look through all that is free, and to write all over it.
const MAX_ALIGNMENT: usize = 128;

/// All of it on pages that a spawner writes nothing to.
#[repr(C, align(4096))]
struct Strip {
    /// Where it is still free. In a spawner there is no place in it.
    next: AtomicUsize,
    /// Where the heap ended that was inherited.
    inherited_end: AtomicUsize,
    pieces: Pieces,
}

#[repr(align(128))]
struct Pieces(UnsafeCell<MaybeUninit<[u8; STRIP_BYTES]>>);

// SAFETY: no byte of them is touched here but for the owner of the piece that it is in; each piece has one owner.
unsafe impl Sync for Pieces {}

static STRIP: Strip = Strip {
    next: AtomicUsize::new(0),
    inherited_end: AtomicUsize::new(0),
    pieces: Pieces(UnsafeCell::new(MaybeUninit::uninit())),
};

/// The allocator of worker executables: the system's, but for what comes first in a worker.
#[derive(Debug)]
pub struct Heap;

/// From here on this process is a worker.
pub(crate) fn begin() {
    // SAFETY: it only asks where the heap ends.
    let end = unsafe { libc::sbrk(0) };
    STRIP.inherited_end.store(end.addr(), Ordering::Relaxed);
}

/// A piece of the strip, if one is left.
fn piece(layout: Layout) -> Option<*mut u8> {
    if layout.size() > MAX_PIECE_BYTES || layout.align() > MAX_ALIGNMENT {
        return None;
    }
    if STRIP.inherited_end.load(Ordering::Relaxed) == 0 {
        return None;
    }
    let bytes = layout.size().next_multiple_of(MIN_ALIGNMENT);
    let aligned = |free: usize| free.next_multiple_of(layout.align());
    let behind = |free| Some(aligned(free) + bytes).filter(|end| *end <= STRIP_BYTES);
    let free = STRIP.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, behind).ok()?;
    Some(first().wrapping_add(aligned(free)))
}

fn first() -> *mut u8 {
    STRIP.pieces.0.get().cast()
}

/// Where in the strip a piece begins.
fn offset(piece: *mut u8) -> Option<usize> {
    piece.addr().checked_sub(first().addr()).filter(|offset| *offset < STRIP_BYTES)
}

/// Makes the end of the last piece another one; false if it is not the last, or there is no room.
fn move_end(start: usize, from: usize, to: usize) -> bool {
    let end = |bytes: usize| start + bytes.next_multiple_of(MIN_ALIGNMENT);
    end(to) <= STRIP_BYTES
        && STRIP.next.compare_exchange(end(from), end(to), Ordering::Relaxed, Ordering::Relaxed).is_ok()
}

fn is_inherited(piece: *mut u8) -> bool {
    piece.addr() < STRIP.inherited_end.load(Ordering::Relaxed)
}

// SAFETY: a piece of the strip is handed out once, is whole within it, is as large and as aligned as was asked for, and is not
// given to the system's allocator; what is not of the strip comes from that allocator and goes back to it, or is never used
// again. No function here panics or allocates.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        piece(layout).unwrap_or_else(|| unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match piece(layout) {
            Some(piece) => {
                // It may have been somebody's who gave it back.
                // SAFETY: the piece is that large, and is nobody's yet.
                unsafe { piece.write_bytes(0, layout.size()) };
                piece
            }
            // SAFETY: as the caller promises.
            None => unsafe { System.alloc_zeroed(layout) },
        }
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        if let Some(start) = offset(piece) {
            move_end(start, layout.size(), 0);
        } else if !is_inherited(piece) {
            // SAFETY: it came from there.
            unsafe { System.dealloc(piece, layout) };
        }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        match offset(old) {
            Some(start) if bytes <= MAX_PIECE_BYTES && move_end(start, layout.size(), bytes) => return old,
            // SAFETY: it came from there.
            None if !is_inherited(old) => return unsafe { System.realloc(old, layout, bytes) },
            _ => {}
        }
        // SAFETY: the caller promises that so many bytes are a layout with this alignment.
        let new = unsafe { self.alloc(Layout::from_size_align_unchecked(bytes, layout.align())) };
        if !new.is_null() {
            // SAFETY: both are as large, and another piece is elsewhere.
            unsafe { ptr::copy_nonoverlapping(old, new, layout.size().min(bytes)) };
            // SAFETY: as the caller promises.
            unsafe { self.dealloc(old, layout) };
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Memory of the allocator's, with one value all over it.
    struct Piece(*mut u8, Layout);

    impl Piece {
        fn new(bytes: usize, alignment: usize, value: u8) -> Piece {
            let layout = Layout::from_size_align(bytes, alignment).unwrap();
            // SAFETY: no layout here is empty.
            let mut piece = Piece(unsafe { Heap.alloc(layout) }, layout);
            piece.bytes().fill(value);
            piece
        }

        fn bytes(&mut self) -> &mut [u8] {
            // SAFETY: so many bytes are this piece's, and were written to.
            unsafe { std::slice::from_raw_parts_mut(self.0, self.1.size()) }
        }

        fn holds(&mut self, value: u8) -> bool {
            self.bytes().iter().all(|byte| *byte == value)
        }

        /// Where it is, now that it is as large as this.
        fn resize(&mut self, bytes: usize, value: u8) -> Option<usize> {
            let kept = bytes.min(self.1.size());
            // SAFETY: it has this layout.
            self.0 = unsafe { Heap.realloc(self.0, self.1, bytes) };
            self.1 = Layout::from_size_align(bytes, self.1.align()).unwrap();
            // SAFETY: there are so many bytes.
            unsafe { self.0.add(kept).write_bytes(value, bytes - kept) };
            self.place()
        }

        fn place(&self) -> Option<usize> {
            offset(self.0)
        }
    }

    impl Drop for Piece {
        fn drop(&mut self) {
            // SAFETY: it has this layout, and nobody else.
            unsafe { Heap.dealloc(self.0, self.1) };
        }
    }

    /// One test, as a process becomes a worker once.
    #[test]
    fn a_worker_begins_on_the_strip_and_goes_on_in_the_heap() {
        let mut early = Piece::new(100, 8, 7);
        assert_eq!(early.place(), None, "no worker yet");
        begin();

        let mut first = Piece::new(10, 8, 1);
        let mut second = Piece::new(100, 8, 2);
        assert_eq!((first.place(), second.place()), (Some(0), Some(16)));
        // The last piece grows and shrinks where it is, another one moves.
        assert_eq!(second.resize(1000, 2), Some(16));
        assert_eq!(second.resize(90, 2), Some(16));
        assert_eq!(first.resize(20, 1), Some(16 + 96));
        assert!(first.holds(1) && second.holds(2));
        // What is given back last is had again, and is zeroed for whoever asks for that.
        let layout = first.1;
        first.bytes().fill(9);
        drop(first);
        // SAFETY: the layout is not empty.
        let mut zeroed = Piece(unsafe { Heap.alloc_zeroed(layout) }, layout);
        assert_eq!(zeroed.place(), Some(16 + 96));
        assert!(zeroed.holds(0));

        assert!(early.resize(200, 7).is_none() && early.holds(7));
        drop(early);
        for (bytes, alignment, is_ours) in
            [(MAX_PIECE_BYTES + 1, 8, false), (64, 256, false), (64, 128, true), (8, 32, true)]
        {
            let piece = Piece::new(bytes, alignment, 3);
            assert_eq!(piece.place().is_some(), is_ours, "{bytes} bytes at {alignment}");
            assert!(piece.0.addr().is_multiple_of(alignment));
        }
        let mut large = Piece::new(1000, 8, 4);
        assert!(large.place().is_some());
        assert!(large.resize(MAX_PIECE_BYTES + 1, 4).is_none() && large.holds(4));
        // The strip has an end, and the heap goes on.
        let value = |number: usize| u8::try_from(number % 251).unwrap();
        let mut pieces: Vec<Piece> =
            (0..2 * STRIP_BYTES / 1000).map(|number| Piece::new(1000, 8, value(number))).collect();
        let on_strip = pieces.iter().take_while(|piece| piece.place().is_some()).count();
        assert!(on_strip > 0 && on_strip < pieces.len());
        assert!(pieces.iter_mut().enumerate().all(|(number, piece)| piece.holds(value(number))));
    }
}
