//! Writes over somebody's file.

use std::fs;
use std::io::{self, Write};

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("exit", run);

fn run(scene: &Scene) -> io::Result<String> {
    fs::OpenOptions::new().write(true).open(scene.canary())?.write_all(b"x")?;
    Ok("written".to_owned())
}
