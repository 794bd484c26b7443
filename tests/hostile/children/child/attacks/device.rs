//! Makes a device file in its output folder.

use std::io;

use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(scene: &Scene) -> io::Result<String> {
    mknodat(CWD, scene.output("null"), FileType::CharacterDevice, Mode::from(0o600), makedev(1, 3))?;
    Ok("made".to_owned())
}
