//! Reads the engine's environment variables.

use std::io;

use crunchbox_jail::Layer;

use crate::bait;
use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("exit", run).stopped_by(Layer::Environment);

fn run(_: &Scene) -> io::Result<String> {
    let value = std::env::var(bait::VARIABLE).map_err(io::Error::other)?;
    Ok(format!("{} bytes", value.len()))
}
