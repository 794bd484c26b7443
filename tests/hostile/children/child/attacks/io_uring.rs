//! Sets up a ring by which system calls go round the list of them.

use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run).only(&[Layer::Seccomp]);

fn run(_: &Scene) -> io::Result<String> {
    let mut parameters = [0u32; 30];
    call!(SYS_io_uring_setup, 8, &mut parameters)?;
    Ok("set up".to_owned())
}
