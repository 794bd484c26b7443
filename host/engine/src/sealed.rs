//! A table's file under a name of the engine's own: from here on no worker can change it, and any may be shown it.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crunchbox_jail::worker_id;

/// Where an engine keeps them: a folder of its own, which nobody else can enter.
#[derive(Debug)]
pub(crate) struct Strongroom {
    folder: PathBuf,
    sealed: AtomicU64,
}

/// The name of a sealed file. Removed when dropped; who has the file open keeps it.
#[derive(Debug)]
pub(crate) struct Sealed {
    path: PathBuf,
}

impl Strongroom {
    /// One that is made when there is something to put into it.
    pub(crate) fn new(folder: PathBuf) -> Strongroom {
        Strongroom { folder, sealed: AtomicU64::new(0) }
    }

    /// Takes a file away from where its worker, which is dead, had it. `file` is the same one, open.
    ///
    /// # Errors
    /// What the system says; and if `path` is another file.
    pub(crate) fn seal(&self, path: &Path, file: &File) -> io::Result<Sealed> {
        let sealed = self.next();
        if let Err(error) = fs::rename(path, &sealed.path) {
            if error.kind() != io::ErrorKind::NotFound {
                return Err(error);
            }
            self.make()?;
            fs::rename(path, &sealed.path)?;
        }
        let (open, named) = (file.metadata()?, fs::symlink_metadata(&sealed.path)?);
        if (open.dev(), open.ino()) != (named.dev(), named.ino()) {
            return Err(io::Error::other("it is another file than the one that was opened"));
        }
        if worker_id().is_some() {
            let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
            fchown(file, Some(user.as_raw()), Some(group.as_raw()))?;
        }
        file.set_permissions(Permissions::from_mode(0o444))?;
        Ok(sealed)
    }

    /// A new file, to be written through this descriptor alone.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn file(&self) -> io::Result<(File, Sealed)> {
        let sealed = self.next();
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o444);
        let file = match options.open(&sealed.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.make()?;
                options.open(&sealed.path)?
            }
            file => file?,
        };
        // Again, as the mode of a new file goes through the umask.
        file.set_permissions(Permissions::from_mode(0o444))?;
        Ok((file, sealed))
    }

    fn next(&self) -> Sealed {
        let name = self.sealed.fetch_add(1, Ordering::Relaxed).to_string();
        Sealed { path: self.folder.join(name) }
    }

    fn make(&self) -> io::Result<()> {
        match DirBuilder::new().mode(0o700).create(&self.folder) {
            // By another call, a moment ago.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            made => made,
        }
    }
}

impl Sealed {
    /// Gives the file a second name, if it is in this strongroom.
    ///
    /// # Errors
    /// What the system says, as where the file system knows no second names; and if it is in another one.
    pub(crate) fn link(&self, strongroom: &Strongroom, path: &Path) -> io::Result<()> {
        if !self.is_in(strongroom) {
            return Err(io::Error::other("it is another engine's"));
        }
        fs::hard_link(&self.path, path)
    }

    /// Whether this engine has it.
    pub(crate) fn is_in(&self, strongroom: &Strongroom) -> bool {
        self.path.parent() == Some(&strongroom.folder)
    }
}

impl Drop for Sealed {
    fn drop(&mut self) {
        // If the engine has gone, so has the name.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_file_is_nobodys_to_write_and_goes_when_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let strongroom = Strongroom::new(folder.path().join("tables"));
        let path = folder.path().join("output.arrow");
        fs::write(&path, "a table").unwrap();
        let file = File::open(&path).unwrap();
        let sealed = strongroom.seal(&path, &file).unwrap();
        assert!(!path.exists());
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o444);
        assert_eq!(fs::metadata(folder.path().join("tables")).unwrap().permissions().mode() & 0o777, 0o700);
        let link = folder.path().join("input.arrow");
        sealed.link(&strongroom, &link).unwrap();
        assert_eq!(fs::read(&link).unwrap(), b"a table");
        let other = Strongroom::new(folder.path().join("others"));
        assert!(sealed.link(&other, &folder.path().join("x")).is_err());
        drop(sealed);
        assert_eq!(fs::read_dir(folder.path().join("tables")).unwrap().count(), 0);
        assert_eq!(fs::read(&link).unwrap(), b"a table");
    }

    #[test]
    fn a_new_file_can_be_written_by_who_has_it_open_alone() {
        let folder = tempfile::tempdir().unwrap();
        let strongroom = Strongroom::new(folder.path().join("tables"));
        for _ in 0..2 {
            let (mut file, sealed) = strongroom.file().unwrap();
            io::Write::write_all(&mut file, b"a table").unwrap();
            let link = folder.path().join("input.arrow");
            sealed.link(&strongroom, &link).unwrap();
            assert_eq!(fs::metadata(&link).unwrap().permissions().mode() & 0o777, 0o444);
            assert_eq!(fs::read(&link).unwrap(), b"a table");
            fs::remove_file(&link).unwrap();
        }
        assert_eq!(fs::read_dir(folder.path().join("tables")).unwrap().count(), 0);
    }

    #[test]
    fn another_file_of_that_name_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let strongroom = Strongroom::new(folder.path().join("tables"));
        let path = folder.path().join("output.arrow");
        fs::write(&path, "a table").unwrap();
        let file = File::open(&path).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, "another").unwrap();
        assert!(strongroom.seal(&path, &file).is_err());
    }
}
