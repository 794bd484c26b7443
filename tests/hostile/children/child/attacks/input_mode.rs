//! Changes the rights of its input.

use std::io;

use rustix::fs::{AtFlags, CWD, Mode, chmodat};

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(scene: &Scene) -> io::Result<String> {
    chmodat(CWD, scene.input(), Mode::from(0o666), AtFlags::empty())?;
    Ok("changed".to_owned())
}
