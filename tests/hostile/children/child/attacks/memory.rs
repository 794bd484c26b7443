//! Takes a gigabyte of memory, four times what it may.

use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene, take};

pub(super) const ATTACK: Attack = Attack::new("exit", run).only(&[Layer::Rlimits]);

fn run(_: &Scene) -> io::Result<String> {
    take(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS)
}
