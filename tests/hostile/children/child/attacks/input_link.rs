//! Gives its input a second name among the outputs, and opens that for writing.

use std::fs;
use std::io;

use rustix::fs::{AtFlags, CWD, linkat};

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("exit", run);

fn run(scene: &Scene) -> io::Result<String> {
    linkat(CWD, scene.input(), CWD, scene.output("link"), AtFlags::empty())?;
    fs::OpenOptions::new().write(true).open(scene.output("link"))?;
    Ok("it is open for writing".to_owned())
}
