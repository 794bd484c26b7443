//! Before the namespaces: what is needed in them is put where anybody may read it, and each pass is started.

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, anyhow, ensure};
use crunchbox_tests::Built;

use crate::group::Group;
use crate::{enter, walls};

/// Another user than root: the number that the first one has on most machines.
const ORDINARY: u32 = 1000;

/// The program that attacks: cargo leaves it in the folder above that of the test.
pub(crate) fn child() -> anyhow::Result<PathBuf> {
    let name = Path::new(env!("CARGO_BIN_EXE_hostile-child")).file_name().context("it has a name")?;
    Ok(std::env::current_exe()?.ancestors().nth(2).context("the test is in no folder")?.join(name))
}

/// As whom all is done.
pub(crate) fn passes() -> &'static [&'static str] {
    if rustix::process::geteuid().is_root() { &[enter::ROOT, enter::USER] } else { &[enter::USER] }
}

pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let place = tempfile::Builder::new().prefix("crunchbox-children-").tempdir()?;
    lay_out(place.path())?;
    let mut code = ExitCode::SUCCESS;
    for pass in passes() {
        if start(pass, place.path())? != 0 {
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

/// The programs, and a folder to mount on.
fn lay_out(place: &Path) -> anyhow::Result<()> {
    let open = |path: &Path| fs::set_permissions(path, Permissions::from_mode(0o755));
    open(place)?;
    for folder in [enter::BIN, enter::WORLD] {
        fs::create_dir(place.join(folder))?;
        open(&place.join(folder))?;
    }
    let built = Built::find()?.programs();
    let workers = ["crunchbox-worker", "crunchbox-compiler", "crunchbox-tables"];
    let ours = [("children", std::env::current_exe()?), ("hostile-child", child()?)];
    let programs = workers.iter().map(|name| (*name, built.join(name))).chain(ours);
    for (name, path) in programs {
        let target = place.join(enter::BIN).join(name);
        fs::copy(&path, &target).with_context(|| format!("can't copy {}", path.display()))?;
        open(&target)?;
    }
    Ok(())
}

/// Runs one pass in namespaces of its own; its exit status.
fn start(pass: &str, place: &Path) -> anyhow::Result<i32> {
    let (ours, theirs) = UnixStream::pair()?;
    let mut command = Command::new(place.join(enter::BIN).join("children"));
    command
        .args(std::env::args_os().skip(1))
        .env_clear()
        .env(enter::STAGE, enter::ENTER)
        .env(enter::PASS, pass)
        .env(enter::PLACE, place)
        .env(enter::OUTSIDE, enter::namespaces()?)
        .envs(std::env::vars_os().filter(|(name, _)| *name == walls::VARIABLE))
        .current_dir("/")
        .stdin(Stdio::from(OwnedFd::from(theirs)));
    let is_root = rustix::process::geteuid().is_root();
    if is_root && pass == enter::USER {
        command.uid(ORDINARY).gid(ORDINARY);
    }
    let mut process = command.spawn().context("can't start again")?;
    drop(command);
    let mut word = [0];
    let mut group = None;
    if (&ours).read_exact(&mut word).is_ok() {
        let user = map_users(process.id(), pass)?;
        let made = match pass {
            enter::USER => Group::make(process.id(), user),
            // Its spawners become another user at once, and whoever is not the machine's root moves none of those.
            _ => Err(anyhow!("its workers are another user's")),
        };
        let told = match &made {
            Ok(group) => format!("{}={}\n", enter::GROUP, group.names()),
            Err(error) => format!("{}={error:#}\n", enter::NO_GROUP),
        };
        group = made.ok();
        (&ours).write_all(told.as_bytes())?;
    }
    let status = process.wait()?;
    drop(group);
    ensure!(status.code().is_some(), "the pass as {pass} ended with {status}");
    Ok(status.code().unwrap_or(1))
}

/// Says who the users of the new user namespace are outside of it. Its root is nobody: what root may do by its number
/// alone, as changing the kernel's settings, it may not. Gives the user that the engine is outside.
fn map_users(process: u32, pass: &str) -> anyhow::Result<u32> {
    let write = |file: &str, text: &str| {
        let path = format!("/proc/{process}/{file}");
        fs::write(&path, text).with_context(|| format!("can't write `{text}` to {path}"))
    };
    if pass == enter::ROOT {
        let map = |file: &str| -> anyhow::Result<u32> {
            let own = fs::read_to_string(format!("/proc/self/{file}"))?;
            let end = own.lines().filter_map(|line| {
                let mut numbers = line.split_whitespace().map(|number| number.parse::<u64>().unwrap_or(0));
                let first = numbers.next()?;
                Some(first + numbers.nth(1)?)
            });
            // In a container of few users its root is nobody already.
            let first = if end.max().unwrap_or(0) > 200_000 { 100_000 } else { 0 };
            write(file, &format!("0 {first} 65536"))?;
            Ok(first)
        };
        map("gid_map")?;
        return map("uid_map");
    }
    let root = rustix::process::geteuid().is_root();
    let own = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let (uid, gid) = if root { (ORDINARY, ORDINARY) } else { own };
    write("setgroups", "deny")?;
    write("gid_map", &format!("{gid} {gid} 1"))?;
    write("uid_map", &format!("{uid} {uid} 1"))?;
    Ok(uid)
}
