//! What a step left under the name that it was given for its output.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crunchbox_jail::worker_id;
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};

use crate::Error;

/// What was found there.
pub(crate) enum Left {
    /// Nothing at all.
    Nothing,
    /// The plain file that was asked for, to be read.
    File(File),
    /// Something that is not to be read; the rest of a sentence that begins with its name.
    Unfit(&'static str),
}

/// Opens what a step left under the output's name, if it is the plain file that was asked for.
///
/// It is looked at before it is opened, through no link, and must have no second name: a step that planted a
/// link to a file that it can't read itself must not have it read by us.
pub(crate) fn open_output(path: &Path) -> Result<Left, Error> {
    let open = |flags: OFlags| {
        let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        openat2(CWD, path, flags | OFlags::CLOEXEC | OFlags::NOFOLLOW, Mode::empty(), resolve).map(File::from)
    };
    let seen = match open(OFlags::PATH) {
        Ok(seen) => seen,
        Err(rustix::io::Errno::NOENT) => return Ok(Left::Nothing),
        Err(rustix::io::Errno::LOOP) => return Ok(Left::Unfit("is a symbolic link")),
        Err(errno) => return Err(Error::io("look at", path)(errno.into())),
    };
    let seen = seen.metadata().map_err(Error::io("look at", path))?;
    if seen.file_type().is_symlink() {
        return Ok(Left::Unfit("is a symbolic link"));
    }
    if !seen.is_file() {
        return Ok(Left::Unfit("is not a plain file"));
    }
    if seen.nlink() != 1 {
        return Ok(Left::Unfit("has a second name"));
    }
    if seen.uid() != worker_id().unwrap_or(rustix::process::geteuid().as_raw()) {
        return Ok(Left::Unfit("belongs to somebody else"));
    }
    let file =
        open(OFlags::RDONLY | OFlags::NONBLOCK).map_err(|errno| Error::io("open", path)(errno.into()))?;
    let opened = file.metadata().map_err(Error::io("look at", path))?;
    if (opened.dev(), opened.ino()) != (seen.dev(), seen.ino()) {
        return Ok(Left::Unfit("was replaced while it was looked at"));
    }
    Ok(Left::File(file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn refused(path: &Path) -> &'static str {
        match open_output(path) {
            Ok(Left::Unfit(why)) => why,
            _ => panic!("{} was taken", path.display()),
        }
    }

    #[test]
    fn only_the_plain_file_that_was_asked_for_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output.arrow");
        assert!(matches!(open_output(&path), Ok(Left::Nothing)));
        std::os::unix::fs::symlink("/etc/passwd", &path).unwrap();
        assert!(refused(&path).contains("symbolic link"));
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/nowhere", &path).unwrap();
        assert!(refused(&path).contains("symbolic link"), "dangling");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(refused(&path).contains("plain file"));
        fs::remove_dir(&path).unwrap();
        rustix::fs::mknodat(CWD, &path, rustix::fs::FileType::Fifo, Mode::from(0o600), 0).unwrap();
        assert!(refused(&path).contains("plain file"), "a pipe, which would hang its reader");
        fs::remove_file(&path).unwrap();
        std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert!(refused(&path).contains("plain file"), "a socket");
        fs::remove_file(&path).unwrap();
        fs::write(folder.path().join("other"), "").unwrap();
        fs::hard_link(folder.path().join("other"), &path).unwrap();
        assert!(refused(&path).contains("second name"));
        fs::remove_file(&path).unwrap();
        fs::write(&path, "x").unwrap();
        if let Some(worker) = worker_id() {
            assert!(refused(&path).contains("somebody else"), "it is root's, and no worker is root");
            std::os::unix::fs::chown(&path, Some(worker), Some(worker)).unwrap();
        }
        assert!(matches!(open_output(&path), Ok(Left::File(_))));
    }
}
