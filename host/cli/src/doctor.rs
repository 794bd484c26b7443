//! `crunchbox doctor`: what this machine has, said before a run has to fail of it.

use crunchbox::{Engine, Layer, Limits, Module, RenderRequest, Verdict};
use serde_json::{Value, json};

use crate::args::DoctorArgs;
use crate::exit_code::Exit;
use crate::print::visible;
use crate::session::Session;

/// The smallest module: `_start` returns at once. It says nothing, so its verdict is `bad-message`; that it came so
/// far shows that compiling, running and collecting work.
const EMPTY_MODULE: &[u8] = b"\0asm\x01\0\0\0\
    \x01\x04\x01\x60\0\0\
    \x03\x02\x01\0\
    \x07\x0a\x01\x06_start\0\0\
    \x0a\x04\x01\x02\0\x0b";

struct Check {
    name: &'static str,
    ok: bool,
    detail: String,
}

pub(crate) fn run(args: &DoctorArgs) -> anyhow::Result<Exit> {
    let session = Session::new(&args.engine)?;
    let checks = [system(), code_cache(&session.engine), trial(&session)];
    let healthy = checks.iter().all(|check| check.ok);
    if args.json {
        let layers: Vec<Value> = Layer::ALL
            .iter()
            .map(|layer| json!({"name": layer.name(), "on": session.engine.layers().contains(layer)}))
            .collect();
        let checks: Vec<Value> = checks
            .iter()
            .map(|check| json!({"name": check.name, "ok": check.ok, "detail": check.detail}))
            .collect();
        println!("{:#}", json!({"ok": healthy, "checks": checks, "layers": layers}));
    } else {
        for check in &checks {
            println!("{} {}: {}", if check.ok { "ok  " } else { "BAD " }, check.name, visible(&check.detail));
        }
        for layer in Layer::ALL {
            let on = session.engine.layers().contains(&layer);
            println!("{} layer {layer}: {}", if on { "on  " } else { "off " }, meaning(layer));
        }
    }
    Ok(if healthy { Exit::Ok } else { Exit::Host })
}

fn meaning(layer: Layer) -> &'static str {
    match layer {
        Layer::Wasm => "a step reaches its own memory and what it was handed",
        Layer::Process => "a process of its own for each job, dead behind it",
        Layer::Environment => "no environment variables",
        Layer::Descriptors => "no descriptors but the job's",
        Layer::Rlimits => "memory, files, processor time and descriptors capped by the kernel",
        Layer::NoNewPrivs => "nothing it executes can gain rights",
        Layer::ParentDeath => "dies with the thread that asked for it",
        Layer::NotDumpable => "hidden from other processes of the same user",
        _ => "see SECURITY.md",
    }
}

fn system() -> Check {
    let name = rustix::system::uname();
    let uid = rustix::process::geteuid();
    let detail = format!(
        "{} {} on {}, {}",
        name.sysname().to_string_lossy(),
        name.release().to_string_lossy(),
        name.machine().to_string_lossy(),
        if uid.is_root() { "as root".to_owned() } else { format!("as user {}", uid.as_raw()) },
    );
    Check { name: "system", ok: true, detail }
}

fn code_cache(engine: &Engine) -> Check {
    Check { name: "code cache", ok: true, detail: engine.code_folder().display().to_string() }
}

/// A whole call with the smallest module there is.
fn trial(session: &Session) -> Check {
    let tried = Module::from_bytes("doctor", EMPTY_MODULE.to_vec()).and_then(|module| {
        let request = RenderRequest::new(&module);
        session.watched(|engine, control| engine.render_with(&request, &Limits::default(), control))
    });
    let (ok, detail) = match tried {
        Ok(outcome) if matches!(outcome.verdict, Verdict::BadMessage { .. }) => {
            (true, format!("an empty step ran in {} µs", outcome.usage.wall_time.as_micros()))
        }
        Ok(outcome) => (false, format!("an empty step ended with {}", outcome.verdict)),
        Err(error) => (false, format!("{:#}", anyhow::Error::from(error))),
    };
    Check { name: "trial run", ok, detail }
}
