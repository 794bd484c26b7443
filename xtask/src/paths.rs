//! Where things are.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::Context;

use crate::process::{cargo, read};

/// The repository. Cargo says at run time where that is; a program that another checkout built into the same target
/// folder would remember that one.
pub(crate) fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&package).ancestors().nth(1).unwrap_or(Path::new(".")).to_owned()
}

/// Cargo's target folder, wherever the environment or a configuration file has put it.
pub(crate) fn target() -> PathBuf {
    static TARGET: OnceLock<PathBuf> = OnceLock::new();
    let ask = || {
        let metadata =
            read(cargo().args(["metadata", "--no-deps", "--offline", "--format-version", "1"])).ok()?;
        let metadata: serde_json::Value = serde_json::from_str(&metadata).ok()?;
        Some(PathBuf::from(metadata["target_directory"].as_str()?))
    };
    TARGET.get_or_init(|| ask().unwrap_or_else(|| root().join("target"))).clone()
}

/// What survives a checkout: the toolchain for steps, and whatever else is dear to make.
pub(crate) fn cache() -> anyhow::Result<PathBuf> {
    if let Some(folder) = std::env::var_os("CRUNCHBOX_CACHE") {
        return Ok(root().join(folder));
    }
    let home = std::env::var_os("HOME").context("HOME is not set: set it, or CRUNCHBOX_CACHE")?;
    Ok(PathBuf::from(home).join(".cache/crunchbox"))
}

/// The built command.
pub(crate) fn crunchbox() -> PathBuf {
    target().join("release/crunchbox")
}
