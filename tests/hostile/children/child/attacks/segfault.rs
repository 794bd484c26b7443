//! Writes where nothing is.

use std::io;

use crate::sys;
use crate::attack::{Attack, Scene, refused};

pub(super) const ATTACK: Attack = Attack::new("killed", run).judged();

fn run(_: &Scene) -> io::Result<String> {
    sys::segfault();
    refused("it lives on")
}
