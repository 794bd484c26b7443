//! Has itself traced by its spawner.

use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run).only(&[Layer::Seccomp]);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_ptrace, libc::PTRACE_TRACEME, 0, 0, 0)?;
    Ok("it is traced".to_owned())
}
