//! Compiles one module, jailed.

use std::process::ExitCode;

use crunchbox_worker::serve::Profile;

fn main() -> ExitCode {
    crunchbox_worker::serve::serve(Profile::Compile, crunchbox_worker::compile::work)
}
