//! Writes 16 MiB into a file, sixteen times what it may.

use std::fs;
use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("exit", run).only(&[Layer::Rlimits]);

fn run(scene: &Scene) -> io::Result<String> {
    fs::write(scene.output("long"), vec![1; 16 << 20])?;
    Ok("written".to_owned())
}
