//! Keeps a key in the kernel.

use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run).only(&[Layer::Seccomp]);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_add_key, c"user", c"crunchbox", b"x", 1, -2 /* its own keyring */)?;
    Ok("kept".to_owned())
}
