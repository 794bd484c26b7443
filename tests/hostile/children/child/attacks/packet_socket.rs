//! Makes a socket that hears all that comes.

use std::io;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_socket, libc::AF_PACKET, libc::SOCK_RAW, 0)?;
    Ok("made".to_owned())
}
