//! The folder of one engine: a room for each call that is made or being got ready, and nothing when it is over.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crunchbox_jail::{Layer, Layers, Room, worker_id};
use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

use crate::Error;
use crate::blank::{Look, make_blank};
use crate::housekeeper::Housekeeper;
use crate::inputs::INPUT;
use crate::remove::remove_all;
use crate::sealed::Strongroom;

const PREFIX: &str = "crunchbox-run-";
const LOCK: &str = "lock";

/// The folder of sealed tables, beside the rooms.
const TABLES: &str = "tables";

/// How many rooms that nobody has are kept for the next workers.
const MAX_SPARE: usize = 16;

/// An engine's folder in the scratch folder. Removed when dropped.
#[derive(Debug)]
pub(crate) struct Scratch {
    folder: TempDir,
    // Held for as long as the folder is in use; `sweep` leaves a locked one alone.
    _lock: File,
    rooms: AtomicU64,
    spare: Arc<Mutex<Vec<Cleared>>>,
    strongroom: Strongroom,
    housekeeper: Arc<Housekeeper>,
}

/// A room that is empty.
#[derive(Clone, Debug)]
struct Cleared {
    name: String,
    room: Room,
    /// What its two folders looked like when they were made. `None` if that can't be told: then it is used once.
    new: Option<[Look; 2]>,
    /// The file for the main table is there, and empty.
    has_input: bool,
}

impl Scratch {
    /// A new one, which only this user can look around in. What engines left behind that were killed goes. The
    /// housekeeper clears away the rooms, and has stopped by the time that this is dropped.
    pub(crate) fn new(scratch: &Path, housekeeper: Arc<Housekeeper>) -> Result<Scratch, Error> {
        sweep(scratch);
        let (folder, lock) = loop {
            let folder = tempfile::Builder::new()
                .prefix(PREFIX)
                .tempdir_in(scratch)
                .map_err(Error::io("make a scratch folder in", scratch))?;
            let path = folder.path().join(LOCK);
            match lock(&path).map_err(Error::io("lock", &path))? {
                Some(lock) => break (folder, lock),
                // An engine that sweeps took it for a dead one's, in the moment before it was locked.
                None => continue,
            }
        };
        if worker_id().is_some() {
            // Workers are another user, who passes here on the way to a room.
            let passable = Permissions::from_mode(0o711);
            fs::set_permissions(folder.path(), passable).map_err(Error::io("open", folder.path()))?;
        }
        let strongroom = Strongroom::new(folder.path().join(TABLES));
        Ok(Scratch {
            folder,
            _lock: lock,
            rooms: AtomicU64::new(0),
            spare: Arc::default(),
            strongroom,
            housekeeper,
        })
    }

    /// Where tables are kept that were taken from steps.
    pub(crate) fn strongroom(&self) -> &Strongroom {
        &self.strongroom
    }

    /// The folder itself, in which the rooms are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A new file without a name: it goes when nobody holds it open.
    pub(crate) fn file(&self) -> Result<File, Error> {
        tempfile::tempfile_in(self.folder.path()).map_err(Error::io("create a file in", self.folder.path()))
    }

    /// A room in which there is nothing.
    pub(crate) fn room(&self) -> Result<RunDir, Error> {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let cleared = spare.map_or_else(|| self.new_room(), Ok)?;
        let has_input = AtomicBool::new(cleared.has_input);
        let (spare, housekeeper) = (Arc::clone(&self.spare), Arc::clone(&self.housekeeper));
        Ok(RunDir {
            cleared,
            has_input,
            has_link: AtomicBool::new(false),
            use_again: false,
            spare,
            housekeeper,
        })
    }

    fn new_room(&self) -> Result<Cleared, Error> {
        let name = self.rooms.fetch_add(1, Ordering::Relaxed).to_string();
        let room = Room::within(self.folder.path(), &name);
        let worker = worker_id();
        // A worker that is another user may read what is in its room's inputs, and owns its outputs only.
        let make = |path: &Path, mode: u32, owner: Option<u32>| -> Result<(), Error> {
            let failed = |action| Error::io(action, path);
            DirBuilder::new().mode(mode).create(path).map_err(failed("create"))?;
            if let Some(worker) = worker {
                // Again, as the mode of a new folder goes through the umask.
                fs::set_permissions(path, Permissions::from_mode(mode)).map_err(failed("open"))?;
                chown(path, owner, Some(worker)).map_err(failed("hand over to a worker"))?;
            }
            Ok(())
        };
        let made = make(&room.inputs, if worker.is_some() { 0o750 } else { 0o700 }, None)
            .and_then(|()| make(&room.outputs, 0o700, worker));
        if let Err(error) = made {
            let _ = (remove_all(&room.inputs), remove_all(&room.outputs));
            return Err(error);
        }
        let new = Look::at(&room.inputs).and_then(|inputs| Ok([inputs, Look::at(&room.outputs)?])).ok();
        Ok(Cleared { name, room, new, has_input: false })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Rooms go with their calls; this is for what a call could not remove.
        let _ = remove_locked(self.folder.path());
    }
}

/// A room: a folder which holds the inputs, and one for the outputs, which is empty at first. Cleared when dropped.
#[derive(Debug)]
pub(crate) struct RunDir {
    cleared: Cleared,
    /// The file for the main table waits to be taken.
    has_input: AtomicBool,
    /// A file of somebody else's has a name in it: it must not be emptied.
    has_link: AtomicBool,
    use_again: bool,
    spare: Arc<Mutex<Vec<Cleared>>>,
    housekeeper: Arc<Housekeeper>,
}

impl RunDir {
    /// What a spawner knows it by.
    pub(crate) fn name(&self) -> &str {
        &self.cleared.name
    }

    /// Says that the worker who had it is dead, and what was in force around it. If nobody can have outlived it, and if
    /// it can't have changed its inputs or asked for what doesn't show, the room may be another worker's.
    pub(crate) fn left_by(&mut self, layers: &Layers) {
        const NEEDED: [Layer; 3] = [Layer::PidNamespace, Layer::MountNamespace, Layer::Seccomp];
        self.use_again = NEEDED.iter().all(|layer| layers.on.contains(layer));
    }

    /// A new file among the inputs, which the step can read. Whoever writes it reads it too: a table's text is moved
    /// about in it.
    pub(crate) fn create_input(&self, name: &str) -> Result<File, Error> {
        let path = self.cleared.room.inputs.join(name);
        let waits = name == INPUT && self.has_input.swap(false, Ordering::Relaxed);
        let create = OpenOptions::new().read(true).write(true).create_new(!waits).mode(0o644).open(&path);
        let file = create.map_err(Error::io("create", &path))?;
        if waits {
            return Ok(file);
        }
        let readable = Permissions::from_mode(0o644);
        file.set_permissions(readable).map_err(Error::io("open", &path))?;
        Ok(file)
    }

    /// Puts a file among the inputs that is there already: `link` gives it one name more.
    pub(crate) fn link_input(
        &self,
        name: &str,
        link: impl FnOnce(&Path) -> io::Result<()>,
    ) -> io::Result<()> {
        let path = self.cleared.room.inputs.join(name);
        if name == INPUT && self.has_input.swap(false, Ordering::Relaxed) {
            fs::remove_file(&path)?;
        }
        self.has_link.store(true, Ordering::Relaxed);
        link(&path)
    }

    /// Takes an input away again.
    pub(crate) fn remove_input(&self, name: &str) -> Result<(), Error> {
        let path = self.cleared.room.inputs.join(name);
        fs::remove_file(&path).map_err(Error::io("remove", &path))
    }

    /// Where the step writes.
    pub(crate) fn outputs(&self) -> &Path {
        &self.cleared.room.outputs
    }
}

impl Drop for RunDir {
    fn drop(&mut self) {
        let mut cleared = self.cleared.clone();
        let keep = (!self.has_link.load(Ordering::Relaxed)).then_some(INPUT);
        let spare = self.use_again.then(|| Arc::clone(&self.spare));
        self.housekeeper.leave(move || {
            if let Some(spare) = spare
                && cleared.is_blank_again(keep)
            {
                let mut spare = spare.lock().unwrap_or_else(PoisonError::into_inner);
                if spare.len() < MAX_SPARE {
                    spare.push(cleared);
                    return;
                }
            }
            // What can't be removed now goes with the engine's whole folder.
            let _ = (remove_all(&cleared.room.inputs), remove_all(&cleared.room.outputs));
        });
    }
}

impl Cleared {
    fn is_blank_again(&mut self, keep: Option<&str>) -> bool {
        let Some([inputs, outputs]) = &self.new else { return false };
        let blank = |folder, new, keep| make_blank(folder, new, keep).ok().flatten();
        let Some(has_input) = blank(&self.room.inputs, inputs, keep) else { return false };
        self.has_input = has_input;
        blank(&self.room.outputs, outputs, None).is_some()
    }
}

/// Makes a file and locks it; `None` if somebody else has locked or removed it meanwhile, or the folder that it is in.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let file = match File::create_new(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok((file.metadata()?.nlink() > 0).then_some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

/// Removes what engines left behind that were killed: their folders are no longer locked, or empty.
///
/// Nothing here is worth an error: what can't be removed now may be later.
fn sweep(scratch: &Path) {
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
        let lock = match File::open(entry.path().join(LOCK)) {
            Ok(lock) => lock,
            Err(_) => {
                // It went before it had a lock, or is so young; and only an empty one can be removed like this.
                let _ = fs::remove_dir(entry.path());
                continue;
            }
        };
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _ = remove_locked(&entry.path());
        }
    }
}

/// Removes an engine's folder, the lock last: whoever is killed meanwhile leaves one that the next engine knows.
fn remove_locked(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_all(&entry.path())?;
        } else if entry.file_name() != LOCK {
            fs::remove_file(entry.path())?;
        }
    }
    remove_all(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_room_goes_with_its_call_and_the_folder_with_its_engine() {
        let folder = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(folder.path(), Arc::new(Housekeeper::absent())).unwrap();
        let (first, second) = (scratch.room().unwrap(), scratch.room().unwrap());
        assert_ne!(first.name(), second.name());
        fs::write(first.outputs().join("x"), "y").unwrap();
        first.create_input("z").unwrap();
        let rooms = || fs::read_dir(scratch.folder()).unwrap().count() - 1;
        assert_eq!(rooms(), 2 * 2);
        drop(first);
        assert_eq!(rooms(), 2);
        drop(second);
        drop(scratch);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_room_is_used_again_if_nothing_can_have_stayed_in_it() {
        for (off, again) in [
            (None, true),
            (Some(Layer::Landlock), true),
            (Some(Layer::PidNamespace), false),
            (Some(Layer::MountNamespace), false),
            (Some(Layer::Seccomp), false),
        ] {
            let on = Layer::ALL.into_iter().filter(|layer| Some(*layer) != off).collect();
            let layers = Layers { on, missing: Vec::new() };
            let folder = tempfile::tempdir().unwrap();
            let scratch = Scratch::new(folder.path(), Arc::new(Housekeeper::absent())).unwrap();
            let mut first = scratch.room().unwrap();
            let name = first.name().to_owned();
            fs::write(first.outputs().join("x"), "y").unwrap();
            first.create_input("z").unwrap();
            first.create_input(INPUT).unwrap().write_all(b"a table").unwrap();
            first.left_by(&layers);
            drop(first);
            let second = scratch.room().unwrap();
            assert_eq!(second.name() == name, again, "without {off:?}");
            assert_eq!(fs::read_dir(second.outputs()).unwrap().count(), 0);
            second.create_input("z").unwrap();
            assert_eq!(second.create_input(INPUT).unwrap().metadata().unwrap().len(), 0);
            assert!(second.create_input(INPUT).is_err(), "there is one already");
        }
    }

    #[test]
    fn engines_that_begin_at_once_leave_each_other_alone() {
        let folder = tempfile::tempdir().unwrap();
        let begin = || drop(Scratch::new(folder.path(), Arc::new(Housekeeper::absent())).unwrap());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..100).for_each(|_| begin()));
            }
        });
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn sweeping_takes_what_is_left_behind_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let live = Scratch::new(folder.path(), Arc::new(Housekeeper::absent())).unwrap();
        let dead = folder.path().join(format!("{PREFIX}dead"));
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join(LOCK), "").unwrap();
        let begun = folder.path().join(format!("{PREFIX}begun"));
        fs::create_dir(&begun).unwrap();
        let unlike = folder.path().join(format!("{PREFIX}unlike"));
        fs::create_dir(&unlike).unwrap();
        fs::write(unlike.join("x"), "").unwrap();
        let other = folder.path().join("other");
        fs::create_dir(&other).unwrap();
        fs::write(other.join(LOCK), "").unwrap();
        sweep(folder.path());
        assert!(!dead.exists() && !begun.exists());
        assert!(unlike.exists() && other.exists() && live.folder().exists());
    }
}
