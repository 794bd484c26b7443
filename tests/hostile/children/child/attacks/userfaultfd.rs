//! Handles its own page faults, to stop the kernel halfway.

use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run).only(&[Layer::Seccomp]);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */)?;
    Ok("it does".to_owned())
}
