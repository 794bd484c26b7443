//! The scratch folder of one call: what goes in, what comes out, and nothing when the call is over.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

use crate::Error;

const PREFIX: &str = "crunchbox-run-";
const LOCK: &str = "lock";

/// `in/`, which holds the inputs, and `out/`, which is empty at first. Removed when dropped.
#[derive(Debug)]
pub(crate) struct RunDir {
    folder: TempDir,
    // Held for as long as the folder is in use; `sweep` leaves a locked one alone.
    _lock: File,
}

impl RunDir {
    /// A new one in `scratch`, which only this user can enter.
    pub(crate) fn new(scratch: &Path) -> Result<RunDir, Error> {
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(scratch)
            .map_err(Error::io("make a scratch folder in", scratch))?;
        let lock_path = folder.path().join(LOCK);
        let lock = File::create_new(&lock_path).map_err(Error::io("create", &lock_path))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|errno| Error::io("lock", &lock_path)(errno.into()))?;
        for name in ["in", "out"] {
            let path = folder.path().join(name);
            DirBuilder::new().mode(0o700).create(&path).map_err(Error::io("create", &path))?;
        }
        Ok(RunDir { folder, _lock: lock })
    }

    /// Where the inputs are.
    pub(crate) fn inputs(&self) -> PathBuf {
        self.folder.path().join("in")
    }

    /// Where the step writes.
    pub(crate) fn outputs(&self) -> PathBuf {
        self.folder.path().join("out")
    }
}

/// Removes what engines left behind that were killed: their folders are no longer locked.
///
/// Nothing here is worth an error: what can't be removed now may be later.
pub(crate) fn sweep(scratch: &Path) {
    let own = rustix::process::geteuid().as_raw();
    let Ok(entries) = fs::read_dir(scratch) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        // Links are not followed, here or when removing; another user's folder is not ours to judge.
        let Ok(metadata) = entry.metadata() else { continue };
        if !metadata.is_dir() || metadata.uid() != own {
            continue;
        }
        // A folder so young that it has no lock yet is left for next time.
        let Ok(lock) = File::open(entry.path().join(LOCK)) else { continue };
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_with_its_call() {
        let scratch = tempfile::tempdir().unwrap();
        let run = RunDir::new(scratch.path()).unwrap();
        fs::write(run.outputs().join("x"), "y").unwrap();
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
        drop(run);
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
    }

    #[test]
    fn sweeping_takes_what_is_left_behind_and_nothing_else() {
        let scratch = tempfile::tempdir().unwrap();
        let live = RunDir::new(scratch.path()).unwrap();
        let dead = scratch.path().join(format!("{PREFIX}dead"));
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join(LOCK), "").unwrap();
        let young = scratch.path().join(format!("{PREFIX}young"));
        fs::create_dir(&young).unwrap();
        let other = scratch.path().join("other");
        fs::create_dir(&other).unwrap();
        fs::write(other.join(LOCK), "").unwrap();
        sweep(scratch.path());
        assert!(!dead.exists() && young.exists() && other.exists() && live.inputs().exists());
    }
}
