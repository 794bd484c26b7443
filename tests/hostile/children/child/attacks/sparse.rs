//! Makes a file of a terabyte that holds nothing.

use std::fs;
use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("exit", run).only(&[Layer::Rlimits]);

fn run(scene: &Scene) -> io::Result<String> {
    fs::File::create_new(scene.output("sparse"))?.set_len(1 << 40)?;
    Ok("it is there".to_owned())
}
