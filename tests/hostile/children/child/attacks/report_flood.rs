//! Reports 100 MB.

use std::io;

use crate::report;
use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("bad-message", run).judged();

fn run(_: &Scene) -> io::Result<String> {
    for _ in 0..100 {
        report::send(&[0; 1_000_000])?;
    }
    report::leave()
}
