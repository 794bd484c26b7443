//! Leaves a process behind that has a session of its own.

use std::io;
use std::time::Duration;

use crate::sys;
use crate::attack::{Attack, Scene, refused};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    let life = || {
        let _ = call!(SYS_setsid);
        // Long enough for the harness to find it.
        std::thread::sleep(Duration::from_secs(20));
    };
    sys::process(0, life)?;
    refused("made; it is for the harness to say whether it is there afterwards")
}
