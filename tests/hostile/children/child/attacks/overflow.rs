//! Calls deeper than its stack goes.

use std::io;

use crate::attack::{Attack, Scene, refused};

pub(super) const ATTACK: Attack = Attack::new("killed", run).judged();

fn run(_: &Scene) -> io::Result<String> {
    fn deeper(depth: u64) -> u64 {
        if depth == u64::MAX { 0 } else { std::hint::black_box(deeper(std::hint::black_box(depth + 1))) + 1 }
    }
    refused(&deeper(0).to_string())
}
