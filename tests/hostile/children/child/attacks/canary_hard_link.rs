//! Gives somebody's file a second name in its output folder, and writes to that.

use std::fs;
use std::io::{self, Write};

use rustix::fs::{AtFlags, CWD, linkat};

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("exit", run);

fn run(scene: &Scene) -> io::Result<String> {
    linkat(CWD, scene.canary(), CWD, scene.output("link"), AtFlags::empty())?;
    fs::OpenOptions::new().write(true).open(scene.output("link"))?.write_all(b"x")?;
    Ok("written".to_owned())
}
