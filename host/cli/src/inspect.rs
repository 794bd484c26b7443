//! `crunchbox inspect`: what a module says of itself.

use crunchbox::{Limits, Manifest, Module};
use serde_json::{Value, json};

use crate::args::{InspectArgs, UsageError};
use crate::exit_code::Exit;
use crate::print::visible;
use crate::session::Session;
use crate::units::size;

pub(crate) fn run(args: &InspectArgs) -> anyhow::Result<Exit> {
    let module = Module::find(&args.module)?;
    let session = Session::new(&args.engine)?;
    let compiled = session.engine.is_compiled(&module);
    let result = session.watched(|engine, control| engine.compile(&module, &Limits::default(), control))?;
    let manifest = match result {
        Ok(manifest) => manifest,
        Err(verdict) => {
            if args.json || args.schema || args.form {
                println!(
                    "{:#}",
                    json!({"id": module.id(), "verdict": verdict.word(), "detail": verdict.detail()})
                );
            } else {
                eprintln!("{}: {}", visible(module.id()), visible(&verdict.to_string()));
            }
            return Ok(Exit::of_verdict(&verdict));
        }
    };
    if args.schema || args.form {
        let Some(manifest) = manifest else {
            let what =
                format!("{} has no manifest, and so neither params nor a form of its own", module.id());
            return Err(UsageError(what).into());
        };
        let schema = || manifest.param_schema().to_json_schema();
        println!("{:#}", if args.form { manifest.to_form() } else { schema() });
    } else if args.json {
        println!("{:#}", as_json(&module, manifest.as_ref()));
    } else {
        println!("{}", visible(&as_text(&module, manifest.as_ref(), compiled)));
    }
    Ok(Exit::Ok)
}

fn as_json(module: &Module, manifest: Option<&Manifest>) -> Value {
    let whole: Option<Value> = manifest.and_then(|manifest| serde_json::from_str(&manifest.to_json()).ok());
    json!({
        "id": module.id(),
        "verdict": "ok",
        "hash": module.hash(),
        "bytes": module.bytes().len(),
        "manifest": whole,
        "params": manifest.map(|manifest| manifest.param_schema().to_json_schema()),
        "defaults": manifest.map(|manifest| manifest.param_schema().defaults()),
    })
}

fn as_text(module: &Module, manifest: Option<&Manifest>, compiled: bool) -> String {
    let mut lines =
        vec![format!("{}: {}, hash {}", module.id(), size(module.bytes().len() as u64), module.hash())];
    if let Some(path) = module.path() {
        lines.push(format!("file: {}", path.display()));
    }
    lines.push(format!("code: {}", if compiled { "was in the cache" } else { "compiled just now" }));
    let Some(manifest) = manifest else {
        lines.push("no manifest: params are passed as they are".to_owned());
        return lines.join("\n");
    };
    lines.push(format!("name: {} ({})", manifest.name, manifest.category.as_str()));
    if !manifest.description.is_empty() {
        lines.push(format!("what: {}", manifest.description));
    }
    if let Some(deprecated) = &manifest.deprecated {
        lines.push(format!("deprecated, until {}: {}", deprecated.end_date, deprecated.message));
    }
    let flags = [
        (manifest.loads_data, "may come first"),
        (manifest.uses_data, "may come later"),
        (manifest.migrates_params, "migrates old params"),
        (manifest.html_output, "has a page"),
    ];
    let flags: Vec<&str> = flags.into_iter().filter(|(set, _)| *set).map(|(_, word)| word).collect();
    lines.push(format!("how: {}", flags.join(", ")));
    if let Some(profile) = manifest.profile {
        lines.push(format!("tables: {profile}"));
    }
    lines.push("params, with their defaults:".to_owned());
    let defaults = manifest.param_schema().defaults();
    lines.extend(defaults.iter().map(|(name, value)| format!("  {name}: {value}")));
    if defaults.is_empty() {
        lines.push("  none".to_owned());
    }
    lines.join("\n")
}
