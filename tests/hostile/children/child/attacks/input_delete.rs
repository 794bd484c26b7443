//! Deletes its input.

use std::io;

use rustix::fs::{AtFlags, CWD, unlinkat};

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("exit", run);

fn run(scene: &Scene) -> io::Result<String> {
    unlinkat(CWD, scene.input(), AtFlags::empty())?;
    Ok("deleted".to_owned())
}
