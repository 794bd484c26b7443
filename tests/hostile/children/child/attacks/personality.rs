//! Takes randomness out of its addresses.

use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run).only(&[Layer::Seccomp]);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_personality, 0x0040000 /* ADDR_NO_RANDOMIZE */)?;
    Ok("taken".to_owned())
}
