//! Maps memory that is writable and executable.

use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("exit", run).only(&[Layer::Mdwe]);

fn run(_: &Scene) -> io::Result<String> {
    let protection = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
    call!(SYS_mmap, 0, 4096, protection, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0)?;
    Ok("mapped".to_owned())
}
