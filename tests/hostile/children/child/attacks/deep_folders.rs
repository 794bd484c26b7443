//! Makes 1,000 folders, each in the one before.

use std::fs;
use std::io;

use rustix::fs::{Mode, OFlags, mkdirat, openat};

use crate::attack::{Attack, Scene, refused};

pub(super) const ATTACK: Attack = Attack::new("output", run).judged();

fn run(scene: &Scene) -> io::Result<String> {
    let mut folder = fs::File::open(&scene.outputs)?;
    for _ in 0..1_000 {
        mkdirat(&folder, "d", Mode::RWXU)?;
        folder = openat(&folder, "d", OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?.into();
    }
    refused("they are all there")
}
