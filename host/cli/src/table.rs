//! `crunchbox table`: look at a table, validate it, convert it.

use crunchbox::Limits;
use serde_json::json;

use crate::args::TableArgs;
use crate::exit_code::Exit;
use crate::print::{rows, visible};
use crate::report::table_json;
use crate::session::Session;
use crate::units::count;

pub(crate) fn run(args: &TableArgs) -> anyhow::Result<Exit> {
    let session = Session::new(&args.engine)?;
    let limits = Limits::default().with_profile(Some(args.profile));
    let limits = args.timeout.map_or(limits.clone(), |time| limits.with_wall_time(time));
    let judged = session.watched(|engine, control| {
        engine.table(&args.file, args.output.as_deref(), args.rows, &limits, control)
    })?;
    let name = args.file.display();
    match judged {
        Ok(table) if args.json => {
            let mut report = table_json(&table);
            report["verdict"] = json!("ok");
            report["preview"] = json!(table.preview);
            println!("{report:#}");
            Ok(Exit::Ok)
        }
        Ok(table) => {
            println!("{}", rows(&table));
            println!(
                "{name}: {} rows, {} columns, valid ({})",
                count(table.rows),
                table.columns.len(),
                args.profile
            );
            if let Some(path) = &args.output {
                println!("-> {}", path.display());
            }
            Ok(Exit::Ok)
        }
        Err(verdict) => {
            if args.json {
                println!("{:#}", json!({"verdict": verdict.word(), "detail": verdict.detail()}));
            } else {
                eprintln!("{name}: {}", visible(&verdict.to_string()));
            }
            Ok(Exit::of_verdict(&verdict))
        }
    }
}
