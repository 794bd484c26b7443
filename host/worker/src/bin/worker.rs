//! Runs one step, jailed.

use std::process::ExitCode;

fn main() -> ExitCode {
    crunchbox_worker::serve::serve(crunchbox_worker::run::work)
}
