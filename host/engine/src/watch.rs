//! What a step keeps in its folder while it runs. The kernel caps each file; how many there are, nobody but us counts.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::rc::Rc;

use crunchbox_jail::disk_bytes;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, openat, statat};

use crate::{Error, Limits, Verdict};

/// Folders in folders, this many at most: it bounds the descriptors that a look takes.
const MAX_DEPTH: usize = 32;

/// A step's output folder, and what may be in it.
pub(crate) struct Watch<'a> {
    folder: &'a Path,
    max_bytes: u64,
    max_files: u64,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(folder: &'a Path, limits: &Limits) -> Self {
        Watch { folder, max_bytes: limits.output_bytes, max_files: limits.output_files }
    }

    /// The limit that is passed, if one is, with `removed` bytes in files that no folder shows. Never follows a link; what
    /// vanishes meanwhile does not count.
    ///
    /// # Errors
    /// If the folder itself can't be read.
    pub(crate) fn look(&self, removed: u64) -> Result<Option<Verdict>, Error> {
        self.count(removed).map_err(Error::io("look into", self.folder))
    }

    fn count(&self, removed: u64) -> io::Result<Option<Verdict>> {
        let too_many = Verdict::Output { which: "output_files", limit: self.max_files };
        let too_much = Verdict::Output { which: "output_bytes", limit: self.max_bytes };
        if removed > self.max_bytes {
            return Ok(Some(too_much));
        }
        let (mut files, mut bytes) = (0, removed);
        let top = Rc::new(openat(CWD, self.folder, FOLDER, Mode::empty())?);
        let mut left: Vec<(Rc<OwnedFd>, CString, usize)> = Vec::new();
        let mut next = Some((top, 1));
        while let Some((folder, depth)) = next {
            for entry in Dir::read_from(folder.as_fd())? {
                let Ok(entry) = entry else { break };
                let name = entry.file_name();
                if name == c"." || name == c".." {
                    continue;
                }
                files += 1;
                if files > self.max_files || depth > MAX_DEPTH {
                    return Ok(Some(too_many));
                }
                let Ok(found) = statat(&*folder, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
                if FileType::from_raw_mode(found.st_mode) == FileType::Directory {
                    left.push((Rc::clone(&folder), name.to_owned(), depth + 1));
                    continue;
                }
                bytes = bytes.saturating_add(disk_bytes(&found));
                if bytes > self.max_bytes {
                    return Ok(Some(too_much));
                }
            }
            next = std::iter::from_fn(|| left.pop()).find_map(|(parent, name, depth)| {
                openat(&*parent, &name, FOLDER, Mode::empty()).ok().map(|inner| (Rc::new(inner), depth))
            });
        }
        Ok(None)
    }
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn look(folder: &Path, bytes: u64, files: u64) -> Option<&'static str> {
        let limits = Limits::default().with_output_bytes(bytes).with_output_files(files);
        Watch::new(folder, &limits).look(0).unwrap().map(|verdict| match verdict {
            Verdict::Output { which, .. } => which,
            other => panic!("{other}"),
        })
    }

    #[test]
    fn all_files_count_together_wherever_they_are() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::write(folder.path().join("a/b/one"), [0; 600]).unwrap();
        fs::write(folder.path().join("two"), [0; 400]).unwrap();
        assert_eq!(look(folder.path(), 1000, 4), None);
        assert_eq!(look(folder.path(), 999, 4), Some("output_bytes"));
        assert_eq!(look(folder.path(), 1000, 3), Some("output_files"));
    }

    #[test]
    fn what_no_folder_shows_counts_with_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let limits = Limits::default().with_output_bytes(1000);
        let passes = |removed| Watch::new(folder.path(), &limits).look(removed).unwrap().is_some();
        assert!(!passes(1000) && passes(1001));
        fs::write(folder.path().join("one"), [0; 400]).unwrap();
        assert!(!passes(600) && passes(601));
    }

    #[test]
    fn holes_take_no_room_and_links_lead_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let file = fs::File::create(folder.path().join("hole")).unwrap();
        file.set_len(1 << 40).unwrap();
        symlink("/", folder.path().join("root")).unwrap();
        symlink(".", folder.path().join("self")).unwrap();
        assert_eq!(look(folder.path(), 100, 3), None);
    }

    #[test]
    fn folders_in_folders_come_to_an_end() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("d/".repeat(MAX_DEPTH))).unwrap();
        assert_eq!(look(folder.path(), 0, 1000), None);
        fs::create_dir_all(folder.path().join("d/".repeat(MAX_DEPTH + 1))).unwrap();
        assert_eq!(look(folder.path(), 0, 1000), Some("output_files"));
    }
}
