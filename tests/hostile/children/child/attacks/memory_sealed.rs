//! Fills memory and makes it read-only, which then no longer counts, up to half a gigabyte.

use std::io;

use crate::sys;
use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("exit", run).judged().open();

fn run(_: &Scene) -> io::Result<String> {
    const PART: usize = 16 << 20;
    let (readable, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    for _ in 0..32 {
        let address = call!(SYS_mmap, 0, PART, readable, flags, -1, 0)?;
        sys::touch(address, PART);
        call!(SYS_mprotect, address, PART, libc::PROT_READ)?;
    }
    Ok("half a gigabyte is full".to_owned())
}
