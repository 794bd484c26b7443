//! Makes a thread.

use std::io;

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    let thread = std::thread::Builder::new().spawn(|| ())?;
    let _ = thread.join();
    Ok("made".to_owned())
}
