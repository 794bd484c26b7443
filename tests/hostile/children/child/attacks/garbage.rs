//! Reports bytes without sense.

use std::io;

use crate::report;
use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("bad-message", run).judged();

fn run(_: &Scene) -> io::Result<String> {
    report::send(&[0xff; 1000])?;
    report::leave()
}
