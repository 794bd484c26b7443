//! Makes a socket to the kernel's ciphers.

use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run).only(&[Layer::Seccomp]);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_socket, libc::AF_ALG, libc::SOCK_SEQPACKET, 0)?;
    Ok("made".to_owned())
}
