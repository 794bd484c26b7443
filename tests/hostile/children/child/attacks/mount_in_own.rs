//! Makes user and mount namespaces, and mounts a file system in them.

use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run).only(&[Layer::Seccomp]);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_unshare, libc::CLONE_NEWUSER | libc::CLONE_NEWNS)?;
    call!(SYS_mount, c"none", c"/", c"tmpfs", 0, 0)?;
    Ok("mounted".to_owned())
}
