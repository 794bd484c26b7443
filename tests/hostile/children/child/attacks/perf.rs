//! Measures its own processor time, by the kernel's largest interface.

use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run).only(&[Layer::Seccomp]);

fn run(_: &Scene) -> io::Result<String> {
    // A software clock of this process, of user mode only.
    let mut attributes = [0u64; 16];
    attributes[0] = 1 | (128 << 32);
    attributes[1] = 1;
    attributes[5] = 1 << 5 | 1 << 6;
    call!(SYS_perf_event_open, &attributes, 0, -1, -1, 0)?;
    Ok("it does".to_owned())
}
