//! Changes the times of its input.

use std::io;

use crunchbox_jail::Layer;
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("exit", run).only(&[Layer::MountNamespace]);

fn run(scene: &Scene) -> io::Result<String> {
    let long_ago = Timestamps {
        last_access: Timespec { tv_sec: 1, tv_nsec: 0 },
        last_modification: Timespec { tv_sec: 1, tv_nsec: 0 },
    };
    utimensat(CWD, scene.input(), &long_ago, AtFlags::empty())?;
    Ok("changed".to_owned())
}
