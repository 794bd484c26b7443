//! Fills memory and makes it read-only, which then no longer counts, up to half a gigabyte.

use std::io;
use std::time::Duration;

use crate::sys;
use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("memory", run).judged();

fn run(_: &Scene) -> io::Result<String> {
    const PART: usize = 16 << 20;
    let (readable, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    for _ in 0..32 {
        let address = call!(SYS_mmap, 0, PART, readable, flags, -1, 0)?;
        sys::touch(address, PART);
        call!(SYS_mprotect, address, PART, libc::PROT_READ)?;
    }
    // Time for who looks from outside.
    std::thread::sleep(Duration::from_millis(500));
    Ok("half a gigabyte is full".to_owned())
}
