//! `cargo xtask docs`: the pages of the shipped steps.

use crate::process::{cargo, run as run_command, step};

/// Has the test that holds the pages to what they should be write them first. Steps and command must be built.
pub(crate) fn run() -> anyhow::Result<()> {
    step("pages", || {
        run_command(cargo().env("CRUNCHBOX_WRITE_PAGES", "1").args([
            "test",
            "--release",
            "--locked",
            "--workspace",
            "--all-features",
            "--test",
            "pages",
        ]))
    })
}
