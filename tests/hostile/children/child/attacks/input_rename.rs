//! Renames its input.

use std::io;

use rustix::fs::{CWD, renameat};

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("exit", run);

fn run(scene: &Scene) -> io::Result<String> {
    renameat(CWD, scene.input(), CWD, scene.inputs.join("renamed"))?;
    Ok("renamed".to_owned())
}
