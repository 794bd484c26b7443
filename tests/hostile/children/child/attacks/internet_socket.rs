//! Makes a socket for the internet.

use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run).only(&[Layer::Seccomp]);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_socket, libc::AF_INET, libc::SOCK_STREAM, 0)?;
    Ok("made".to_owned())
}
