//! Judges or converts one table, jailed.

use std::process::ExitCode;

fn main() -> ExitCode {
    crunchbox_worker::serve::serve(crunchbox_worker::tables::work)
}
