//! Logs 100 MB.

use std::io::{self, Write};

use crate::attack::{Attack, Scene, refused};

pub(super) const ATTACK: Attack = Attack::new("exit", run).judged();

fn run(_: &Scene) -> io::Result<String> {
    for _ in 0..100 {
        io::stderr().write_all(&[b'x'; 1_000_000])?;
    }
    refused("logged")
}
