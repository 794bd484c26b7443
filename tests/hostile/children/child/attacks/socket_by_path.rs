//! Connects to a socket of the engine's by its path.

use std::io;
use std::os::unix::net::UnixStream;

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(scene: &Scene) -> io::Result<String> {
    UnixStream::connect(scene.world.join("outside/socket"))?;
    Ok("connected".to_owned())
}
