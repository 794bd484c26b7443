//! Reads the list of the machine's users.

use std::fs;
use std::io;

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("exit", run);

fn run(_: &Scene) -> io::Result<String> {
    Ok(fs::read_to_string("/etc/passwd")?.len().to_string())
}
