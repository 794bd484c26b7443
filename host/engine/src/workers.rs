//! Finding the worker executables, and keeping workers ready.

use std::collections::VecDeque;
use std::fs::{self, File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf, absolute};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crunchbox_jail::{Child, ControlGroup, Layer, Lost, Pending, Spawner};

use crate::housekeeper::Housekeeper;
use crate::scratch::{RunDir, Scratch};
use crate::sealed::Strongroom;
use crate::{CancelToken, Error, Verdict};

/// The folder that overrides all others.
const ENVIRONMENT: &str = "CRUNCHBOX_WORKERS";

/// The workers of each of the three executables, which are all there when this exists.
#[derive(Debug)]
pub(crate) struct Workers {
    pub(crate) run: Arc<Pool>,
    pub(crate) compile: Arc<Pool>,
    pub(crate) tables: Arc<Pool>,
    housekeeper: Arc<Housekeeper>,
    /// Starts spawners.
    starter: Housekeeper,
    rooms: Arc<Scratch>,
    required: Vec<Layer>,
}

/// Workers of one executable: those that are ready, and the spawner that makes them.
#[derive(Debug)]
pub(crate) struct Pool {
    spawner: Spawner,
    /// Where its workers' rooms are, if they have some.
    rooms: Option<Arc<Scratch>>,
    /// How many are kept ready.
    target: usize,
    waiting: Mutex<VecDeque<Waiting>>,
}

/// A worker that has been asked for, and may be ready by now.
#[derive(Debug)]
struct Waiting {
    pending: Pending,
    run_dir: Option<RunDir>,
}

/// A worker behind all its walls, waiting for its job; and its room, if it has one.
#[derive(Debug)]
pub(crate) struct Hired {
    pub(crate) child: Child,
    pub(crate) run_dir: Option<RunDir>,
}

impl Workers {
    /// Looks in `folder`, if one is given, and nowhere else then. `idle` workers of a kind are kept ready,
    /// all in `group`.
    pub(crate) fn find(
        folder: Option<&Path>,
        scratch: &Path,
        idle: usize,
        group: ControlGroup,
        required: Vec<Layer>,
    ) -> Result<Workers, Error> {
        let folders = match folder {
            Some(folder) => vec![folder.to_owned()],
            None => usual_folders(),
        };
        // A spawner may be started later, when a name from here leads somewhere else.
        let folders: Vec<_> = folders.into_iter().map(|folder| absolute(&folder).unwrap_or(folder)).collect();
        let find = |name: &'static str| {
            folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file()).ok_or_else(|| {
                let looked: Vec<_> = folders.iter().map(|folder| folder.display().to_string()).collect();
                Error::WorkerNotFound { name, looked_in: looked.join(", ") }
            })
        };
        let (run, compile, tables) =
            (find("crunchbox-worker")?, find("crunchbox-compiler")?, find("crunchbox-tables")?);
        // Who keeps no workers ready finds all cleared away when a call is over.
        let housekeeper = if idle == 0 { Housekeeper::absent() } else { Housekeeper::new() };
        let housekeeper = Arc::new(housekeeper);
        let rooms = Arc::new(Scratch::new(scratch, Arc::clone(&housekeeper))?);
        let folder_of_rooms = rooms.folder().to_owned();
        let group = Arc::new(group);
        let spawner = |path, rooms| Spawner::new(path, rooms).in_group(Arc::clone(&group));
        Ok(Workers {
            run: Pool::new(spawner(run, Some(folder_of_rooms)), Some(Arc::clone(&rooms)), idle),
            // Compiling takes so long that the start of a worker does not show beside it.
            compile: Pool::new(spawner(compile, None), None, 0),
            tables: Pool::new(spawner(tables, None), None, idle),
            housekeeper,
            starter: Housekeeper::new(),
            rooms,
            required,
        })
    }

    pub(crate) fn executables(&self) -> [&Path; 3] {
        [&self.run, &self.compile, &self.tables].map(|pool| pool.spawner.executable())
    }

    /// Where tables are kept that were taken from steps.
    pub(crate) fn strongroom(&self) -> &Strongroom {
        self.rooms.strongroom()
    }

    /// A file without a name, beside the rooms.
    pub(crate) fn scratch_file(&self) -> Result<File, Error> {
        self.rooms.file()
    }

    /// Whether a file is on the file system that the rooms are on.
    pub(crate) fn are_rooms_on(&self, file: &Metadata) -> Result<bool, Error> {
        let folder = self.rooms.folder();
        Ok(fs::metadata(folder).map_err(Error::io("look at", folder))?.dev() == file.dev())
    }

    /// A worker, confined and without a job: one that is ready, or else a new one. The inner error is `cancelled`.
    ///
    /// # Errors
    /// [`Error::Spawn`] if there is none to be had, [`Error::LayerMissing`] if one of the required layers is not
    /// around it: then it gets no job.
    pub(crate) fn hire(
        &self,
        pool: &Pool,
        cancel: Option<&CancelToken>,
    ) -> Result<Result<Hired, Verdict>, Error> {
        // Workers of a spawner that has died die with it. Once all those are gone, one more spawner is tried.
        let mut fresh = 0;
        loop {
            let next = pool.waiting().pop_front();
            let Waiting { pending, run_dir } = match next {
                Some(waiting) => waiting,
                None => {
                    fresh += 1;
                    pool.request()?
                }
            };
            let child = match pending.ready(cancel.map(CancelToken::as_fd)) {
                Ok(child) => child,
                Err(Lost::Cancelled) => return Ok(Err(Verdict::Cancelled)),
                Err(Lost::Spawner(_)) if fresh < 2 => continue,
                Err(Lost::Spawner(error) | Lost::Worker(error)) => return Err(error.into()),
            };
            for layer in &self.required {
                if let Some(reason) = child.layers().reason(*layer) {
                    return Err(Error::LayerMissing { layer: layer.to_string(), reason: reason.to_owned() });
                }
            }
            return Ok(Ok(Hired { child, run_dir }));
        }
    }

    /// Has as many workers asked for as are to be kept ready.
    pub(crate) fn keep_ready(&self, pool: &Arc<Pool>) {
        if pool.target > 0 {
            let pool = Arc::clone(pool);
            self.housekeeper.leave(move || pool.fill());
        }
    }

    /// Asks for one worker to be ready soon, whatever is kept ready. Does not wait for a spawner to be started.
    pub(crate) fn prepare(&self, pool: &Arc<Pool>) {
        if pool.spawner.is_started() {
            pool.prepare();
        } else {
            let pool = Arc::clone(pool);
            self.starter.leave(move || pool.prepare());
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        // They must not be the last who hold a pool.
        self.starter.stop();
        self.housekeeper.stop();
        // They end side by side.
        for pool in [&self.run, &self.compile, &self.tables] {
            pool.waiting().clear();
            pool.spawner.dismiss();
        }
    }
}

impl Pool {
    fn new(spawner: Spawner, rooms: Option<Arc<Scratch>>, target: usize) -> Arc<Pool> {
        Arc::new(Pool { spawner, rooms, target, waiting: Mutex::default() })
    }

    /// Asks for a worker if none is waiting. Who wants one meanwhile waits for this one.
    fn prepare(&self) {
        let mut waiting = self.waiting();
        if waiting.is_empty() {
            // Whoever is in want of it asks again, and is told why there is none.
            waiting.extend(self.request().ok());
        }
    }

    /// Asks for as many workers as are to be kept ready, and does not wait for them.
    fn fill(&self) {
        while self.waiting().len() < self.target {
            // Whoever is in want of a worker asks again, and is told why there is none.
            let Ok(waiting) = self.request() else { return };
            self.waiting().push_back(waiting);
        }
    }

    fn request(&self) -> Result<Waiting, Error> {
        // It gets ready while the room is made.
        self.spawner.start()?;
        let run_dir = self.rooms.as_ref().map(|rooms| rooms.room()).transpose()?;
        let pending = self.spawner.request(run_dir.as_ref().map(RunDir::name))?;
        Ok(Waiting { pending, run_dir })
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `$CRUNCHBOX_WORKERS` alone if it is set; else beside the program, and where a package puts what isn't for a
/// user's own hands.
fn usual_folders() -> Vec<PathBuf> {
    if let Some(folder) = std::env::var_os(ENVIRONMENT) {
        return vec![folder.into()];
    }
    let Ok(program) = std::env::current_exe() else { return Vec::new() };
    let Some(folder) = program.parent() else { return Vec::new() };
    let mut folders = vec![folder.to_owned()];
    folders.extend(folder.parent().map(|parent| parent.join("libexec/crunchbox")));
    folders
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crunchbox_jail::GroupLimits;

    /// A folder in which the executables are, and are none: for engines that start none.
    pub(crate) fn executables() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in ["crunchbox-worker", "crunchbox-compiler", "crunchbox-tables"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        folder
    }

    fn find(folder: &Path) -> Result<Workers, Error> {
        Workers::find(Some(folder), folder, 0, ControlGroup::new(GroupLimits::default(), None), Vec::new())
    }

    #[test]
    fn a_folder_without_them_is_named_with_the_mend() {
        let folder = tempfile::tempdir().unwrap();
        let error = find(folder.path()).unwrap_err().to_string();
        assert!(error.contains("crunchbox-worker") && error.contains(&folder.path().display().to_string()));
        assert!(error.contains("cargo xtask build"));
    }

    #[test]
    fn a_folder_is_found_from_wherever_a_spawner_starts() {
        let (folder, here) = (executables(), std::env::current_dir().unwrap());
        let up: PathBuf = here.components().skip(1).map(|_| "..").collect();
        let relative = up.join(folder.path().strip_prefix("/").unwrap());
        let group = ControlGroup::new(GroupLimits::default(), None);
        let workers = Workers::find(Some(&relative), folder.path(), 0, group, Vec::new()).unwrap();
        assert!(workers.executables().iter().all(|path| path.is_absolute()));
    }

    #[test]
    fn all_three_are_found() {
        let folder = executables();
        let workers = find(folder.path()).unwrap();
        assert_eq!(workers.tables.spawner.executable(), folder.path().join("crunchbox-tables"));
    }
}
