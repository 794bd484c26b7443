//! Connects to the address where clouds tell machines their secrets.

use std::io;
use std::net::TcpStream;

use crate::bait;
use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    TcpStream::connect(bait::METADATA)?;
    Ok("connected".to_owned())
}
