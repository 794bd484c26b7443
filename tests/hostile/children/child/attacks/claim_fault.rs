//! Reports that the worker is broken.

use std::io;

use crunchbox_protocol::{End, Report};

use crate::report;
use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("error", run).judged();

fn run(_: &Scene) -> io::Result<String> {
    report::send(&report::bytes(&Report::new(End::Fault, "it is")))?;
    report::leave()
}
