//! The `crunchbox` command.

#![forbid(unsafe_code)]

mod args;
mod chart;
mod compile;
mod doctor;
mod exit_code;
mod inspect;
mod operator;
mod print;
mod report;
mod run;
mod session;
mod table;
mod units;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::args::{Args, Command};
use crate::exit_code::Exit;

fn main() -> ExitCode {
    let args = Args::parse();
    let result = match args.command {
        Command::Run(args) => run::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Compile(args) => compile::run(&args),
        Command::Table(args) => table::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Args::command(), "crunchbox", &mut std::io::stdout());
            Ok(Exit::Ok)
        }
    };
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("crunchbox: {}", print::visible(&format!("{error:#}")));
            Exit::of_error(&error).into()
        }
    }
}
