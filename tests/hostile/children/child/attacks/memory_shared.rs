//! Takes a gigabyte of memory that counts as shared.

use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene, take};

pub(super) const ATTACK: Attack = Attack::new("denied", run).only(&[Layer::Seccomp]);

fn run(_: &Scene) -> io::Result<String> {
    take(libc::MAP_SHARED | libc::MAP_ANONYMOUS)
}
