//! Makes a socket to the machine's host (and connects it to nothing).

use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run).only(&[Layer::Seccomp]);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_socket, libc::AF_VSOCK, libc::SOCK_STREAM, 0)?;
    Ok("made".to_owned())
}
