//! `cargo xtask build`: what ships.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context;

use crate::paths;
use crate::process::{cargo, step};

const RUNNER: &str = "crunchbox-worker";

/// One file with no shared library in it: a spawner starts sooner, and what a worker has less of it need not take over and
/// give back.
const STATIC: &str = "-Ctarget-feature=+crt-static";

/// Where a large page of memory could begin, a runner's code does: its spawner moves it to some (`host/jail/src/code.rs`). Of
/// linkers, one asks for the first of these, another for both, and each lets be what it does not know.
const ON_LARGE_PAGES: [&str; 2] =
    ["-Clink-arg=-Wl,-z,max-page-size=0x200000", "-Clink-arg=-Wl,-z,separate-loadable-segments"];

/// The crate `getrandom` would look for the C library's function by name in a shared library. This says that it is there.
const NO_LOOKUP: &str =
    r#"target.'cfg(target_os = "linux")'.rustflags=['--cfg=getrandom_backend="linux_getrandom"']"#;

/// Builds the command and its workers, one after the other: a build of several at once would give each executable the
/// features of all, and the runner would hold a compiler.
pub(crate) fn run_all(quiet: bool) -> anyhow::Result<()> {
    let builds: [&[&str]; 4] = [
        &["-p", "crunchbox-cli", "--bin", "crunchbox"],
        &["-p", "crunchbox-worker", "--features", "run", "--bin", RUNNER],
        &["-p", "crunchbox-worker", "--features", "compiler", "--bin", "crunchbox-compiler"],
        &["-p", "crunchbox-worker", "--features", "tables", "--bin", "crunchbox-tables"],
    ];
    let statically = can_link_statically();
    if !statically {
        println!(
            "they are linked with shared libraries, as C's can't be had otherwise: a call costs some more"
        );
    }
    for arguments in builds {
        let mut command = cargo();
        command.args(["rustc", "--release", "--locked"]).args(arguments);
        if quiet {
            command.arg("--quiet");
        }
        let name = arguments[arguments.len() - 1];
        if statically {
            command.args(["--config", NO_LOOKUP, "--", STATIC]);
            if name == RUNNER {
                command.args(ON_LARGE_PAGES);
            }
        }
        crate::process::run(&mut command)?;
        write_in_one(&paths::target().join("release").join(name))?;
    }
    Ok(())
}

/// Writes an executable anew, as one piece. The linker writes it page by page, and so the system keeps it in memory: a clone
/// of a process then takes over many more pieces, which is 4 to 8 % of what a short call costs.
fn write_in_one(executable: &Path) -> anyhow::Result<()> {
    let fresh = executable.with_extension("new");
    let written = fs::read(executable)
        .and_then(|bytes| fs::write(&fresh, bytes))
        .and_then(|()| fs::set_permissions(&fresh, fs::metadata(executable)?.permissions()))
        .and_then(|()| fs::rename(&fresh, executable));
    written.with_context(|| format!("can't write {}", executable.display()))
}

/// The same, told.
pub(crate) fn run() -> anyhow::Result<()> {
    step("the command and its workers", || run_all(true))
}

/// Debian has what this takes in the same package as C's header files, others in one of its own. Flags in the environment
/// would take the place of ours.
fn can_link_statically() -> bool {
    if ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"].iter().any(|name| std::env::var_os(name).is_some()) {
        return false;
    }
    let mut compile = Command::new("cc");
    compile.args(["-static", "-x", "c", "-o", "/dev/null", "-"]);
    compile.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child) = compile.spawn() else { return false };
    let written =
        child.stdin.take().is_some_and(|mut stdin| stdin.write_all(b"int main(void) { return 0; }").is_ok());
    child.wait().is_ok_and(|status| status.success() && written)
}
