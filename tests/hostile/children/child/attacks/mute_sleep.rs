//! Closes all that it could speak through, and sleeps.

use std::io;
use std::time::Duration;

use crate::attack::{Attack, Scene, refused};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("time", run).judged();

fn run(_: &Scene) -> io::Result<String> {
    for fd in 0..64 {
        let _ = call!(SYS_close, fd);
    }
    std::thread::sleep(Duration::from_secs(60));
    refused("it woke up")
}
