//! Raises the limit of its memory.

use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene, raise};

pub(super) const ATTACK: Attack = Attack::new("exit", run).only(&[Layer::Rlimits]);

fn run(_: &Scene) -> io::Result<String> {
    raise(libc::RLIMIT_DATA)
}
