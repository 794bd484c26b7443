//! Files that are written beside those whose places they will take.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{FlockOperation, OFlags, flock};
use tempfile::{NamedTempFile, TempPath};

const PREFIX: &str = ".crunchbox-";

/// How many drafts of one file may be written at a time.
const MOST: u32 = 1000;

/// A new, empty file beside `path`, with these rights. It goes when it is dropped; what an engine left that was killed
/// while it wrote the same file goes now.
///
/// Each draft is locked for as long as it is open, and its name follows from that of the file: so the next engine that
/// writes the file finds what is left, and can tell it from what another one is writing.
pub(crate) fn beside(path: &Path, mode: u32) -> io::Result<NamedTempFile> {
    let name = path.file_name().unwrap_or_default();
    let hash = blake3::hash(name.as_encoded_bytes()).to_hex();
    for number in 0..MOST {
        let draft = path.with_file_name(format!("{PREFIX}{}-{number}", &hash[..16]));
        sweep(&draft)?;
        let created = OpenOptions::new().read(true).write(true).create_new(true).mode(mode).open(&draft);
        let file = match created {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            created => created?,
        };
        let draft = NamedTempFile::from_parts(file, TempPath::try_from_path(draft)?);
        if is_locked_by_us(draft.as_file())? && draft.as_file().metadata()?.nlink() > 0 {
            return Ok(draft);
        }
        // Another engine took it for one that is left, in the moment before it was locked. What has its name now is not ours.
        let _ = draft.keep();
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        format!("there are {MOST} drafts of it: remove {PREFIX}*"),
    ))
}

/// Removes a draft that nobody writes. Links are not followed, and nobody else's file is touched.
fn sweep(draft: &Path) -> io::Result<()> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = flags.bits().cast_signed();
    let Ok(file) = OpenOptions::new().read(true).custom_flags(flags).open(draft) else { return Ok(()) };
    let held = file.metadata()?;
    if !held.is_file() || held.uid() != rustix::process::geteuid().as_raw() || !is_locked_by_us(&file)? {
        return Ok(());
    }
    // Under the lock: it may have got its last name, and another the old one, before we had it.
    let is_still_there =
        fs::symlink_metadata(draft).is_ok_and(|there| (there.dev(), there.ino()) == (held.dev(), held.ino()));
    if is_still_there { fs::remove_file(draft) } else { Ok(()) }
}

fn is_locked_by_us(file: &File) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn what_is_left_is_swept_and_what_is_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        let left = beside(&path, 0o666).unwrap();
        let (file, left) = left.keep().unwrap();
        // A process that is killed closes its files, and removes none.
        drop(file);
        let first = beside(&path, 0o666).unwrap();
        assert_eq!(first.path(), left);
        let second = beside(&path, 0o666).unwrap();
        let other = beside(&folder.path().join("other.csv"), 0o666).unwrap();
        assert_eq!(names(folder.path()), 3);
        first.persist(&path).unwrap();
        drop((second, other));
        assert_eq!(names(folder.path()), 1);
    }

    #[test]
    fn what_is_in_the_way_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        let name = beside(&path, 0o666).unwrap().path().to_owned();
        let kept = folder.path().join("kept");
        fs::write(&kept, "kept").unwrap();
        std::os::unix::fs::symlink(&kept, &name).unwrap();
        drop(beside(&path, 0o666).unwrap());
        assert_eq!(fs::read_to_string(&name).unwrap(), "kept");
        fs::remove_file(&name).unwrap();
        fs::create_dir(&name).unwrap();
        drop(beside(&path, 0o666).unwrap());
        assert!(name.is_dir());
    }

    #[test]
    fn engines_that_write_the_same_file_leave_each_other_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let draft = beside(&path, 0o666).unwrap();
                        fs::write(draft.path(), "whole").unwrap();
                        draft.persist(&path).unwrap();
                    }
                });
            }
        });
        assert_eq!(fs::read_to_string(&path).unwrap(), "whole");
        assert_eq!(names(folder.path()), 1);
    }
}
