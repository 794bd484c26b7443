//! Reads another call's input by its path outside.

use std::fs;
use std::io;

use crate::bait;
use crate::attack::{Attack, Scene, refused};

pub(super) const ATTACK: Attack = Attack::new("exit", run);

fn run(scene: &Scene) -> io::Result<String> {
    let path = scene.world.join("scratch/crunchbox-run-other/0-in/input.arrow");
    let text = fs::read_to_string(path)?;
    if text.contains(bait::SECRET) { Ok("the secret".to_owned()) } else { refused("another file") }
}
