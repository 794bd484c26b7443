//! Ends as if all were well, and says nothing.

use std::io;

use crate::report;
use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("bad-message", run).judged();

fn run(_: &Scene) -> io::Result<String> {
    report::leave()
}
