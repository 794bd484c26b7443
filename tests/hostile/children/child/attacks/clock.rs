//! Sets the machine's clock (to a tick that is none).

use std::io;

use crate::attack::{Attack, Scene, let_through};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    // `struct timex`: the mode ADJ_TICK, and a tick of 0 µs. The right to is looked at first.
    let mut clock = [0u64; 32];
    clock[0] = 0x4000;
    let_through(call!(SYS_clock_adjtime, libc::CLOCK_REALTIME, &mut clock), libc::EINVAL)
}
