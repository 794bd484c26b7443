//! Sends a datagram to a service of the engine's on the loopback address.

use std::io;
use std::net::UdpSocket;

use crate::bait;
use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    UdpSocket::bind("0.0.0.0:0")?.send_to(b"x", bait::UDP)?;
    Ok("sent".to_owned())
}
