//! Puts a list of system calls of its own in force, that allows all.

use std::io;

use crunchbox_jail::Layer;

use crate::sys;
use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run).only(&[Layer::Seccomp]);

fn run(_: &Scene) -> io::Result<String> {
    let allow_all = [0x7fff_0000_0000_0006_u64];
    let program = [1u64, sys::address(&allow_all) as u64];
    call!(SYS_seccomp, 1 /* SECCOMP_SET_MODE_FILTER */, 0, &program)?;
    Ok("in force".to_owned())
}
