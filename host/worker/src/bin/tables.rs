//! Judges or converts one table, jailed.

use std::process::ExitCode;

use crunchbox_worker::serve::Profile;

fn main() -> ExitCode {
    crunchbox_worker::serve::serve(Profile::Table, crunchbox_worker::tables::work)
}
