//! May send signals to all there are (number 0, which does nothing).

use std::io;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_kill, -1, 0)?;
    Ok("it may".to_owned())
}
