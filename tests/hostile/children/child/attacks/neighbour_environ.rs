//! Reads the environment of another process of its user from /proc.

use std::fs;
use std::io;

use crate::bait;
use crate::attack::{Attack, Scene, refused};

pub(super) const ATTACK: Attack = Attack::new("exit", run);

fn run(_: &Scene) -> io::Result<String> {
    let path = format!("/proc/{}/environ", bait::NEIGHBOUR);
    let text = fs::read(path)?;
    if text.is_empty() { refused("there is nothing in it") } else { Ok("it has one".to_owned()) }
}
