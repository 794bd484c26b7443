//! Leaves bytes that are no table in place of its output, and reports success.

use std::fs;
use std::io;

use crate::report;
use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("bad-table", run).judged();

fn run(scene: &Scene) -> io::Result<String> {
    fs::write(scene.output("output.arrow"), b"ARROW1 and then nothing of the kind")?;
    report::send(&report::bytes(&report::good()))?;
    report::leave()
}
