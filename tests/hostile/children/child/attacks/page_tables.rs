//! Looks at 256 GiB of memory that hold nothing: the kernel's tables of them alone take half a gigabyte.

use std::io;
use std::time::Duration;

use crate::sys;
use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("memory", run).judged();

fn run(_: &Scene) -> io::Result<String> {
    const PART: usize = 1 << 30;
    for _ in 0..256 {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let address = call!(SYS_mmap, 0, PART, libc::PROT_READ, flags, -1, 0)?;
        call!(SYS_madvise, address, PART, libc::MADV_NOHUGEPAGE)?;
        // A table is made for the first page of each 2 MiB.
        for offset in (0..PART).step_by(2 << 20) {
            sys::look(address + offset);
        }
    }
    // Time for who looks from outside.
    std::thread::sleep(Duration::from_millis(500));
    Ok("half a gigabyte of tables".to_owned())
}
