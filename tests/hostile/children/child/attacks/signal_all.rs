//! May send signals to whoever there is (number 0, which does nothing).

use std::io;

use crate::attack::{Attack, Scene, refused};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    // One by one: asked for all at once the kernel says yes even if none of them may be signalled.
    let itself = std::process::id().cast_signed();
    let mut refusal = None;
    for number in (1..200).filter(|number| *number != itself) {
        match call!(SYS_kill, number, 0) {
            Ok(_) => return Ok(format!("it may, to {number}")),
            Err(error) => refusal = refusal.or(Some(error)),
        }
    }
    refusal.map_or_else(|| refused("there is none"), Err)
}
