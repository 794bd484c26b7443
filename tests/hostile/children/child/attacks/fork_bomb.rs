//! Makes 50 processes at once.

use std::io;
use std::time::Duration;

use crate::sys;
use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    let nap = || std::thread::sleep(Duration::from_millis(500));
    let (mut made, mut end) = (Vec::new(), None);
    while made.len() < 50 && end.is_none() {
        match sys::process(0, nap) {
            Ok(child) => made.push(child),
            Err(error) => end = Some(error),
        }
    }
    for child in &made {
        call!(SYS_kill, *child, libc::SIGKILL)?;
        call!(SYS_wait4, *child, 0, 0, 0)?;
    }
    end.map_or_else(|| Ok("50 were there".to_owned()), Err)
}
