//! Opens the memory of another process of its user from /proc.

use std::fs;
use std::io;

use crate::bait;
use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("exit", run);

fn run(_: &Scene) -> io::Result<String> {
    fs::File::open(format!("/proc/{}/mem", bait::NEIGHBOUR))?;
    Ok("it is open".to_owned())
}
