//! Writes over its input.

use std::fs;
use std::io;

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("exit", run);

fn run(scene: &Scene) -> io::Result<String> {
    fs::OpenOptions::new().write(true).open(scene.input())?;
    Ok("it is open for writing".to_owned())
}
