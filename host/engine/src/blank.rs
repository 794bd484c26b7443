//! Whether a folder that a step had is what it was when it was made, once it is emptied: then the next step may have it.
//!
//! Making folders and removing them is a tenth of what a short call costs. What a step could leave for the next one in an
//! empty folder is told by what the system knows of it; whatever is not as it was, or can't be told, is a reason to
//! remove the folder.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, StatxFlags, Timespec, Timestamps, UTIME_NOW, flistxattr, futimens,
    open, statx, unlinkat,
};

/// What is known of a folder but for its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    mode: u16,
    owner: (u32, u32),
    links: u32,
    /// A folder that held much stays large.
    bytes: u64,
    /// Such as that nothing can be removed from it.
    attributes: u64,
    /// The names of its extended attributes, access lists among them.
    names: Vec<u8>,
}

/// More names than any system gives a new folder.
const NAMES_BYTES: usize = 512;

impl Look {
    /// That of a folder.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn at(folder: &Path) -> io::Result<Look> {
        Look::of(open_folder(folder)?.as_fd())
    }

    fn of(folder: BorrowedFd<'_>) -> io::Result<Look> {
        let found = statx(folder, c"", AtFlags::EMPTY_PATH, StatxFlags::BASIC_STATS)?;
        let mut names = vec![0; NAMES_BYTES];
        let length = match flistxattr(folder, names.as_mut_slice()) {
            Err(rustix::io::Errno::NOTSUP) => 0,
            length => length?,
        };
        names.truncate(length);
        Ok(Look {
            mode: found.stx_mode,
            owner: (found.stx_uid, found.stx_gid),
            links: found.stx_nlink,
            bytes: found.stx_size,
            attributes: found.stx_attributes.bits(),
            names,
        })
    }
}

/// Removes the files in a folder, and sets its times to now. True if it looks as it did when it was new; false if it does
/// not, or holds a folder, which is left there.
///
/// Nobody else may be able to change anything in it any more.
///
/// # Errors
/// What the system says.
pub(crate) fn make_blank(folder: &Path, new: &Look) -> io::Result<bool> {
    let folder = open_folder(folder)?;
    for entry in Dir::read_from(&folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        if entry.file_type() == FileType::Directory {
            return Ok(false);
        }
        // One that turns out to be a folder is an error.
        unlinkat(&folder, name, AtFlags::empty())?;
    }
    if Look::of(folder.as_fd())? != *new {
        return Ok(false);
    }
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    futimens(&folder, &Timestamps { last_access: now, last_modification: now })?;
    Ok(true)
}

fn open_folder(folder: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(open(folder, flags, Mode::empty())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::time::{Duration, SystemTime};

    /// Whether a folder is blank again behind somebody who did this to it.
    fn behind(act: impl FnOnce(&Path)) -> bool {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("room");
        fs::create_dir(&folder).unwrap();
        let new = Look::at(&folder).unwrap();
        act(&folder);
        let blank = make_blank(&folder, &new).is_ok_and(|blank| blank);
        if blank {
            assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        }
        blank
    }

    #[test]
    fn files_and_links_go_and_leave_nothing() {
        assert!(behind(|_| ()));
        assert!(behind(|folder| {
            fs::write(folder.join("output.arrow"), [1; 100]).unwrap();
            symlink("/", folder.join("link")).unwrap();
        }));
    }

    #[test]
    fn times_that_were_set_are_gone() {
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        assert!(behind(|folder| {
            let times = fs::FileTimes::new().set_modified(long_ago).set_accessed(long_ago);
            File::open(folder).unwrap().set_times(times).unwrap();
        }));
        let folder = tempfile::tempdir().unwrap();
        let new = Look::at(folder.path()).unwrap();
        File::open(folder.path()).unwrap().set_modified(long_ago).unwrap();
        assert!(make_blank(folder.path(), &new).unwrap());
        assert!(fs::metadata(folder.path()).unwrap().modified().unwrap() > long_ago);
    }

    #[test]
    fn what_stays_behind_in_an_empty_folder_is_seen() {
        assert!(!behind(|folder| fs::create_dir(folder.join("inner")).unwrap()));
        assert!(!behind(|folder| fs::set_permissions(folder, Permissions::from_mode(0o777)).unwrap()));
        assert!(!behind(|folder| {
            let flags = rustix::fs::XattrFlags::empty();
            match rustix::fs::setxattr(folder, c"user.note", b"for the next one", flags) {
                // Not every file system has them.
                Err(rustix::io::Errno::NOTSUP) => fs::create_dir(folder.join("inner")).unwrap(),
                done => done.unwrap(),
            }
        }));
    }

    #[test]
    fn a_folder_that_held_much_is_seen_where_it_shows() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("room");
        fs::create_dir(&folder).unwrap();
        let new = Look::at(&folder).unwrap();
        (0..200).for_each(|n| fs::write(folder.join(format!("{n:0200}")), "").unwrap());
        let grown = |look: &Look| look.bytes != new.bytes;
        let blank = make_blank(&folder, &new).unwrap();
        assert_eq!(blank, !grown(&Look::at(&folder).unwrap()));
    }
}
