//! Lets others look into it again.

use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run).only(&[Layer::Seccomp]);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_prctl, libc::PR_SET_DUMPABLE, 1, 0, 0, 0)?;
    Ok("they may".to_owned())
}
