//! Reports success twice.

use std::io;

use crate::report;
use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("bad-message", run).judged();

fn run(_: &Scene) -> io::Result<String> {
    for _ in 0..2 {
        report::send(&report::bytes(&report::good()))?;
    }
    report::leave()
}
