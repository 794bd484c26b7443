//! `cargo xtask lint` and `deny`.

use crate::drawing;
use crate::process::{cargo, exists, step};

/// Formatting, and every lint as an error.
pub(crate) fn run() -> anyhow::Result<()> {
    step("formatting", || crate::process::run(cargo().args(["fmt", "--all", "--check"])))?;
    step("lints", || {
        crate::process::run(cargo().args([
            "clippy",
            "--quiet",
            "--release",
            "--locked",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--",
            "-D",
            "warnings",
        ]))
    })?;
    step("what draws", drawing::lint)
}

/// Licences, sources and duplicates of dependencies. Advisories need a database that a closed network does not have;
/// `cargo deny check advisories` looks at them where it can be had.
pub(crate) fn deny() -> anyhow::Result<()> {
    if !exists("cargo-deny") {
        step("cargo install cargo-deny", || {
            crate::process::run(cargo().args(["install", "--locked", "cargo-deny"]))
        })?;
    }
    step("dependencies", || {
        for workspace in ["Cargo.toml", "modules/drawing/Cargo.toml"] {
            let mut deny = cargo();
            deny.args(["deny", "--manifest-path", workspace, "check", "--config", "deny.toml"]);
            crate::process::run(deny.args(["bans", "licenses", "sources"]))?;
        }
        Ok(())
    })
}
