//! Reports success, and ends with status 7.

use std::io;

use crate::report;
use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("killed", run).judged();

fn run(_: &Scene) -> io::Result<String> {
    report::send(&report::bytes(&report::good()))?;
    std::process::exit(7)
}
