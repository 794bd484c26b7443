//! Makes a link to somebody's file in its output folder, and writes through it.

use std::fs;
use std::io::{self, Write};

use rustix::fs::{CWD, symlinkat};

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("exit", run);

fn run(scene: &Scene) -> io::Result<String> {
    symlinkat(scene.canary(), CWD, scene.output("link"))?;
    fs::OpenOptions::new().write(true).open(scene.output("link"))?.write_all(b"x")?;
    Ok("written".to_owned())
}
