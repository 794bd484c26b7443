//! A script in namespaces that are made for it and go with it.

use std::fs;
use std::process::Command;

use crunchbox_tests::Built;

/// Ends the script if it is not in them, or at the first command that fails.
const ENTERED: &str = r#"
set -eu
test "$(readlink /proc/self/ns/mnt)" != "$OUTER"
"#;

/// A shell that is root of its own user and mount namespace. The command and the step `sort` are in `CRUNCHBOX` and `MODULE`.
pub(crate) fn shell(script: &str) -> Command {
    let built = Built::find().unwrap();
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user", "--mount", "sh", "-c", &format!("{ENTERED}{script}")]);
    unshare
        .env("OUTER", fs::read_link("/proc/self/ns/mnt").unwrap())
        .env("CRUNCHBOX", built.command())
        .env("MODULE", built.module("sort").unwrap());
    unshare
}
