//! Joins root's group.

use std::io;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_setgroups, 1, &[0u32; 1])?;
    Ok("joined".to_owned())
}
