//! Empties somebody's file.

use std::fs;
use std::io;

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("exit", run);

fn run(scene: &Scene) -> io::Result<String> {
    fs::OpenOptions::new().write(true).open(scene.canary())?.set_len(0)?;
    Ok("emptied".to_owned())
}
