//! Learns the path of its own executable.

use std::io;

use rustix::fs::{CWD, readlinkat};

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("exit", run).only(&[Layer::MountNamespace]);

fn run(_: &Scene) -> io::Result<String> {
    Ok(format!("{:?}", readlinkat(CWD, "/proc/self/exe", Vec::new())?))
}
