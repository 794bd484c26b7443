//! Aborts.

use std::io;

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("killed", run).judged();

fn run(_: &Scene) -> io::Result<String> {
    std::process::abort()
}
