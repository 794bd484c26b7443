//! Makes a pipe in place of its output, for the engine to hang on.

use std::io;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(scene: &Scene) -> io::Result<String> {
    mknodat(CWD, scene.output("output.arrow"), FileType::Fifo, Mode::from(0o600), 0)?;
    Ok("made".to_owned())
}
