//! Runs one step, jailed.

use std::process::ExitCode;

use crunchbox_worker::run::prepare;
use crunchbox_worker::serve::{Profile, give_up, serve};

fn main() -> ExitCode {
    match prepare() {
        Ok(work) => serve(Profile::Run, work),
        Err(error) => give_up(&error),
    }
}
