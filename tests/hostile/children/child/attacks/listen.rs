//! Listens for connections from elsewhere.

use std::io;
use std::net::TcpListener;

use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    TcpListener::bind("0.0.0.0:4003")?;
    Ok("it listens".to_owned())
}
