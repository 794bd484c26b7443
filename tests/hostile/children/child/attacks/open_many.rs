//! Opens 10,000 descriptors.

use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("exit", run).only(&[Layer::Rlimits]);

fn run(_: &Scene) -> io::Result<String> {
    for _ in 0..10_000 {
        call!(SYS_fcntl, 0, libc::F_DUPFD, 3)?;
    }
    Ok("they are open".to_owned())
}
