//! Reports success, with a result that is none.

use std::io;

use crate::report;
use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("bad-message", run).judged();

fn run(_: &Scene) -> io::Result<String> {
    let mut report = report::good();
    report.stdout = vec![0xff; 1000];
    report::send(&report::bytes(&report))?;
    report::leave()
}
