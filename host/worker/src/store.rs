//! What a step's memory, tables and instances may grow to, and what they grew to.

use std::ops::Range;

use crunchbox_jail::prefer_large_pages;
use wasmtime::ResourceLimiter;

/// A memory is given in small pages up to here: a step that needs little has less to be zeroed.
const SMALL_MEMORY_BYTES: usize = 8 << 20;

/// Counts all linear memories of a step against one cap.
///
/// Pages of inputs that are shown in them are not the step's own and do not count. A step makes room for them
/// first, so memory may grow past the cap by as much as the inputs that are not shown come to.
#[derive(Debug)]
pub(crate) struct Growth {
    memory_limit: u64,
    table_limit: u64,
    input_bytes: u64,
    memory_bytes: u64,
    shown_bytes: u64,
    peak_memory_bytes: u64,
    /// Where there would be large pages for a memory that is small so far.
    large_later: Option<Range<usize>>,
    /// What the first growth that was refused would have come to; 0 if none was.
    pub(crate) refused_bytes: u64,
    /// A table was refused its growth.
    pub(crate) table_refused: bool,
}

impl Growth {
    /// * `input_bytes`: what showing all inputs at a time takes.
    pub(crate) fn new(memory_limit: u64, table_limit: u64, input_bytes: u64) -> Self {
        Growth {
            memory_limit,
            table_limit,
            input_bytes,
            memory_bytes: 0,
            shown_bytes: 0,
            peak_memory_bytes: 0,
            large_later: None,
            refused_bytes: 0,
            table_refused: false,
        }
    }

    /// These are the addresses of the step's memory, and so much is in use: what is beyond a few MiB comes in large pages, now or when
    /// it grows so far. Most steps' never does, and to ask costs a short call a hundredth.
    pub(crate) fn is_at(&mut self, addresses: Range<usize>, bytes: usize) {
        self.large_later = Some(addresses.start + SMALL_MEMORY_BYTES..addresses.end);
        self.see_to_large_pages(bytes);
    }

    fn see_to_large_pages(&mut self, bytes: usize) {
        if bytes > SMALL_MEMORY_BYTES
            && let Some(addresses) = self.large_later.take()
        {
            prefer_large_pages(addresses);
        }
    }

    /// The most that was in use, in bytes, without the inputs that were shown in it.
    pub(crate) fn peak_memory_bytes(&self) -> u64 {
        self.peak_memory_bytes.max(self.own())
    }

    /// Pages of an input take the place of so much memory.
    pub(crate) fn show(&mut self, bytes: u64) {
        self.shown_bytes += bytes;
    }

    /// So much is memory again.
    pub(crate) fn hide(&mut self, bytes: u64) {
        self.shown_bytes = self.shown_bytes.saturating_sub(bytes);
    }

    fn own(&self) -> u64 {
        self.memory_bytes.saturating_sub(self.shown_bytes)
    }

    fn refuse(&mut self, wanted: u64) {
        if self.refused_bytes == 0 {
            self.refused_bytes = wanted;
        }
    }
}

impl ResourceLimiter for Growth {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // What grew before and has not been taken by an input since is the step's own.
        self.peak_memory_bytes = self.peak_memory_bytes();
        let wanted = (self.memory_bytes - current as u64).saturating_add(desired as u64);
        let own = wanted.saturating_sub(self.shown_bytes);
        let to_show = self.input_bytes.saturating_sub(self.shown_bytes);
        if own > self.memory_limit.saturating_add(to_show) {
            self.refuse(own);
            return Ok(false);
        }
        // Growth past what the module itself declares fails whatever is said here, and isn't ours to count.
        if maximum.is_none_or(|maximum| desired <= maximum) {
            self.memory_bytes = wanted;
            self.see_to_large_pages(desired);
        }
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let allowed = desired as u64 <= self.table_limit;
        self.table_refused |= !allowed;
        Ok(allowed)
    }

    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        16
    }

    fn memories(&self) -> usize {
        4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_share_one_cap_and_the_first_refusal_is_kept() {
        let mut growth = Growth::new(300, 10, 0);
        assert!(growth.memory_growing(0, 100, None).unwrap());
        assert!(growth.memory_growing(0, 100, None).unwrap());
        assert!(growth.memory_growing(100, 200, None).unwrap());
        assert!(!growth.memory_growing(100, 101, None).unwrap());
        assert!(!growth.memory_growing(100, usize::MAX, None).unwrap());
        assert_eq!((growth.peak_memory_bytes(), growth.refused_bytes), (300, 301));
    }

    #[test]
    fn inputs_that_are_shown_take_none_of_the_cap() {
        let mut growth = Growth::new(300, 10, 1000);
        assert!(growth.memory_growing(0, 200, None).unwrap());
        assert!(growth.memory_growing(200, 1200, None).unwrap());
        growth.show(1000);
        assert_eq!(growth.peak_memory_bytes(), 200);
        assert!(growth.memory_growing(1200, 1300, None).unwrap());
        assert!(!growth.memory_growing(1300, 1301, None).unwrap());
        assert_eq!((growth.peak_memory_bytes(), growth.refused_bytes), (300, 301));
        growth.hide(1000);
        assert_eq!(growth.peak_memory_bytes(), 1300, "it is memory now");
    }

    #[test]
    fn large_pages_are_asked_for_once_and_not_by_the_small() {
        let memory = vec![0u8; 2 * SMALL_MEMORY_BYTES];
        let addresses = memory.as_ptr_range().start.addr()..memory.as_ptr_range().end.addr();
        let mut growth = Growth::new(u64::MAX, 10, 0);
        growth.is_at(addresses.clone(), 100);
        assert!(growth.memory_growing(100, SMALL_MEMORY_BYTES, None).unwrap());
        assert!(growth.large_later.is_some());
        assert!(growth.memory_growing(SMALL_MEMORY_BYTES, SMALL_MEMORY_BYTES + 1, None).unwrap());
        assert!(growth.large_later.is_none());
        growth.is_at(addresses, SMALL_MEMORY_BYTES + 1);
        assert!(growth.large_later.is_none(), "it began so large");
    }

    #[test]
    fn what_the_module_forbids_itself_is_not_counted() {
        let mut growth = Growth::new(300, 10, 0);
        assert!(growth.memory_growing(0, 200, Some(100)).unwrap());
        assert_eq!(growth.peak_memory_bytes(), 0);
    }

    #[test]
    fn tables_stop_at_their_cap() {
        let mut growth = Growth::new(300, 10, 0);
        assert!(growth.table_growing(0, 10, None).unwrap());
        assert!(!growth.table_refused);
        assert!(!growth.table_growing(10, 11, None).unwrap());
        assert!(growth.table_refused);
    }
}
