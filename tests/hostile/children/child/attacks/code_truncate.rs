//! Cuts the compiled code that it was given.

use std::io;

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("exit", run).judged();

fn run(scene: &Scene) -> io::Result<String> {
    scene.code.set_len(0)?;
    Ok("cut".to_owned())
}
