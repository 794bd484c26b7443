//! What an operator must see to, since no wall can: what would be in reach if the walls were down.
//!
//! All of it is looked at and judged; nothing is opened, sent or changed.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crunchbox::{Engine, Layer, Layers, Module};

use crate::doctor::{Check, Health};

/// Files that are secrets wherever they are, by their place in a home folder.
const HOME_SECRETS: [&str; 14] = [
    ".ssh/id_rsa",
    ".ssh/id_ed25519",
    ".ssh/id_ecdsa",
    ".aws/credentials",
    ".azure/accessTokens.json",
    ".config/gcloud/credentials.db",
    ".config/gh/hosts.yml",
    ".docker/config.json",
    ".kube/config",
    ".git-credentials",
    ".netrc",
    ".npmrc",
    ".pgpass",
    ".pypirc",
];

/// The same, by their whole name. Of a folder each file in it counts.
const SYSTEM_SECRETS: [&str; 5] =
    ["/etc/shadow", "/etc/gshadow", "/etc/ssh", "/run/secrets", "/etc/kubernetes/admin.conf"];

/// What would be open to a worker without `mount-namespace` and `landlock`.
pub(crate) fn secrets(layers: &Layers) -> Check {
    let worker = Worker::of(layers);
    let open: Vec<String> = candidates()
        .into_iter()
        .filter(|path| worker.can_read(path))
        .map(|path| path.display().to_string())
        .collect();
    let walls = standing(layers, &[Layer::MountNamespace, Layer::Landlock]);
    let (health, detail) = match (open.is_empty(), walls.is_empty()) {
        (true, _) => (Health::Good, format!("{} can read none of the usual ones", worker.name())),
        // Whoever runs as a user lets a worker be this user: that is no mistake which could be mended.
        (false, false) if worker.is_us => {
            (Health::Good, format!("{} could read {}, but for {walls}", worker.name(), open.join(", ")))
        }
        (false, false) => (
            Health::Warning,
            format!(
                "{} could read {}, but for {walls}: take the right from others",
                worker.name(),
                open.join(", ")
            ),
        ),
        (false, true) => (Health::Warning, format!("{} can read {}", worker.name(), open.join(", "))),
    };
    Check { name: "secrets", health, detail }
}

/// Who a worker is to the file system.
struct Worker {
    uid: u32,
    is_us: bool,
}

impl Worker {
    fn of(layers: &Layers) -> Worker {
        let own = rustix::process::geteuid().as_raw();
        match layers.reason(Layer::User) {
            None => Worker { uid: crunchbox::WORKER_ID, is_us: false },
            Some(_) => Worker { uid: own, is_us: true },
        }
    }

    fn name(&self) -> String {
        if self.is_us { "a worker, which has your uid," } else { "a worker" }.to_owned()
    }

    /// Whether the modes of the file and of all folders above let it. Groups are given up by a worker of another user.
    fn can_read(&self, path: &Path) -> bool {
        self.may(path, 0o4) && path.ancestors().skip(1).all(|folder| self.may(folder, 0o1))
    }

    fn may(&self, path: &Path, bit: u32) -> bool {
        let Ok(metadata) = fs::metadata(path) else { return false };
        if self.uid == 0 {
            return true;
        }
        let shift = if metadata.uid() == self.uid { 6 } else { 0 };
        metadata.mode() >> shift & bit != 0
    }
}

fn candidates() -> Vec<PathBuf> {
    let homes = fs::read_dir("/home").into_iter().flatten().flatten().map(|entry| entry.path());
    let homes = homes.chain([PathBuf::from("/root")]).chain(std::env::var_os("HOME").map(PathBuf::from));
    let mut found: Vec<PathBuf> = homes
        .flat_map(|home| HOME_SECRETS.map(|secret| home.join(secret)))
        .filter(|path| path.is_file())
        .collect();
    for path in SYSTEM_SECRETS.map(PathBuf::from) {
        if path.is_dir() {
            let is_secret = |path: &PathBuf| {
                path.is_file() && (!path.starts_with("/etc/ssh") || path.to_string_lossy().ends_with("_key"))
            };
            found.extend(
                fs::read_dir(path)
                    .into_iter()
                    .flatten()
                    .flatten()
                    .map(|entry| entry.path())
                    .filter(is_secret),
            );
        } else if path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Files that the engine runs or believes, which others can change.
pub(crate) fn obeyed(engine: &Engine) -> Check {
    let own = rustix::process::geteuid().as_raw();
    let mut paths: Vec<PathBuf> = engine.worker_executables().into_iter().map(Path::to_owned).collect();
    paths.extend(std::env::current_exe());
    paths.push(engine.code_folder().to_owned());
    paths.extend(Module::folders().into_iter().filter(|folder| folder.exists()));
    let mut open: Vec<String> = paths
        .iter()
        .filter_map(|path| who_can_change(path, own).transpose())
        .map(|found| found.unwrap_or_else(|error| error.to_string()))
        .collect();
    open.sort();
    open.dedup();
    match open.is_empty() {
        true => Check {
            name: "obeyed files",
            health: Health::Good,
            detail: "nobody else can change the executables, the steps or the compiled code".to_owned(),
        },
        false => Check { name: "obeyed files", health: Health::Warning, detail: open.join("; ") },
    }
}

/// The first one, from the path up to the root, that somebody besides us and root can change.
fn who_can_change(path: &Path, own: u32) -> io::Result<Option<String>> {
    let path = fs::canonicalize(path)?;
    for part in path.ancestors() {
        let metadata = fs::symlink_metadata(part)?;
        if metadata.uid() != own && metadata.uid() != 0 {
            return Ok(Some(format!("{} belongs to user {}", part.display(), metadata.uid())));
        }
        // In a sticky folder others can make files, but not replace ours.
        let sticky = metadata.is_dir() && metadata.mode() & 0o1000 != 0;
        let private_group = metadata.gid() == metadata.uid();
        let writers = if private_group { 0o002 } else { 0o022 };
        if metadata.mode() & writers != 0 && !sticky {
            return Ok(Some(format!(
                "{} can be written by others: chmod go-w {}",
                part.display(),
                part.display()
            )));
        }
    }
    Ok(None)
}

/// Whether a worker would have a way to the address that clouds hand out credentials at.
pub(crate) fn metadata_address(layers: &Layers) -> Check {
    let name = "cloud metadata";
    if layers.reason(Layer::NetNamespace).is_none() {
        let detail = "a worker has no route to anywhere, 169.254.169.254 included".to_owned();
        return Check { name, health: Health::Good, detail };
    }
    let walls = standing(layers, &[Layer::Seccomp, Layer::Landlock]);
    let routes = fs::read_to_string("/proc/net/route").unwrap_or_default();
    match routed(&routes, [169, 254, 169, 254]) {
        None => Check {
            name,
            health: Health::Good,
            detail: "this machine has no route to 169.254.169.254".to_owned(),
        },
        Some(interface) if !walls.is_empty() => Check {
            name,
            health: Health::Good,
            detail: format!("169.254.169.254 is routed through {interface}; {walls} keep workers from it"),
        },
        Some(interface) => Check {
            name,
            health: Health::Warning,
            detail: format!(
                "169.254.169.254 is routed through {interface}, and nothing keeps workers from it"
            ),
        },
    }
}

/// The interface that a table of routes (`/proc/net/route`) sends an address to.
fn routed(routes: &str, address: [u8; 4]) -> Option<&str> {
    let address = u32::from_be_bytes(address);
    // Numbers are in the machine's own order, of an address that is in the network's.
    let number = |text: &str| u32::from_str_radix(text, 16).ok().map(u32::from_be);
    let rows = routes.lines().skip(1).filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (interface, destination, flags, mask) =
            (*words.first()?, number(words.get(1)?)?, words.get(3)?, number(words.get(7)?)?);
        let (up, reject) = (0x1, 0x200);
        let flags = u32::from_str_radix(flags, 16).ok()?;
        (flags & up != 0 && flags & reject == 0 && address & mask == destination).then_some((mask, interface))
    });
    rows.max_by_key(|(mask, _)| *mask).map(|(_, interface)| interface)
}

/// Whether another process may share a core with a worker, and so hear its caches.
pub(crate) fn shared_cores() -> Check {
    let name = "shared cores";
    match fs::read_to_string("/sys/devices/system/cpu/smt/active").as_deref().map(str::trim) {
        Ok("1") => Check {
            name,
            health: Health::Warning,
            detail: "two threads share each core (SMT): a step may learn what its neighbour computes. Where \
                     that matters: echo off > /sys/devices/system/cpu/smt/control"
                .to_owned(),
        },
        Ok(_) => Check { name, health: Health::Good, detail: "one thread on each core".to_owned() },
        Err(_) => {
            Check { name, health: Health::Good, detail: "this kernel tells of no shared cores".to_owned() }
        }
    }
}

fn standing(layers: &Layers, walls: &[Layer]) -> String {
    let standing: Vec<_> =
        walls.iter().filter(|layer| layers.reason(**layer).is_none()).map(|layer| layer.name()).collect();
    standing.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_narrowest_route_counts() {
        let table = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n\
                     eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
                     eth1\t0000FEA9\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n";
        assert_eq!(routed(table, [169, 254, 169, 254]), Some("eth1"));
        assert_eq!(routed(table, [1, 2, 3, 4]), Some("eth0"));
        let without_default: String =
            table.lines().filter(|line| !line.starts_with("eth0")).map(|l| format!("{l}\n")).collect();
        assert_eq!(routed(&without_default, [1, 2, 3, 4]), None);
        assert_eq!(routed("", [1, 2, 3, 4]), None);
    }

    #[test]
    fn a_secret_is_in_reach_only_if_each_folder_above_it_is() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let (inner, secret) = (folder.path().join("inner"), folder.path().join("inner/secret"));
        fs::create_dir(&inner).unwrap();
        fs::write(&secret, "x").unwrap();
        let stranger = Worker { uid: 4_000_000, is_us: false };
        let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        set(&inner, 0o755);
        set(&secret, 0o644);
        assert!(stranger.can_read(&secret));
        set(&secret, 0o640);
        assert!(!stranger.can_read(&secret));
        set(&secret, 0o644);
        set(&inner, 0o700);
        assert!(!stranger.can_read(&secret));
    }

    #[test]
    fn a_folder_that_others_write_in_is_named_with_the_mend() {
        let folder = tempfile::tempdir().unwrap();
        let own = rustix::process::geteuid().as_raw();
        let file = folder.path().join("worker");
        fs::write(&file, "x").unwrap();
        assert_eq!(who_can_change(&file, own).unwrap(), None);
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let told = who_can_change(&file, own).unwrap().unwrap();
        assert!(told.contains("chmod go-w") && told.contains(&folder.path().display().to_string()), "{told}");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o1777)).unwrap();
        assert_eq!(who_can_change(&file, own).unwrap(), None);
    }
}
