//! Has signals of its socket sent to another process.

use std::io;

use crunchbox_jail::Layer;

use crate::bait;
use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("exit", run).only(&[Layer::PidNamespace]);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_fcntl, 0, libc::F_SETOWN, bait::NEIGHBOUR)?;
    Ok("they would be".to_owned())
}
