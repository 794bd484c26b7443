//! Gives the machine another name.

use std::io;

use crate::attack::{Attack, Scene, refused};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_sethostname, c"taken", 5)?;
    refused("given; it is for the harness to say to which machine")
}
