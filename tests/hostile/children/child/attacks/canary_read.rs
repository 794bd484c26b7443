//! Reads somebody's file by its path.

use std::fs;
use std::io;

use crate::bait;
use crate::attack::{Attack, Scene, refused};

pub(super) const ATTACK: Attack = Attack::new("exit", run);

fn run(scene: &Scene) -> io::Result<String> {
    let text = fs::read_to_string(scene.canary())?;
    if text.contains(bait::SECRET) { Ok("the secret".to_owned()) } else { refused("another file") }
}
