//! Makes 10,000 files.

use std::fs;
use std::io;

use crate::attack::{Attack, Scene, refused};

pub(super) const ATTACK: Attack = Attack::new("output", run).judged();

fn run(scene: &Scene) -> io::Result<String> {
    for number in 0..10_000 {
        fs::File::create_new(scene.output(number.to_string()))?;
    }
    refused("they are all there")
}
