//! Leaves a folder in place of its output, and reports success.

use std::io;

use rustix::fs::{CWD, Mode, mkdirat};

use crate::report;
use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("bad-table", run).judged();

fn run(scene: &Scene) -> io::Result<String> {
    mkdirat(CWD, scene.output("output.arrow"), Mode::RWXU)?;
    report::send(&report::bytes(&report::good()))?;
    report::leave()
}
