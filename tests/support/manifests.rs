//! What the shipped steps say of themselves.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use crunchbox_params::Manifest;

/// The manifests in the repository, by the steps' ids.
///
/// # Errors
/// If one is none, or there are none at all.
pub fn manifests() -> anyhow::Result<BTreeMap<String, Manifest>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("tests/ has a parent")?;
    let mut manifests = BTreeMap::new();
    for entry in fs::read_dir(root.join("modules"))? {
        let folder = entry?.path();
        let id = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let path = folder.join(format!("{id}.yaml"));
        if path.is_file() {
            let manifest = Manifest::from_yaml(&fs::read_to_string(&path)?).with_context(|| id.clone())?;
            manifests.insert(id, manifest);
        }
    }
    ensure!(!manifests.is_empty(), "modules/ has no step");
    Ok(manifests)
}
