//! Fills 700 MiB, which one worker may, and all of them together may not.

use std::io;

use crunchbox_jail::Layer;

use crate::sys;
use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("killed", run).only(&[Layer::Cgroup]);

fn run(_: &Scene) -> io::Result<String> {
    const BYTES: usize = 700 << 20;
    let (writable, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    let address = call!(SYS_mmap, 0, BYTES, writable, flags, -1, 0)?;
    sys::touch(address, BYTES);
    Ok("700 MiB".to_owned())
}
