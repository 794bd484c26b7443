//! A control group for one pass: made by root outside, and handed to whoever the engine is inside.
//!
//! Only version 1 is handed on: of version 2 the memory of a group can't be capped while a process is beside it.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};

/// What is capped, and by which file at which value: attacks take less, unless a wall fails.
const CONTROLLERS: [(&str, &str, u64); 2] =
    [("memory", "memory.limit_in_bytes", 4 << 30), ("pids", "pids.max", 1000)];

/// A folder for each controller. They are removed when this is dropped.
pub(crate) struct Group {
    folders: Vec<PathBuf>,
}

impl Group {
    /// A group with this process in it, in which this user may make others.
    pub(crate) fn make(process: u32, user: u32) -> anyhow::Result<Group> {
        ensure!(rustix::process::geteuid().is_root(), "only root can make one");
        let own = fs::read_to_string("/proc/self/cgroup")?;
        let mut group = Group { folders: Vec::new() };
        for (controller, file, most) in CONTROLLERS {
            let path = own.lines().find_map(|line| {
                let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
                controllers.split(',').any(|found| found == controller).then_some(path)
            });
            let path = path.with_context(|| format!("{controller} is not of version 1"))?;
            let parent = Path::new("/sys/fs/cgroup").join(controller).join(path.trim_start_matches('/'));
            let folder = parent.join(format!("crunchbox-children-{process}"));
            fs::create_dir(&folder).with_context(|| folder.display().to_string())?;
            group.folders.push(folder.clone());
            fs::write(folder.join(file), most.to_string())?;
            for path in [&folder, &folder.join("cgroup.procs")] {
                chown(path, Some(user), None)?;
            }
            fs::write(folder.join("cgroup.procs"), process.to_string())?;
        }
        Ok(group)
    }

    /// The folders, with a colon between them.
    pub(crate) fn names(&self) -> String {
        self.folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(":")
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for folder in &self.folders {
            // What was killed leaves a moment later.
            for _ in 0..200 {
                let inner = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
                inner.filter(|path| path.is_dir()).for_each(|path| drop(fs::remove_dir(path)));
                if fs::remove_dir(folder).is_ok() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }
}
