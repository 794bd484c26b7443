//! Connects to an abstract socket of the engine's.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};

use crate::bait;
use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    UnixStream::connect_addr(&SocketAddr::from_abstract_name(bait::ABSTRACT)?)?;
    Ok("connected".to_owned())
}
