//! Files that were removed and are still held: they take room on the disk, and no folder shows them.

use std::fs;
use std::os::fd::{AsFd, BorrowedFd, RawFd};
use std::path::Path;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Stat, fstat, stat};
use rustix::process::{Resource, getrlimit};

use crate::child::Child;

/// What a file takes of the disk, in bytes: a hole takes no room, and the rest of a small file's last block is nobody's
/// doing.
pub fn disk_bytes(file: &Stat) -> u64 {
    let size = u64::try_from(file.st_size).unwrap_or(0);
    size.min(u64::try_from(file.st_blocks).unwrap_or(0).saturating_mul(512))
}

/// What the calling process holds open of removed files, in bytes, but for `known` ones.
pub fn removed_bytes(known: &[Stat]) -> u64 {
    let end = getrlimit(Resource::Nofile).current.unwrap_or(1024);
    let mut sum = Sum::new(known);
    // SAFETY: whatever is behind a number is only looked at; if nothing is, the look is refused.
    let file = |number| unsafe { BorrowedFd::borrow_raw(number) };
    let numbers = 3..RawFd::try_from(end).unwrap_or(RawFd::MAX);
    // One question, where asking for each would be one for each.
    let mut open: Vec<PollFd> =
        numbers.map(|number| PollFd::from_borrowed_fd(file(number), PollFlags::empty())).collect();
    let asked = poll(&mut open, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
    let is_open = |fd: &&PollFd| asked.is_err() || !fd.revents().contains(PollFlags::NVAL);
    sum.extend(open.iter().filter(is_open).filter_map(|fd| fstat(fd.as_fd()).ok()));
    sum.bytes
}

impl Child {
    /// What the worker holds of removed files, open or mapped, in bytes, but for `known` ones. As much of it as we may
    /// see: nothing, if we are neither root nor have its rights over processes, as a worker lets nobody look in.
    pub fn removed_bytes(&self, known: &[Stat]) -> u64 {
        let process = format!("/proc/{}", self.id());
        let mut sum = Sum::new(known);
        for folder in ["fd", "map_files"] {
            let entries = fs::read_dir(Path::new(&process).join(folder));
            // What vanishes meanwhile does not count.
            sum.extend(entries.into_iter().flatten().flatten().filter_map(|entry| stat(entry.path()).ok()));
        }
        sum.bytes
    }
}

/// Removed files, each counted once.
struct Sum<'a> {
    known: &'a [Stat],
    counted: Vec<(u64, u64)>,
    bytes: u64,
}

impl<'a> Sum<'a> {
    fn new(known: &'a [Stat]) -> Self {
        Sum { known, counted: Vec::new(), bytes: 0 }
    }
}

impl Extend<Stat> for Sum<'_> {
    fn extend<T: IntoIterator<Item = Stat>>(&mut self, files: T) {
        for file in files {
            let id = (file.st_dev, file.st_ino);
            let is_removed =
                file.st_nlink == 0 && FileType::from_raw_mode(file.st_mode) == FileType::RegularFile;
            let is_known = self.known.iter().any(|known| (known.st_dev, known.st_ino) == id);
            if is_removed && !is_known && !self.counted.contains(&id) {
                self.counted.push(id);
                self.bytes = self.bytes.saturating_add(disk_bytes(&file));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_removed_file_counts_once_and_no_other() {
        let mut named = tempfile::NamedTempFile::new().unwrap();
        named.write_all(&[1; 5000]).unwrap();
        let mut removed = tempfile::tempfile().unwrap();
        removed.write_all(&[1; 5000]).unwrap();
        let removed = fstat(&removed).unwrap();
        let count = |known: &[Stat]| {
            let mut sum = Sum::new(known);
            sum.extend([fstat(named.as_file()).unwrap(), removed, removed]);
            sum.bytes
        };
        assert_eq!(count(&[]), 5000);
        assert_eq!(count(&[removed]), 0);
    }

    #[test]
    fn what_this_process_holds_is_seen() {
        let mut removed = tempfile::tempfile().unwrap();
        removed.write_all(&[1; 5000]).unwrap();
        // Other tests may hold some too.
        assert!(removed_bytes(&[]) >= 5000);
    }
}
