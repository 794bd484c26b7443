//! What a step's memory, tables and instances may grow to, and what they grew to.

use wasmtime::ResourceLimiter;

/// Counts all linear memories of a step against one cap.
#[derive(Debug)]
pub(crate) struct Growth {
    memory_limit: u64,
    table_limit: u64,
    memory_bytes: u64,
    /// The most that was in use.
    pub(crate) peak_memory_bytes: u64,
    /// What the first growth that was refused would have come to; 0 if none was.
    pub(crate) refused_bytes: u64,
    /// A table was refused its growth.
    pub(crate) table_refused: bool,
}

impl Growth {
    pub(crate) fn new(memory_limit: u64, table_limit: u64) -> Self {
        Growth {
            memory_limit,
            table_limit,
            memory_bytes: 0,
            peak_memory_bytes: 0,
            refused_bytes: 0,
            table_refused: false,
        }
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
        let wanted = (self.memory_bytes - current as u64).saturating_add(desired as u64);
        if wanted > self.memory_limit {
            self.refuse(wanted);
            return Ok(false);
        }
        // Growth past what the module itself declares fails whatever is said here, and isn't ours to count.
        if maximum.is_none_or(|maximum| desired <= maximum) {
            self.memory_bytes = wanted;
            self.peak_memory_bytes = self.peak_memory_bytes.max(wanted);
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
        let mut growth = Growth::new(300, 10);
        assert!(growth.memory_growing(0, 100, None).unwrap());
        assert!(growth.memory_growing(0, 100, None).unwrap());
        assert!(growth.memory_growing(100, 200, None).unwrap());
        assert!(!growth.memory_growing(100, 101, None).unwrap());
        assert!(!growth.memory_growing(100, usize::MAX, None).unwrap());
        assert_eq!((growth.peak_memory_bytes, growth.refused_bytes), (300, 301));
    }

    #[test]
    fn what_the_module_forbids_itself_is_not_counted() {
        let mut growth = Growth::new(300, 10);
        assert!(growth.memory_growing(0, 200, Some(100)).unwrap());
        assert_eq!(growth.peak_memory_bytes, 0);
    }

    #[test]
    fn tables_stop_at_their_cap() {
        let mut growth = Growth::new(300, 10);
        assert!(growth.table_growing(0, 10, None).unwrap());
        assert!(!growth.table_refused);
        assert!(!growth.table_growing(10, 11, None).unwrap());
        assert!(growth.table_refused);
    }
}
