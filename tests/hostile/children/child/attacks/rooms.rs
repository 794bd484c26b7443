//! Looks for the rooms of other calls where its own was.

use std::fs;
use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene, refused};

pub(super) const ATTACK: Attack = Attack::new("exit", run).stopped_by(Layer::MountNamespace);

fn run(_: &Scene) -> io::Result<String> {
    let entries = fs::read_dir("/rooms")?;
    if entries.count() > 0 { Ok("there are some".to_owned()) } else { refused("there is none") }
}
