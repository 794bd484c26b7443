//! Reports success, and does not end.

use std::io;
use std::time::Duration;

use crate::report;
use crate::attack::{Attack, Scene, refused};

pub(super) const ATTACK: Attack = Attack::new("time", run).judged();

fn run(_: &Scene) -> io::Result<String> {
    report::send(&report::bytes(&report::good()))?;
    std::thread::sleep(Duration::from_secs(60));
    refused("it woke up")
}
