//! Other processes, as `/proc` shows them.

use std::fs;
use std::path::Path;

use anyhow::Context;

/// The workers of this process's engines: children of its children, which are spawners.
///
/// # Errors
/// If `/proc` can't be read.
pub fn workers() -> anyhow::Result<Vec<u32>> {
    Ok(children(std::process::id())?.into_iter().map(children).collect::<anyhow::Result<Vec<_>>>()?.concat())
}

/// The children of a process.
///
/// # Errors
/// If `/proc` can't be read.
pub fn children(parent: u32) -> anyhow::Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Ok(id) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        // A process may end while we look.
        let Ok(status) = fs::read_to_string(entry.path().join("stat")) else { continue };
        // The name may hold anything; what comes behind it is the state, and the parent.
        let fields = status.rsplit_once(')').map_or("", |(_, rest)| rest);
        if fields.split_whitespace().nth(1).is_some_and(|field| field == parent.to_string()) {
            found.push(id);
        }
    }
    Ok(found)
}

/// What of its memory is in use, in bytes.
///
/// # Errors
/// If the process has gone.
pub fn rss_bytes(process: u32) -> anyhow::Result<u64> {
    field(Path::new(&format!("/proc/{process}/status")), "VmRSS:")
}

/// Its pages that no other process shares, in bytes.
///
/// # Errors
/// If the process has gone, or is none of ours to look into.
pub fn private_bytes(process: u32) -> anyhow::Result<u64> {
    let path = format!("/proc/{process}/smaps_rollup");
    Ok(field(Path::new(&path), "Private_Clean:")? + field(Path::new(&path), "Private_Dirty:")?)
}

fn field(path: &Path, name: &str) -> anyhow::Result<u64> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kib: u64 = kib.with_context(|| format!("{} has no {name}", path.display()))?.trim().parse()?;
    Ok(kib << 10)
}
