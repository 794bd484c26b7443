//! Reads the engine's environment from /proc.

use std::fs;
use std::io;

use crate::bait;
use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("exit", run);

fn run(_: &Scene) -> io::Result<String> {
    Ok(fs::read(format!("/proc/{}/environ", bait::ENGINE))?.len().to_string())
}
