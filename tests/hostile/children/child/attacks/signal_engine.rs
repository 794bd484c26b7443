//! May send the engine signals (number 0, which does nothing).

use std::io;

use crate::bait;
use crate::attack::{Attack, Scene, refused};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_kill, bait::ENGINE, 0)?;
    let itself = std::process::id().cast_signed() == bait::ENGINE;
    if itself { refused("that is its own number here") } else { Ok("it may".to_owned()) }
}
