//! Where things are.

use std::path::{Path, PathBuf};

use anyhow::Context;

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(1).unwrap_or(Path::new(".")).to_owned()
}

/// Cargo's target folder.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
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
