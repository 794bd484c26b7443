//! Connects to a service of the engine's on the loopback address.

use std::io;
use std::net::TcpStream;

use crate::bait;
use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    TcpStream::connect(bait::TCP)?;
    Ok("connected".to_owned())
}
