//! Reads the engine's environment variables.

use std::io;

use crate::bait;
use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("exit", run);

fn run(_: &Scene) -> io::Result<String> {
    let value = std::env::var(bait::VARIABLE).map_err(io::Error::other)?;
    Ok(format!("{} bytes", value.len()))
}
