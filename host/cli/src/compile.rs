//! `crunchbox compile`: fill the code cache beforehand.

use crunchbox::{Limits, Module, Verdict};

use crate::args::CompileArgs;
use crate::exit_code::Exit;
use crate::print::visible;
use crate::session::Session;
use crate::units;

pub(crate) fn run(args: &CompileArgs) -> anyhow::Result<Exit> {
    let all: Vec<_> = args.modules.iter().map(|name| Module::find(name)).collect::<Result<_, _>>()?;
    let session = Session::new(&args.engine)?;
    let mut exit = Exit::Ok;
    for module in &all {
        let started = std::time::Instant::now();
        let known = session.engine.is_compiled(module);
        let result =
            session.watched(|engine, control| engine.compile(module, &Limits::default(), control))?;
        let id = visible(module.id());
        match result {
            Ok(_) if known => println!("{id}: was compiled already"),
            Ok(_) => println!("{id}: compiled in {}", units::seconds(started.elapsed())),
            Err(verdict) => {
                eprintln!("{id}: {}", visible(&verdict.to_string()));
                exit = Exit::of_verdict(&verdict);
                if verdict == Verdict::Cancelled {
                    break;
                }
            }
        }
    }
    Ok(exit)
}
