//! Takes every capability there is.

use std::io;

use crate::attack::{Attack, Scene, refused};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    let header = [0x2008_0522_u32, 0];
    let mut sets = [0u32; 6];
    call!(SYS_capget, &header, &mut sets)?;
    // Effective, as much as is permitted: low and high half.
    (sets[0], sets[3]) = (sets[1], sets[4]);
    call!(SYS_capset, &header, &sets)?;
    if sets[1] == 0 && sets[4] == 0 { refused("there is none left") } else { Ok("it has some".to_owned()) }
}
