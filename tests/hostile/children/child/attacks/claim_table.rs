//! Reports that its table breaks a rule, which is not for it to say.

use std::io;

use crunchbox_protocol::{End, Report};

use crate::report;
use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("bad-message", run).judged();

fn run(_: &Scene) -> io::Result<String> {
    report::send(&report::bytes(&Report::new(End::BadTable, "it does")))?;
    report::leave()
}
