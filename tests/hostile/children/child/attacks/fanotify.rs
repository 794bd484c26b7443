//! Watches file systems.

use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run).only(&[Layer::Seccomp]);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_fanotify_init, 0x200 /* FAN_REPORT_FID */, libc::O_RDONLY)?;
    Ok("it does".to_owned())
}
