//! A control group around all workers of an engine: however many there are, and whatever they do, together they take no
//! more memory and no more processes than this.
//!
//! Version 2 is used where memory and processes can be capped by it in a folder of ours, else version 1, else none.
//! Making one needs the right to: root has it, another user where a folder was delegated to them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// What all workers of an engine may use together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupLimits {
    /// Memory, with what files of theirs are in memory, in bytes.
    pub memory_bytes: u64,
    /// Processes and threads.
    pub processes: u32,
}

impl Default for GroupLimits {
    /// Three quarters of the machine's memory, so that it goes on whatever the workers do; and some hundred workers.
    fn default() -> GroupLimits {
        let machine = rustix::system::sysinfo();
        let memory = (machine.totalram as u64).saturating_mul(machine.mem_unit.into());
        GroupLimits { memory_bytes: memory / 4 * 3, processes: 1024 }
    }
}

/// A control group that is made before the first process of it is started, and removed when this is dropped.
#[derive(Debug)]
pub struct ControlGroup {
    limits: GroupLimits,
    delegated: Option<PathBuf>,
    made: OnceLock<Result<Made, String>>,
}

impl ControlGroup {
    /// Nothing is made yet. `delegated` is a folder of version 2 that the user may make groups in, and that has no
    /// process of its own; without it, a place is looked for beside our own group.
    pub fn new(limits: GroupLimits, delegated: Option<PathBuf>) -> ControlGroup {
        ControlGroup { limits, delegated, made: OnceLock::new() }
    }

    /// The group, made if it is not there.
    ///
    /// # Errors
    /// Why there is none, in words: it will be the same the next time.
    pub(crate) fn made(&self) -> Result<&Made, String> {
        let made = self.made.get_or_init(|| make(&self.limits, self.delegated.as_deref()));
        made.as_ref().map_err(Clone::clone)
    }
}

/// The folders of a group: one, or one for each controller of version 1.
///
/// Who puts another process into a group may wait for ten milliseconds: Linux has all starts and ends of processes wait meanwhile, and
/// sleeps until each processor knows, which is when it has been through a pause. A thread that enters by itself does not wait; only
/// version 1 lets it.
#[derive(Debug)]
pub(crate) struct Made {
    folders: Vec<PathBuf>,
    version: Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    First,
    Second,
}

impl Made {
    /// The files by which a process of one thread enters, with all that it will start: [`enter`]. None where it has to be put. They are
    /// open, as their names are nothing that a worker should find in its memory.
    ///
    /// # Errors
    /// What stands in the way, in words.
    pub(crate) fn doors(&self) -> Result<Vec<File>, String> {
        let open = |folder: &PathBuf| {
            let door = folder.join("tasks");
            let opened = OpenOptions::new().write(true).open(&door);
            opened.map_err(|error| format!("can't open {}: {error}", door.display()))
        };
        match self.version {
            Version::First => self.folders.iter().map(open).collect(),
            Version::Second => Ok(Vec::new()),
        }
    }

    /// Puts a process into the group, with all that it will start, if it can't enter by itself.
    ///
    /// # Errors
    /// What stands in the way, in words.
    pub(crate) fn put(&self, pid: u32) -> Result<(), String> {
        match self.version {
            Version::First => Ok(()),
            Version::Second => self
                .folders
                .iter()
                .try_for_each(|folder| write(&folder.join("cgroup.procs"), &pid.to_string())),
        }
    }
}

/// Has this process, which has one thread, enter a group by its [`doors`](Made::doors).
///
/// # Errors
/// What stands in the way, in words.
pub(crate) fn enter(doors: Vec<OwnedFd>) -> Result<(), String> {
    // Nothing stands for the thread that writes it.
    let mut doors = doors.into_iter().map(File::from);
    doors.try_for_each(|mut door| door.write_all(b"0")).map_err(|error| format!("can't enter it: {error}"))
}

impl Drop for Made {
    fn drop(&mut self) {
        for folder in &self.folders {
            // Processes that were killed leave the group a moment later.
            let removed = (0..200).any(|_| match fs::remove_dir(folder) {
                Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                    std::thread::sleep(Duration::from_millis(1));
                    false
                }
                _ => true,
            });
            // One that is still in use then is empty later, and the next engine's sweep takes it.
            let _ = removed;
        }
    }
}

const PREFIX: &str = "crunchbox-";

fn make(limits: &GroupLimits, delegated: Option<&Path>) -> Result<Made, String> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("{PREFIX}{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    if let Some(delegated) = delegated {
        return version_2(delegated, &name, limits);
    }
    let groups = read("/proc/self/cgroup")?;
    let mounts = read("/proc/self/mountinfo")?;
    let second = place(&groups, &mounts, None)
        .ok_or_else(|| "version 2 is not mounted".to_owned())
        .and_then(|place| version_2(&place, &name, limits));
    second.or_else(|why_not_2| {
        version_1(&groups, &mounts, &name, limits).map_err(|why_not_1| format!("{why_not_2}; {why_not_1}"))
    })
}

fn version_2(parent: &Path, name: &str, limits: &GroupLimits) -> Result<Made, String> {
    let folder = parent.join(name);
    let made = Made { folders: vec![new_folder(parent, folder.clone())?], version: Version::Second };
    let controllers = read(folder.join("cgroup.controllers"))?;
    let has = |controllers: &str, name| controllers.split_whitespace().any(|found| found == name);
    if !(has(&controllers, "memory") && has(&controllers, "pids")) {
        // Allowed only while no process is in the parent itself.
        write(&parent.join("cgroup.subtree_control"), "+memory +pids")
            .map_err(|error| format!("version 2 has no memory and pids in {}: {error}", parent.display()))?;
    }
    write(&folder.join("memory.max"), &limits.memory_bytes.to_string())?;
    write(&folder.join("pids.max"), &limits.processes.to_string())?;
    Ok(made)
}

fn version_1(groups: &str, mounts: &str, name: &str, limits: &GroupLimits) -> Result<Made, String> {
    let mut made = Made { folders: Vec::new(), version: Version::First };
    for (controller, file, value) in [
        ("memory", "memory.limit_in_bytes", limits.memory_bytes),
        ("pids", "pids.max", limits.processes.into()),
    ] {
        let parent = place(groups, mounts, Some(controller))
            .ok_or_else(|| format!("version 1 of {controller} is not mounted"))?;
        let folder = parent.join(name);
        made.folders.push(new_folder(&parent, folder.clone())?);
        write(&folder.join(file), &value.to_string())?;
    }
    Ok(made)
}

/// Makes a folder, and removes those of engines that were killed.
fn new_folder(parent: &Path, folder: PathBuf) -> Result<PathBuf, String> {
    fs::create_dir(&folder).map_err(|error| format!("can't create {}: {error}", folder.display()))?;
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(owner) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next()) else {
            continue;
        };
        // A group with processes in it can't be removed, so nothing worse can happen here than nothing.
        if owner.parse() != Ok(std::process::id()) && !Path::new("/proc").join(owner).exists() {
            let _ = fs::remove_dir(entry.path());
        }
    }
    Ok(folder)
}

/// The folder of our own group: of one controller of version 1, or of version 2.
fn place(groups: &str, mounts: &str, controller: Option<&str>) -> Option<PathBuf> {
    let ours = groups.lines().find_map(|line| {
        let (_, line) = line.split_once(':')?;
        let (controllers, path) = line.split_once(':')?;
        let found = match controller {
            None => controllers.is_empty(),
            Some(wanted) => controllers.split(',').any(|controller| controller == wanted),
        };
        found.then_some(path)
    })?;
    mounts.lines().find_map(|line| {
        let (mount, file_system) = line.split_once(" - ")?;
        let mut file_system = file_system.split(' ');
        let (kind, options) = (file_system.next()?, file_system.nth(1)?);
        let found = match controller {
            None => kind == "cgroup2",
            Some(wanted) => kind == "cgroup" && options.split(',').any(|option| option == wanted),
        };
        let mut mount = mount.split(' ').skip(3);
        let (root, point) = (mount.next()?, mount.next()?);
        // A container may see only a part of the tree, mounted as if it were all.
        let path = ours.strip_prefix(root.trim_end_matches('/')).unwrap_or(ours);
        found.then(|| Path::new(point).join(path.trim_start_matches('/')))
    })
}

fn read(path: impl AsRef<Path>) -> Result<String, String> {
    let path = path.as_ref();
    fs::read_to_string(path).map_err(|error| format!("can't read {}: {error}", path.display()))
}

fn write(path: &Path, value: &str) -> Result<(), String> {
    fs::write(path, value).map_err(|error| format!("can't write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUPS: &str = "9:name=systemd:/\n8:pids:/x\n4:cpu,memory:/box/7\n0::/user/42\n";
    const MOUNTS: &str = "\
        35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n\
        36 31 0:33 /x /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n\
        41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

    #[test]
    fn our_own_groups_are_found() {
        let find = |controller| place(GROUPS, MOUNTS, controller);
        assert_eq!(find(None), Some("/sys/fs/cgroup/unified/user/42".into()));
        assert_eq!(find(Some("memory")), Some("/sys/fs/cgroup/memory/box/7".into()));
        assert_eq!(find(Some("pids")), Some("/sys/fs/cgroup/pids/".into()));
        assert_eq!(find(Some("freezer")), None);
    }

    #[test]
    fn a_process_enters_by_doors_or_is_put_in() {
        let folder = tempfile::tempdir().unwrap();
        let inner = |name: &str| {
            let inner = folder.path().join(name);
            fs::create_dir(&inner).unwrap();
            inner
        };
        // Folders that are no control groups, so that what is written can be read.
        let first = Made { folders: vec![inner("memory"), inner("pids")], version: Version::First };
        let reason = first.doors().unwrap_err();
        assert!(reason.contains("memory/tasks"), "{reason}");
        let enter = |group: &Made| enter(group.doors().unwrap().into_iter().map(OwnedFd::from).collect());
        for folder in &first.folders {
            fs::write(folder.join("tasks"), "").unwrap();
        }
        enter(&first).unwrap();
        first.put(7).unwrap();
        let second = Made { folders: vec![inner("unified")], version: Version::Second };
        enter(&second).unwrap();
        second.put(7).unwrap();
        let mut written: Vec<_> = ["memory", "pids", "unified"]
            .into_iter()
            .flat_map(|name| fs::read_dir(folder.path().join(name)).unwrap())
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                (path.strip_prefix(folder.path()).unwrap().to_owned(), fs::read_to_string(&path).unwrap())
            })
            .collect();
        written.sort();
        let expected = [("memory/tasks", "0"), ("pids/tasks", "0"), ("unified/cgroup.procs", "7")];
        assert_eq!(written, expected.map(|(path, text)| (PathBuf::from(path), text.to_owned())));
    }

    #[test]
    fn a_door_that_is_locked_is_told() {
        let reason = enter(vec![File::open("/dev/null").unwrap().into()]).unwrap_err();
        assert!(reason.contains("can't enter"), "{reason}");
    }

    #[test]
    fn what_can_not_be_made_says_why_and_leaves_nothing() {
        // A folder that is no control group: its files can't be what they should be.
        let folder = tempfile::tempdir().unwrap();
        let group = ControlGroup::new(GroupLimits::default(), Some(folder.path().to_owned()));
        let reason = group.made().unwrap_err();
        assert!(reason.contains("cgroup.controllers"), "{reason}");
        drop(group);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
