//! Reports success that it did not have, which any step can, with figures that can't be.

use std::io;

use crate::report;
use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("ok", run).judged();

fn run(_: &Scene) -> io::Result<String> {
    let mut report = report::good();
    (report.fuel, report.peak_memory_bytes) = (u64::MAX, u64::MAX);
    report::send(&report::bytes(&report))?;
    report::leave()
}
