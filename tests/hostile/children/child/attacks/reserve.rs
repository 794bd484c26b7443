//! Reserves 16 MiB of the disk for a file, sixteen times what it may write.

use std::fs;
use std::io;
use std::os::fd::AsRawFd;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("exit", run).only(&[Layer::Rlimits]);

fn run(scene: &Scene) -> io::Result<String> {
    let file = fs::File::create_new(scene.output("reserved"))?;
    call!(SYS_fallocate, file.as_raw_fd(), 0, 0, 16 << 20)?;
    Ok("reserved".to_owned())
}
