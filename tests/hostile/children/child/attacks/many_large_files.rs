//! Writes 32 files of half of what it may write in all.

use std::fs;
use std::io;

use crate::attack::{Attack, Scene, refused};

pub(super) const ATTACK: Attack = Attack::new("output", run).judged();

fn run(scene: &Scene) -> io::Result<String> {
    for number in 0..32 {
        fs::write(scene.output(number.to_string()), vec![1; 512 << 10])?;
    }
    refused("they are all there")
}
