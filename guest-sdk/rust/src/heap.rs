//! The allocator of the standard library, given memory in larger pieces.
//!
//! The host fills in a memory of some MiB with pages of 2 MiB, which takes a fraction of what as much takes in pages of 4 KiB: but a page
//! is so large only where memory has been grown over all of it before its first byte is written.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout};
use std::arch::wasm32::{memory_grow, memory_size};
use std::cell::UnsafeCell;
use std::ptr;

use dlmalloc::{Allocator, Dlmalloc};

#[cfg(target_feature = "atomics")]
compile_error!("the heap is for steps of one thread");

/// What memory is counted in, in bytes.
const PAGE_BYTES: usize = 64 << 10;

/// Memory that is larger grows up to multiples of this, in bytes.
const LARGE_PAGE_BYTES: usize = 2 << 20;

/// Memory up to here, in bytes, is not filled in with large pages: the host's own limit is the same.
const SMALL_MEMORY_BYTES: usize = 8 << 20;

#[global_allocator]
static HEAP: Heap = Heap(UnsafeCell::new(Dlmalloc::new_with_allocator(Memory)));

/// The heap of a program of one thread.
struct Heap(UnsafeCell<Dlmalloc<Memory>>);

// SAFETY: there is no other thread.
unsafe impl Sync for Heap {}

// SAFETY: what is given out and taken back is Dlmalloc's, which keeps the same promises.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: there is no other reference meanwhile, as it calls nothing that allocates; and the caller promises the rest.
        unsafe { (*self.0.get()).malloc(layout.size(), layout.align()) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { (*self.0.get()).calloc(layout.size(), layout.align()) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { (*self.0.get()).free(start, layout.size(), layout.align()) }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        // SAFETY: as above.
        unsafe { (*self.0.get()).realloc(start, layout.size(), layout.align(), bytes) }
    }
}

/// Memory that is grown for the heap, and never given back.
struct Memory;

// SAFETY: what is grown nobody else has, and it is zeroed.
unsafe impl Allocator for Memory {
    fn alloc(&self, bytes: usize) -> (*mut u8, usize, u32) {
        let pages = bytes.div_ceil(PAGE_BYTES);
        let end = memory_size::<0>().saturating_add(pages).saturating_mul(PAGE_BYTES);
        let more =
            if end > SMALL_MEMORY_BYTES { end.wrapping_neg() % LARGE_PAGE_BYTES / PAGE_BYTES } else { 0 };
        // Where there is no room for more, there may be for as much as is wanted.
        for pages in [pages.saturating_add(more), pages] {
            let before = memory_grow::<0>(pages);
            if before != usize::MAX {
                let start = ptr::with_exposed_provenance_mut(before * PAGE_BYTES);
                return (start, pages * PAGE_BYTES, 0);
            }
        }
        (ptr::null_mut(), 0, 0)
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        ptr::null_mut()
    }

    fn free_part(&self, _: *mut u8, _: usize, _: usize) -> bool {
        false
    }

    fn free(&self, _: *mut u8, _: usize) -> bool {
        false
    }

    fn can_release_part(&self, _: u32) -> bool {
        false
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        PAGE_BYTES
    }
}
