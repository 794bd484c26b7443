//! Whether a folder that a step had is what it was when it was made, once it is emptied: then the next step may have it.
//!
//! Making folders and removing them is a tenth of what a short call costs. What a step could leave for the next one in an
//! empty folder is told by what the system knows of it; whatever is not as it was, or can't be told, is a reason to
//! remove the folder.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, StatxFlags, Timespec, Timestamps, UTIME_NOW, flistxattr, ftruncate,
    futimens, open, openat, statx, unlinkat,
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

/// Empties a folder of files, and sets its times to now. `None` if it then looks otherwise than it did when it was new, or
/// holds a folder, which is left there. A plain file of the name `keep` is emptied and stays, as making a file costs more
/// than all the rest: then it is `Some(true)`.
///
/// Nobody else may be able to change anything in it any more, nor may ever have been able to change that file.
///
/// # Errors
/// What the system says.
pub(crate) fn make_blank(folder: &Path, new: &Look, keep: Option<&str>) -> io::Result<Option<bool>> {
    let folder = open_folder(folder)?;
    let mut kept = false;
    for entry in Dir::read_from(&folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        match entry.file_type() {
            FileType::Directory => return Ok(None),
            FileType::RegularFile if keep.is_some_and(|keep| name.to_bytes() == keep.as_bytes()) => {
                let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let file = openat(&folder, name, flags, Mode::empty())?;
                ftruncate(&file, 0)?;
                futimens(&file, &NOW)?;
                kept = true;
            }
            // One that turns out to be a folder is an error.
            _ => unlinkat(&folder, name, AtFlags::empty())?,
        }
    }
    if Look::of(folder.as_fd())? != *new {
        return Ok(None);
    }
    futimens(&folder, &NOW)?;
    Ok(Some(kept))
}

const NOW: Timestamps = {
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    Timestamps { last_access: now, last_modification: now }
};

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
        let blank = make_blank(&folder, &new, None).is_ok_and(|blank| blank == Some(false));
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
        assert_eq!(make_blank(folder.path(), &new, None).unwrap(), Some(false));
        assert!(fs::metadata(folder.path()).unwrap().modified().unwrap() > long_ago);
    }

    #[test]
    fn a_file_that_is_kept_is_empty_and_of_now() {
        let folder = tempfile::tempdir().unwrap();
        let new = Look::at(folder.path()).unwrap();
        let file = folder.path().join("input.arrow");
        fs::write(&file, [1; 100]).unwrap();
        fs::write(folder.path().join("other"), [1; 100]).unwrap();
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        File::options().write(true).open(&file).unwrap().set_modified(long_ago).unwrap();
        assert_eq!(make_blank(folder.path(), &new, Some("input.arrow")).unwrap(), Some(true));
        let found = fs::metadata(&file).unwrap();
        assert!(found.len() == 0 && found.modified().unwrap() > long_ago);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        // A link of that name is no such file.
        fs::remove_file(&file).unwrap();
        symlink("/etc/passwd", &file).unwrap();
        assert_eq!(make_blank(folder.path(), &new, Some("input.arrow")).unwrap(), Some(false));
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
        let blank = make_blank(&folder, &new, None).unwrap();
        assert_eq!(blank.is_some(), !grown(&Look::at(&folder).unwrap()));
    }
}
