//! Reads from a descriptor that the engine left open.

use std::io;

use crunchbox_jail::Layer;

use crate::bait;
use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("exit", run).stopped_by(Layer::Descriptors);

fn run(_: &Scene) -> io::Result<String> {
    let mut buffer = [0u8; 64];
    let length = call!(SYS_pread64, bait::DESCRIPTOR, &mut buffer, 64, 0)?;
    Ok(format!("{length} bytes"))
}
