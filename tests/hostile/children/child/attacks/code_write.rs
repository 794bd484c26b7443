//! Writes over the compiled code that it was given.

use std::io::{self, Write};

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("exit", run).judged();

fn run(scene: &Scene) -> io::Result<String> {
    (&scene.code).write_all(b"x")?;
    Ok("written".to_owned())
}
