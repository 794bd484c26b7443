//! Ignores signals and sleeps.

use std::io;
use std::time::Duration;

use crate::attack::{Attack, Scene, refused};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("time", run).judged();

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_rt_sigaction, libc::SIGTERM, &[1usize, 0, 0, 0], 0, 8)?;
    std::thread::sleep(Duration::from_secs(60));
    refused("it woke up")
}
