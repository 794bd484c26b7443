//! The world that attacks run in: nothing in it is anybody's, and it goes with this process.

use std::ffi::CString;
use std::fs::{self, File, Permissions};
use std::io::{ErrorKind, Write};
use std::net::{TcpListener, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail, ensure};
use crunchbox_jail::WORKER_ID;
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
use rustix::process::{Signal, set_parent_process_death_signal};
use rustix::thread::{CapabilitySet, CapabilitySets, clear_ambient_capability_set, set_capabilities};

use crate::sys::{self, call};
use crate::{bait, enter};

const HOST_NAME: &str = "harness";

/// Proof that we are where nothing can be harmed, and what is there.
pub(crate) struct World {
    pass: String,
    /// Why there is no control group that is ours, if there is none.
    no_group: Option<String>,
    place: PathBuf,
    tcp: Vec<TcpListener>,
    udp: UdpSocket,
    unix: Vec<UnixListener>,
    /// Open for as long as this lives.
    _descriptor: OwnedFd,
    _neighbour: Child,
}

impl World {
    /// Checks that this process is the first in namespaces of its own, makes them a world apart, and puts out the bait.
    pub(crate) fn make() -> anyhow::Result<World> {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        let variable = |name: &str| std::env::var(name).with_context(|| format!("{name} is not set"));
        let (pass, place) = (variable(enter::PASS)?, PathBuf::from(variable(enter::PLACE)?));
        apart(&variable(enter::OUTSIDE)?)?;
        let group: Vec<PathBuf> = std::env::var(enter::GROUP)
            .map_or_else(|_| Vec::new(), |names| names.split(':').map(PathBuf::from).collect());
        let no_group = std::env::var(enter::NO_GROUP).ok();
        wall_in(&place.join(enter::WORLD), &group)?;
        // The first thing that is started, so that its number is known.
        let neighbour = neighbour(&place, &pass)?;
        let world = place.join(enter::WORLD);
        let folder = |name: &str, mode: u32| -> anyhow::Result<PathBuf> {
            let path = world.join(name);
            fs::create_dir_all(&path)?;
            fs::set_permissions(&path, Permissions::from_mode(mode))?;
            Ok(path)
        };
        folder("workers", 0o755)?;
        folder("cache", 0o700)?;
        folder("scratch", 0o755)?;
        folder("scratch/crunchbox-run-other", 0o755)?;
        fs::write(folder("scratch/crunchbox-run-other/0-in", 0o755)?.join("input.arrow"), bait::SECRET)?;
        let outside = folder("outside", 0o777)?;
        // A program in memory on its way to `exec` must not be open for writing, so the links are to this copy.
        fs::copy(place.join(enter::BIN).join("hostile-child"), world.join("hostile-child"))?;
        call!(SYS_sethostname, &host_name(), HOST_NAME.len())?;
        network()?;
        let socket = UnixListener::bind(outside.join("socket"))?;
        fs::set_permissions(outside.join("socket"), Permissions::from_mode(0o777))?;
        let unix = vec![socket, UnixListener::bind_addr(&SocketAddr::from_abstract_name(bait::ABSTRACT)?)?];
        let tcp = vec![TcpListener::bind(bait::TCP)?, TcpListener::bind(bait::METADATA)?];
        let udp = UdpSocket::bind(bait::UDP)?;
        udp.set_nonblocking(true)?;
        tcp.iter().try_for_each(|listener| listener.set_nonblocking(true))?;
        unix.iter().try_for_each(|listener| listener.set_nonblocking(true))?;
        memory_and_queues()?;
        let descriptor = open_descriptor(&world)?;
        if pass == enter::USER {
            // From here on as any user; root's own rights are a part of being root.
            clear_ambient_capability_set()?;
            let none = CapabilitySet::empty();
            set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
        }
        let world =
            World { pass, no_group, place, tcp, udp, unix, _descriptor: descriptor, _neighbour: neighbour };
        world.mend()?;
        Ok(world)
    }

    /// As whom we are here.
    pub(crate) fn pass(&self) -> &str {
        &self.pass
    }

    /// Why workers can be put into no control group, if so.
    pub(crate) fn no_group(&self) -> Option<&str> {
        self.no_group.as_deref()
    }

    /// A program that was brought along.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.place.join(enter::BIN).join(name)
    }

    /// The folder of all programs.
    pub(crate) fn programs(&self) -> PathBuf {
        self.place.join(enter::BIN)
    }

    /// A path in the one file system that can be written.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.join(enter::WORLD).join(name)
    }

    /// What has changed that nobody may change.
    pub(crate) fn changed(&self) -> anyhow::Result<Option<String>> {
        let mut changes = Vec::new();
        if fs::read_to_string(self.path("outside/canary")).ok().as_deref() != Some(bait::SECRET) {
            changes.push("somebody's file is changed or gone".to_owned());
        }
        if fs::read_dir(self.path("outside"))?.count() != 2 {
            changes.push("there are other files beside somebody's".to_owned());
        }
        if self.path("cache/planted").exists() {
            changes.push("there is something new in the cache".to_owned());
        }
        for listener in &self.tcp {
            while came(listener.accept().map(|_| ()))? {
                changes.push(format!("somebody connected to {}", listener.local_addr()?));
            }
        }
        for listener in &self.unix {
            while came(listener.accept().map(|_| ()))? {
                changes.push("somebody connected to a local socket".to_owned());
            }
        }
        while came(self.udp.recv(&mut [0; 16]).map(|_| ()))? {
            changes.push("somebody sent a datagram".to_owned());
        }
        if fs::read_to_string("/proc/sys/kernel/hostname")?.trim() != HOST_NAME {
            changes.push("the machine has another name".to_owned());
        }
        if changes.is_empty() {
            return Ok(None);
        }
        self.mend()?;
        Ok(Some(changes.join(", ")))
    }

    /// Puts all in order again.
    fn mend(&self) -> anyhow::Result<()> {
        let _ = fs::remove_file(self.path("cache/planted"));
        let canary = self.path("outside/canary");
        let _ = fs::remove_file(&canary);
        fs::write(&canary, bait::SECRET)?;
        fs::set_permissions(&canary, Permissions::from_mode(0o666))?;
        if self.pass == enter::ROOT {
            call!(SYS_sethostname, &host_name(), HOST_NAME.len())?;
        }
        Ok(())
    }
}

fn host_name() -> [u8; HOST_NAME.len()] {
    let mut bytes = [0; HOST_NAME.len()];
    bytes.copy_from_slice(HOST_NAME.as_bytes());
    bytes
}

/// Whether something has come that nobody waits for.
fn came(result: std::io::Result<()>) -> anyhow::Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Refuses to go on where attacks could reach anybody.
fn apart(outside: &str) -> anyhow::Result<()> {
    let inside = enter::namespaces()?;
    ensure!(outside.split(' ').count() == inside.split(' ').count(), "these are no namespaces: {outside}");
    for (theirs, ours) in outside.split(' ').zip(inside.split(' ')) {
        ensure!(theirs != ours, "{ours} is the machine's own: nothing is attacked there");
    }
    ensure!(std::process::id() == 1, "this is not the first process of its namespace");
    Ok(())
}

/// Makes every file system read-only but a new one in memory, and looks whether it is so. Those of `group` can be written, in
/// which nothing but the group's folders is ours.
fn wall_in(world: &Path, group: &[PathBuf]) -> anyhow::Result<()> {
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    let read_only = [1u64, 0, 0, 0]; // MOUNT_ATTR_RDONLY
    call!(SYS_mount_setattr, libc::AT_FDCWD, c"/", libc::AT_RECURSIVE, &read_only, size_of_val(&read_only))
        .context("can't make all file systems read-only")?;
    let quiet = MountFlags::NOSUID | MountFlags::NODEV;
    let is_of_group = |place: &str| {
        let place = Path::new(place);
        place.starts_with("/sys/fs/cgroup/") && group.iter().any(|folder| folder.starts_with(place))
    };
    for line in fs::read_to_string("/proc/self/mountinfo")?.lines() {
        if let Some(place) = line.split(' ').nth(4).filter(|place| is_of_group(place)) {
            let writable = [0, 1u64, 0, 0];
            let place = CString::new(place)?;
            call!(SYS_mount_setattr, libc::AT_FDCWD, place.as_c_str(), 0, &writable, size_of_val(&writable))
                .with_context(|| format!("can't make {place:?} writable again"))?;
        }
    }
    mount("proc", "/proc", "proc", quiet | MountFlags::NOEXEC, None).context("can't mount /proc")?;
    mount("world", world, "tmpfs", quiet, Some(c"mode=0755,size=1g")).context("can't mount a tmpfs")?;
    for line in fs::read_to_string("/proc/self/mountinfo")?.lines() {
        let mut words = line.split(' ');
        let (Some(place), Some(options)) = (words.nth(4), words.next()) else { bail!("no mount: {line}") };
        let ours = Path::new(place) == world || place == "/proc" || is_of_group(place);
        ensure!(ours || options.split(',').any(|option| option == "ro"), "{place} can be written");
        ensure!(!line.contains(" shared:"), "what is mounted on {place} would show outside");
    }
    match File::create_new("/crunchbox-children") {
        Err(error) if error.kind() == ErrorKind::ReadOnlyFilesystem => Ok(()),
        other => bail!("a file in / could be made, or not for the right reason: {other:?}"),
    }
}

/// A process of the user that workers are.
fn neighbour(place: &Path, pass: &str) -> anyhow::Result<Child> {
    let mut command = Command::new(place.join(enter::BIN).join("hostile-child"));
    command.arg("--sit").stdin(Stdio::piped());
    if pass == enter::ROOT {
        command.uid(WORKER_ID).gid(WORKER_ID);
    }
    let neighbour = command.spawn()?;
    ensure!(neighbour.id().cast_signed() == bait::NEIGHBOUR, "the neighbour is process {}", neighbour.id());
    Ok(neighbour)
}

/// Brings the loopback interface up, with the address that clouds use for it too.
fn network() -> anyhow::Result<()> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    // `struct ifreq`: a name of 16 bytes, then flags or an address.
    let request = |name: &[u8], value: &[u8]| {
        let mut request = [0u8; 40];
        request[..name.len()].copy_from_slice(name);
        request[16..16 + value.len()].copy_from_slice(value);
        request
    };
    let (set_flags, set_address) = (0x8914, 0x8916);
    call!(SYS_ioctl, socket.as_raw_fd(), set_flags, &request(b"lo", &0x41u16.to_ne_bytes()))
        .context("can't bring the loopback interface up")?;
    let family = u16::try_from(libc::AF_INET)?.to_ne_bytes();
    let address = [family[0], family[1], 0, 0, 169, 254, 169, 254];
    call!(SYS_ioctl, socket.as_raw_fd(), set_address, &request(b"lo:1", &address))
        .context("can't give the loopback interface an address")?;
    Ok(())
}

/// Shared memory, semaphores, and queues of both kinds, for everybody.
fn memory_and_queues() -> anyhow::Result<()> {
    let everybody = libc::IPC_CREAT | 0o666;
    let memory = call!(SYS_shmget, bait::IPC_KEY, 4096, everybody)?;
    let address = call!(SYS_shmat, memory, 0, 0)?;
    sys::poke(address, bait::SECRET.as_bytes());
    call!(SYS_semget, bait::IPC_KEY, 1, everybody)?;
    call!(SYS_msgget, bait::IPC_KEY, everybody)?;
    call!(SYS_mq_open, bait::QUEUE, libc::O_CREAT | libc::O_RDWR, 0o666, 0)?;
    Ok(())
}

/// A file with the secret behind a descriptor that goes through `exec`, as C libraries leave some.
fn open_descriptor(world: &Path) -> anyhow::Result<OwnedFd> {
    let mut file = File::create_new(world.join("secret"))?;
    file.write_all(bait::SECRET.as_bytes())?;
    let file = File::open(world.join("secret"))?;
    let descriptor = rustix::io::fcntl_dupfd_cloexec(&file, bait::DESCRIPTOR)?;
    ensure!(descriptor.as_raw_fd() == bait::DESCRIPTOR, "the descriptor is {}", descriptor.as_raw_fd());
    rustix::io::fcntl_setfd(&descriptor, rustix::io::FdFlags::empty())?;
    Ok(descriptor)
}
