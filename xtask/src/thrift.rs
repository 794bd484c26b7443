//! `cargo xtask thrift`: Rust from the Thrift files.

use std::fs;
use std::process::Command;

use anyhow::{Context, ensure};

use crate::paths;
use crate::process::{exists, run_quietly, step};

/// Each Thrift file and what is made of it.
const FILES: [(&str, &str); 2] = [
    ("wit/step.thrift", "guest-sdk/protocol/src/wire/step.rs"),
    ("guest-sdk/protocol/report.thrift", "guest-sdk/protocol/src/wire/report.rs"),
];

/// Generates, and notes the hashes that a test compares.
pub(crate) fn run() -> anyhow::Result<()> {
    ensure!(exists("thrift"), "the Thrift compiler is missing; on Debian: apt-get install thrift-compiler");
    let root = paths::root();
    let folder = paths::target().join("thrift");
    fs::create_dir_all(&folder)?;
    step("Rust from the Thrift files", || {
        let mut stamps = String::new();
        for (source, generated) in FILES {
            let mut thrift = Command::new("thrift");
            thrift.arg("-I").arg(root.join("wit")).args(["--gen", "rs", "-out"]).arg(&folder);
            run_quietly(thrift.arg(root.join(source)))?;
            let name = generated.rsplit('/').next().context("a file's name")?;
            // Steps are no servers: the one name that needs the crate's server is imported, but not used.
            let text =
                fs::read_to_string(folder.join(name))?.replace("use thrift::server::TProcessor;\n", "");
            fs::write(root.join(generated), &text)?;
            for file in [source, generated] {
                let hash = blake3::hash(&fs::read(root.join(file))?).to_hex();
                stamps.push_str(&format!("{hash}  {file}\n"));
            }
        }
        Ok(fs::write(root.join("guest-sdk/protocol/src/wire/stamps.txt"), stamps)?)
    })
}
