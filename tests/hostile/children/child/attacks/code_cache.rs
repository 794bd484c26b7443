//! Puts code into the engine's cache.

use std::fs;
use std::io;

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("exit", run);

fn run(scene: &Scene) -> io::Result<String> {
    fs::File::create_new(scene.world.join("cache/planted"))?;
    Ok("it is there".to_owned())
}
