//! Compiles one module, jailed.

use std::process::ExitCode;

fn main() -> ExitCode {
    crunchbox_worker::serve::serve(crunchbox_worker::compile::work)
}
