//! Leaves a link to somebody's file in place of its output, and reports success.

use std::io;

use rustix::fs::{CWD, symlinkat};

use crate::report;
use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("bad-table", run).judged();

fn run(scene: &Scene) -> io::Result<String> {
    symlinkat(scene.canary(), CWD, scene.output("output.arrow"))?;
    report::send(&report::bytes(&report::good()))?;
    report::leave()
}
