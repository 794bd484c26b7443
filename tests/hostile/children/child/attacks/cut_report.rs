//! Reports success, but for the last byte.

use std::io;

use crate::report;
use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("bad-message", run).judged();

fn run(_: &Scene) -> io::Result<String> {
    let bytes = report::bytes(&report::good());
    report::send(&bytes[..bytes.len() - 1])?;
    report::leave()
}
