//! Reads from a descriptor that the engine left open.

use std::io;

use crate::bait;
use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("exit", run);

fn run(_: &Scene) -> io::Result<String> {
    let mut buffer = [0u8; 64];
    let length = call!(SYS_pread64, bait::DESCRIPTOR, &mut buffer, 64, 0)?;
    Ok(format!("{length} bytes"))
}
