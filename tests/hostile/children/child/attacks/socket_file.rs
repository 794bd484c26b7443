//! Listens on a socket in its output folder.

use std::io;
use std::os::unix::net::UnixListener;

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(scene: &Scene) -> io::Result<String> {
    UnixListener::bind(scene.output("socket"))?;
    Ok("it listens".to_owned())
}
