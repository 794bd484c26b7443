//! Makes a map for programs in the kernel.

use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run).only(&[Layer::Seccomp]);

fn run(_: &Scene) -> io::Result<String> {
    // An array of one value of four bytes by a key of four.
    let map: [u32; 32] = std::array::from_fn(|field| [2, 4, 4, 1].get(field).copied().unwrap_or(0));
    call!(SYS_bpf, 0, &map, 128)?;
    Ok("made".to_owned())
}
