//! Makes memory executable that it has written.

use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("exit", run).only(&[Layer::Mdwe]);

fn run(_: &Scene) -> io::Result<String> {
    let (readable, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    let address = call!(SYS_mmap, 0, 4096, readable, flags, -1, 0)?;
    call!(SYS_mprotect, address, 4096, libc::PROT_READ | libc::PROT_EXEC)?;
    Ok("executable".to_owned())
}
