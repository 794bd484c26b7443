//! Clones the tree of mounts.

use std::io;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_open_tree, libc::AT_FDCWD, c"/", 1 /* OPEN_TREE_CLONE */)?;
    Ok("cloned".to_owned())
}
