//! Makes a file beside its input.

use std::fs;
use std::io;

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("exit", run);

fn run(scene: &Scene) -> io::Result<String> {
    fs::File::create_new(scene.inputs.join("new"))?;
    Ok("made".to_owned())
}
