//! A program whose calls on files are met one by one: each goes its way, fails, or takes its time.
//!
//! The kernel asks us about each call (`seccomp`'s user notifications) before it makes it. So it makes no difference by
//! which library a call is made, and nothing is changed in the program or on the machine. The program's children are
//! under the same filter; whose call it is we see by who makes it.

use std::ffi::{OsStr, c_int};
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use crunchbox_jail::{Outgoing, receive};
use libc::{c_long, c_ulong};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, wait};

/// The environment variable that says what this test's executable is to do instead of testing.
pub(crate) const STAGE: &str = "CRUNCHBOX_FAULTS_STAGE";
/// The stage in which it becomes the program that it is given, behind a filter.
pub(crate) const PROGRAM: &str = "program";

/// Longer than any program here takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where a call's arguments say which file it is about.
enum Names {
    /// By a descriptor.
    Open(usize),
    /// By a path.
    Path(usize),
    /// By a path that begins at a descriptor's folder.
    At(usize, usize),
}

use Names::{At, Open, Path as ByPath};

/// Every call that a program may make on files.
const CALLS: &[(&str, c_long, Names)] = &[
    ("openat", libc::SYS_openat, At(0, 1)),
    ("openat2", libc::SYS_openat2, At(0, 1)),
    ("mkdirat", libc::SYS_mkdirat, At(0, 1)),
    ("unlinkat", libc::SYS_unlinkat, At(0, 1)),
    ("renameat2", libc::SYS_renameat2, At(0, 1)),
    ("linkat", libc::SYS_linkat, At(2, 3)),
    ("fchmodat", libc::SYS_fchmodat, At(0, 1)),
    ("fchownat", libc::SYS_fchownat, At(0, 1)),
    ("readlinkat", libc::SYS_readlinkat, At(0, 1)),
    ("newfstatat", libc::SYS_newfstatat, At(0, 1)),
    ("statx", libc::SYS_statx, At(0, 1)),
    ("fstat", libc::SYS_fstat, Open(0)),
    ("fchmod", libc::SYS_fchmod, Open(0)),
    ("fchown", libc::SYS_fchown, Open(0)),
    ("read", libc::SYS_read, Open(0)),
    ("pread64", libc::SYS_pread64, Open(0)),
    ("write", libc::SYS_write, Open(0)),
    ("writev", libc::SYS_writev, Open(0)),
    ("pwrite64", libc::SYS_pwrite64, Open(0)),
    ("pwritev", libc::SYS_pwritev, Open(0)),
    ("copy_file_range", libc::SYS_copy_file_range, Open(2)),
    ("sendfile", libc::SYS_sendfile, Open(0)),
    ("truncate", libc::SYS_truncate, ByPath(0)),
    ("ftruncate", libc::SYS_ftruncate, Open(0)),
    ("fallocate", libc::SYS_fallocate, Open(0)),
    ("fsync", libc::SYS_fsync, Open(0)),
    ("fdatasync", libc::SYS_fdatasync, Open(0)),
    ("flock", libc::SYS_flock, Open(0)),
    ("getdents64", libc::SYS_getdents64, Open(0)),
    #[cfg(target_arch = "x86_64")]
    ("open", libc::SYS_open, ByPath(0)),
    #[cfg(target_arch = "x86_64")]
    ("mkdir", libc::SYS_mkdir, ByPath(0)),
    #[cfg(target_arch = "x86_64")]
    ("rmdir", libc::SYS_rmdir, ByPath(0)),
    #[cfg(target_arch = "x86_64")]
    ("unlink", libc::SYS_unlink, ByPath(0)),
    #[cfg(target_arch = "x86_64")]
    ("rename", libc::SYS_rename, ByPath(0)),
    ("renameat", libc::SYS_renameat, At(0, 1)),
    #[cfg(target_arch = "x86_64")]
    ("link", libc::SYS_link, ByPath(1)),
    #[cfg(target_arch = "x86_64")]
    ("chmod", libc::SYS_chmod, ByPath(0)),
    #[cfg(target_arch = "x86_64")]
    ("chown", libc::SYS_chown, ByPath(0)),
    #[cfg(target_arch = "x86_64")]
    ("readlink", libc::SYS_readlink, ByPath(0)),
    #[cfg(target_arch = "x86_64")]
    ("stat", libc::SYS_stat, ByPath(0)),
    #[cfg(target_arch = "x86_64")]
    ("lstat", libc::SYS_lstat, ByPath(0)),
];

/// A call that is about to be made on a file.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) name: &'static str,
    /// The file, as far as it can be told: of a worker's calls it is what the kernel calls it.
    pub(crate) path: PathBuf,
    /// Whether the program itself makes it, and not a process that it started.
    pub(crate) is_hosts: bool,
}

impl Call {
    /// Whether it removes something, or looks for what is to be removed.
    pub(crate) fn removes(&self) -> bool {
        ["rmdir", "unlink", "unlinkat"].contains(&self.name)
    }
}

/// What is done about a call.
pub(crate) enum Answer {
    /// It is made.
    Go,
    /// It fails with this error number.
    Fail(c_int),
    /// It is made so much later.
    Stall(Duration),
    /// The program gets a signal; the call is made so much later, if it is still there.
    Signal(Signal, Duration),
}

/// Becomes the program that the arguments name, behind a filter whose other end is sent to whoever has the other end of
/// standard input.
pub(crate) fn become_program() -> anyhow::Result<std::process::ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let program = arguments.next().context("no program is named")?;
    rustix::thread::set_no_new_privs(true)?;
    let listener = listen().context("can't listen to system calls")?;
    let socket = UnixStream::from(rustix::stdio::stdin().try_clone_to_owned()?);
    let mut outgoing = Outgoing::new(vec![0], vec![listener.as_fd()]);
    while !outgoing.advance(&socket)? {}
    drop((listener, socket));
    Err(Command::new(program).args(arguments).env_remove(STAGE).stdin(Stdio::null()).exec().into())
}

/// Runs a program to its end and has `decide` meet each call that it makes on a file in `folder`. Its standard input is
/// empty.
///
/// # Errors
/// If it can't be had like this, or does not end in time; and what `decide` says.
pub(crate) fn run(
    program: &Command,
    folder: &Path,
    mut decide: impl FnMut(&Call) -> anyhow::Result<Answer>,
) -> anyhow::Result<Output> {
    let (ours, theirs) = UnixStream::pair()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(program.get_program()).args(program.get_args()).env(STAGE, PROGRAM);
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.stdin(OwnedFd::from(theirs)).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut host = command.spawn().context("can't start again")?;
    drop(command);
    let (_, descriptors) = receive(&ours, 16).context("the program does not get behind a filter")?;
    let [listener] = <[OwnedFd; 1]>::try_from(descriptors).map_err(|_| anyhow::anyhow!("no listener"))?;
    let pid = Pid::from_child(&host);
    let device = fs::metadata(folder)?;
    let mut stalled: Vec<(Instant, u64)> = Vec::new();
    let started = Instant::now();
    loop {
        if started.elapsed() > PATIENCE {
            host.kill()?;
            bail!("the program has not ended after {} s", PATIENCE.as_secs());
        }
        let now = Instant::now();
        let due = stalled.iter().map(|(due, _)| due.saturating_duration_since(now)).min();
        let wait_for = due.unwrap_or(PATIENCE).min(Duration::from_millis(20)).as_nanos();
        let timeout = Timespec { tv_sec: 0, tv_nsec: i64::try_from(wait_for)? };
        let mut fds = [PollFd::new(&listener, PollFlags::IN)];
        poll(&mut fds, Some(&timeout))?;
        let found = fds[0].revents();
        let now = Instant::now();
        for (_, id) in stalled.extract_if(.., |(due, _)| *due <= now) {
            respond(&listener, id, 0);
        }
        if found.contains(PollFlags::IN)
            && let Some(notice) = next(&listener)?
        {
            let call = call(&notice, pid, folder, &device);
            match call.map_or(Ok(Answer::Go), |call| decide(&call))? {
                Answer::Go => respond(&listener, notice.id, 0),
                Answer::Fail(errno) => respond(&listener, notice.id, errno),
                Answer::Stall(time) => stalled.push((now + time, notice.id)),
                Answer::Signal(signal, time) => {
                    kill_process(pid, signal)?;
                    stalled.push((now + time, notice.id));
                }
            }
        }
        // What it leaves behind becomes our child, and is reaped here. Until then its calls are met like any.
        if host.try_wait()?.is_some() {
            while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
            if found.contains(PollFlags::HUP) {
                break;
            }
        }
    }
    Ok(host.wait_with_output()?)
}

/// Which call it is, if it is one on a file in the folder. Of another process than the host it is known by its
/// descriptors alone: its paths begin elsewhere.
fn call(notice: &libc::seccomp_notif, host: Pid, folder: &Path, device: &fs::Metadata) -> Option<Call> {
    use std::os::unix::fs::MetadataExt;
    let (name, _, names) = CALLS.iter().find(|(_, number, _)| *number == c_long::from(notice.data.nr))?;
    let process = PathBuf::from(format!("/proc/{}", notice.pid));
    let is_hosts = Path::new(&format!("/proc/{host}/task/{}", notice.pid)).exists();
    let argument = |index: usize| notice.data.args.get(index).copied();
    let open = |index: usize| Some(process.join(format!("fd/{}", argument(index)? as c_int)));
    let text = |index: usize| {
        let mut bytes = vec![0; 4096];
        let memory = File::open(process.join("mem")).ok()?;
        let length = memory.read_at(&mut bytes, argument(index)?).ok()?;
        let end = bytes[..length].iter().position(|byte| *byte == 0)?;
        Some(PathBuf::from(OsStr::from_bytes(&bytes[..end])))
    };
    let folder_of = |index: usize| match argument(index)? as c_int {
        libc::AT_FDCWD => fs::read_link(process.join("cwd")).ok(),
        _ => fs::read_link(open(index)?).ok(),
    };
    if !is_hosts {
        let Open(index) = names else { return None };
        let file = fs::metadata(open(*index)?).ok()?;
        let path = fs::read_link(open(*index)?).ok()?;
        return (file.is_file() && file.dev() == device.dev()).then_some(Call { name, path, is_hosts });
    }
    let path = match names {
        Open(index) => fs::read_link(open(*index)?).ok()?,
        ByPath(index) => text(*index)?,
        // An absolute path takes the folder's place, an empty one stands for it.
        At(base, index) => {
            let path = text(*index)?;
            if path.is_absolute() { path } else { folder_of(*base)?.join(path) }
        }
    };
    path.starts_with(folder).then_some(Call { name, path, is_hosts })
}

/// The next call that waits; none if whoever made it is gone.
fn next(listener: &OwnedFd) -> anyhow::Result<Option<libc::seccomp_notif>> {
    const RECEIVE: c_ulong = 0xc050_2100;
    // SAFETY: a structure of numbers, which the kernel wants to be zero.
    let mut notice: libc::seccomp_notif = unsafe { std::mem::zeroed() };
    const { assert!(size_of::<libc::seccomp_notif>() == 0x50) };
    // SAFETY: the request takes a pointer to such a structure, which outlives the call.
    let result = unsafe { libc::ioctl(listener.as_raw_fd(), RECEIVE as _, &raw mut notice) };
    if result == 0 {
        return Ok(Some(notice));
    }
    let error = io::Error::last_os_error();
    let gone = [Some(libc::ENOENT), Some(libc::EINTR)].contains(&error.raw_os_error());
    ensure!(gone, "can't receive a call: {error}");
    Ok(None)
}

/// Lets a call be made, or fail with an error number. It may be gone by now, with whoever made it.
fn respond(listener: &OwnedFd, id: u64, errno: c_int) {
    const SEND: c_ulong = 0xc018_2101;
    let flags = if errno == 0 { libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32 } else { 0 };
    let mut response = libc::seccomp_notif_resp { id, val: 0, error: -errno, flags };
    const { assert!(size_of::<libc::seccomp_notif_resp>() == 0x18) };
    // SAFETY: the request takes a pointer to such a structure, which outlives the call.
    unsafe { libc::ioctl(listener.as_raw_fd(), SEND as _, &raw mut response) };
}

/// Puts this process under a filter that asks about each of the calls, for good. Whoever holds the result is asked. What
/// is stalled can be killed, and does not see another signal, as with a disk.
fn listen() -> anyhow::Result<OwnedFd> {
    let instruction = |code: u32, k: u32, jt: u8, jf: u8| -> anyhow::Result<libc::sock_filter> {
        Ok(libc::sock_filter { code: u16::try_from(code)?, jt, jf, k })
    };
    // The call's number is what the kernel's structure begins with. Programs here make no other architecture's calls.
    let mut filter = vec![instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0)?];
    for (_, number, _) in CALLS {
        filter.push(instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, u32::try_from(*number)?, 0, 1)?);
        filter.push(instruction(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_USER_NOTIF, 0, 0)?);
    }
    filter.push(instruction(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW, 0, 0)?);
    let program = libc::sock_fprog { len: u16::try_from(filter.len())?, filter: filter.as_mut_ptr() };
    let flags = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    // SAFETY: the program and its instructions outlive the call; a descriptor that it gives is new, and nobody else's.
    unsafe {
        let listener =
            libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const program);
        if listener < 0 {
            return Err(io::Error::last_os_error().into());
        }
        Ok(OwnedFd::from_raw_fd(c_int::try_from(listener)?))
    }
}
