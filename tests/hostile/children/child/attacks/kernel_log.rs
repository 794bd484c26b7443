//! Asks for the kernel's log.

use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run).only(&[Layer::Seccomp]);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_syslog, 10 /* SYSLOG_ACTION_SIZE_BUFFER */, 0, 0)?;
    Ok("it may read it".to_owned())
}
