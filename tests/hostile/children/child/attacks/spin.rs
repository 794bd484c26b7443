//! Computes without end.

use std::io;
use std::time::Duration;

use crate::attack::{Attack, Scene, refused};

pub(super) const ATTACK: Attack = Attack::new("time", run).judged();

fn run(_: &Scene) -> io::Result<String> {
    let started = std::time::Instant::now();
    while started.elapsed() < Duration::from_secs(60) {
        std::hint::spin_loop();
    }
    refused("it came to an end")
}
