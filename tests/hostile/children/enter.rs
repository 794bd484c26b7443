//! Going into the namespaces, in two steps: this process makes them, and its child is the first process in them.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::process::{Command, ExitCode, Stdio};

use anyhow::Context;
use rustix::process::{Gid, Signal, Uid, set_parent_process_death_signal};
use rustix::thread::{
    CapabilitySets, capabilities, configure_capability_in_ambient_set, set_capabilities, set_thread_groups,
    set_thread_res_gid, set_thread_res_uid,
};

use crate::sys::call;
use crate::{bait, walls};

/// The environment variable that says how far we are: [`ENTER`], then [`INSIDE`].
pub(crate) const STAGE: &str = "CRUNCHBOX_CHILDREN_STAGE";
pub(crate) const ENTER: &str = "enter";
pub(crate) const INSIDE: &str = "inside";

/// The one that says as whom: [`ROOT`] or [`USER`].
pub(crate) const PASS: &str = "CRUNCHBOX_CHILDREN_PASS";
pub(crate) const ROOT: &str = "root";
pub(crate) const USER: &str = "user";

/// The one that says where the folders [`BIN`] and [`WORLD`] are.
pub(crate) const PLACE: &str = "CRUNCHBOX_CHILDREN_PLACE";
pub(crate) const BIN: &str = "bin";
pub(crate) const WORLD: &str = "world";

/// The one that names the folders of a control group that is ours, with a colon between them; and the one that says why there
/// is none.
pub(crate) const GROUP: &str = "CRUNCHBOX_CHILDREN_GROUP";
pub(crate) const NO_GROUP: &str = "CRUNCHBOX_CHILDREN_NO_GROUP";

/// The one that names the namespaces that we come from.
pub(crate) const OUTSIDE: &str = "CRUNCHBOX_CHILDREN_OUTSIDE";

/// The namespaces of this process that must not be those outside.
pub(crate) fn namespaces() -> anyhow::Result<String> {
    let kinds = ["user", "pid", "mnt", "net", "ipc", "uts"];
    let names = kinds.map(|kind| fs::read_link(format!("/proc/self/ns/{kind}")));
    let names: Vec<_> = names.into_iter().collect::<Result<_, _>>().context("can't tell our namespaces")?;
    Ok(names.iter().map(|name| name.display().to_string()).collect::<Vec<_>>().join(" "))
}

/// Makes the namespaces, has its users named from outside, and starts the first process in them.
pub(crate) fn enter() -> anyhow::Result<ExitCode> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let spaces = libc::CLONE_NEWUSER
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWNS
        | libc::CLONE_NEWNET
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUTS;
    call!(SYS_unshare, spaces)
        .context("can't make namespaces, and attacks nothing without: see `crunchbox doctor`")?;
    let parent = UnixStream::from(rustix::stdio::stdin().try_clone_to_owned()?);
    (&parent).write_all(b"u")?;
    let mut told = String::new();
    BufReader::new(&parent).read_line(&mut told)?;
    let (group, of_group) = told.trim_end().split_once('=').context("the parent is gone")?;
    if std::env::var(PASS).as_deref() == Ok(ROOT) {
        set_thread_groups(&[])?;
        set_thread_res_gid(Gid::ROOT, Gid::ROOT, Gid::ROOT)?;
        set_thread_res_uid(Uid::ROOT, Uid::ROOT, Uid::ROOT)?;
        set_parent_process_death_signal(Some(Signal::KILL))?;
    } else {
        // Who is not root loses its rights over the namespaces when it executes something, but for these.
        let all = capabilities(None)?.permitted;
        set_capabilities(None, CapabilitySets { effective: all, permitted: all, inheritable: all })?;
        for one in all.iter() {
            configure_capability_in_ambient_set(one, true)?;
        }
    }
    let variables = [PASS, PLACE, OUTSIDE, walls::VARIABLE];
    let status = Command::new(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| variables.iter().any(|known| *name == *known)))
        .env(STAGE, INSIDE)
        .env(group, of_group)
        .env(bait::VARIABLE, bait::SECRET)
        .stdin(Stdio::null())
        .status()?;
    Ok(ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1)))
}
