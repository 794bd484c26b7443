//! Looks for open files that are not of its job.

use std::io;
use std::collections::BTreeSet;
use std::os::fd::AsRawFd;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene, file_of, refused};

pub(super) const ATTACK: Attack = Attack::new("exit", run).stopped_by(Layer::Descriptors);

fn run(scene: &Scene) -> io::Result<String> {
    let own: BTreeSet<_> = [0, 1, 2, scene.code.as_raw_fd()].into_iter().filter_map(file_of).collect();
    let foreign = (0..1024).find(|fd| file_of(*fd).is_some_and(|file| !own.contains(&file)));
    foreign.map_or_else(|| refused("there is none"), |fd| Ok(format!("descriptor {fd}")))
}
