//! What the kernel says of this process's memory, for tests of what was asked of it.

use std::fs;
use std::ops::Range;

/// Memory that is alike.
pub(crate) struct Region {
    pub(crate) addresses: Range<usize>,
    /// The line with its addresses, its rights and its file.
    pub(crate) head: String,
    fields: Vec<(String, String)>,
}

impl Region {
    /// What is said of it under this name.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// All memory of this process.
pub(crate) fn regions() -> Vec<Region> {
    let text = fs::read_to_string("/proc/self/smaps").unwrap();
    let mut regions: Vec<Region> = Vec::new();
    for line in text.lines() {
        let number = |text| usize::from_str_radix(text, 16).ok();
        let range = line.split_once(' ').and_then(|(range, _)| range.split_once('-'));
        if let Some((Some(start), Some(end))) = range.map(|(start, end)| (number(start), number(end))) {
            regions.push(Region { addresses: start..end, head: line.to_owned(), fields: Vec::new() });
        } else if let (Some(region), Some((name, value))) = (regions.last_mut(), line.split_once(':')) {
            region.fields.push((name.to_owned(), value.trim().to_owned()));
        }
    }
    regions
}
