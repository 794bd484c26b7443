//! Reads the list of the machine's users from its output folder upwards.

use std::fs;
use std::io;

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("exit", run);

fn run(scene: &Scene) -> io::Result<String> {
    Ok(fs::read_to_string(scene.output("../../../../../../../../../../etc/passwd"))?.len().to_string())
}
