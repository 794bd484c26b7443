//! Learns when the machine was started.

use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene, refused};

pub(super) const ATTACK: Attack = Attack::new("exit", run).only(&[Layer::TimeNamespace]);

fn run(scene: &Scene) -> io::Result<String> {
    let now = crate::boot_time();
    if now >= scene.booted { Ok(format!("{} s ago", now.as_secs())) } else { refused("just now") }
}
