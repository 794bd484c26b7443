//! Reports that the code does not fit, over and over.

use std::io;

use crunchbox_protocol::{End, Report};

use crate::report;
use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("error", run).judged();

fn run(_: &Scene) -> io::Result<String> {
    report::send(&report::bytes(&Report::new(End::StaleCode, "it does not")))?;
    report::leave()
}
