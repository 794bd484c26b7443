//! `crunchbox doctor`: what this machine has, said before a run has to fail of it.

use crunchbox::{Engine, Layer, Layers, Limits, Module, RenderRequest, Verdict};
use serde_json::{Value, json};

use crate::args::DoctorArgs;
use crate::exit_code::Exit;
use crate::operator;
use crate::print::visible;
use crate::session::Session;

/// The smallest module: `_start` returns at once. It says nothing, so its verdict is `bad-message`; that it came so
/// far shows that compiling, running and collecting work.
const EMPTY_MODULE: &[u8] = b"\0asm\x01\0\0\0\
    \x01\x04\x01\x60\0\0\
    \x03\x02\x01\0\
    \x07\x0a\x01\x06_start\0\0\
    \x0a\x04\x01\x02\0\x0b";

/// What was looked at, and what was found.
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) health: Health,
    pub(crate) detail: String,
}

/// What a finding means.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Health {
    Good,
    /// Steps run; an operator should see to it.
    Warning,
    /// No step runs.
    Bad,
}

pub(crate) fn run(args: &DoctorArgs) -> anyhow::Result<Exit> {
    let session = Session::new(&args.engine)?;
    let layers = session.engine.layers()?;
    let checks = [
        system(),
        code_cache(&session.engine),
        trial(&session),
        operator::secrets(&layers),
        operator::obeyed(&session.engine),
        operator::metadata_address(&layers),
        operator::shared_cores(),
    ];
    let healthy = checks.iter().all(|check| check.health != Health::Bad);
    if args.json {
        let layers: Vec<Value> = Layer::ALL.iter().map(|layer| layer_json(*layer, &layers)).collect();
        let checks: Vec<Value> = checks.iter().map(check_json).collect();
        println!("{:#}", json!({"ok": healthy, "checks": checks, "layers": layers}));
    } else {
        for check in &checks {
            let word = match check.health {
                Health::Good => "ok  ",
                Health::Warning => "WARN",
                Health::Bad => "BAD ",
            };
            println!("{word} {}: {}", check.name, visible(&check.detail));
        }
        for layer in Layer::ALL {
            match layers.reason(layer) {
                None => println!("on   layer {layer}: {}", meaning(layer)),
                Some(reason) => println!("off  layer {layer}: {}; {}", visible(reason), instead(layer)),
            }
        }
    }
    Ok(if healthy { Exit::Ok } else { Exit::Host })
}

fn check_json(check: &Check) -> Value {
    let mut object = json!({"name": check.name, "ok": check.health == Health::Good, "detail": check.detail});
    if check.health == Health::Warning {
        object["warning"] = json!(true);
    }
    object
}

fn layer_json(layer: Layer, layers: &Layers) -> Value {
    match layers.reason(layer) {
        None => json!({"name": layer.name(), "on": true}),
        Some(reason) => {
            let others: Vec<_> = layer.replaced_by().iter().map(|layer| layer.name()).collect();
            json!({"name": layer.name(), "on": false, "reason": reason, "mostly_replaced_by": others})
        }
    }
}

fn meaning(layer: Layer) -> &'static str {
    match layer {
        Layer::Wasm => "a step reaches its own memory and what it was handed",
        Layer::Process => "a process of its own for each job, dead behind it",
        Layer::Environment => "no environment variables",
        Layer::Descriptors => "no descriptors but the job's",
        Layer::Rlimits => "memory, files, processor time and descriptors capped by the kernel",
        Layer::NoNewPrivs => "nothing it executes can gain rights",
        Layer::ParentDeath => "dies with its spawner, and that with the engine",
        Layer::NotDumpable => "hidden from other processes of the same user",
        Layer::User => "another user than root, who owns nothing but the job's folder",
        Layer::UserNamespace => "rights over its own namespaces only",
        Layer::PidNamespace => "sees no process but itself",
        Layer::MountNamespace => "a root of its own with the job's two folders in it",
        Layer::NetNamespace => "no network",
        Layer::IpcNamespace => "no shared memory of others",
        Layer::UtsNamespace => "can't rename the machine",
        Layer::CgroupNamespace => "doesn't see its control group",
        Layer::TimeNamespace => "can't tell when the machine was started",
        Layer::Capabilities => "no capability, and no way to one",
        Layer::Landlock => "the kernel checks every file it opens",
        Layer::Seccomp => "a system call that its role has no need of kills it",
        Layer::Mdwe => "no memory becomes executable once the code is loaded",
        Layer::Cgroup => "all workers together are capped in memory and processes",
        _ => "see SECURITY.md",
    }
}

/// What still stands where a layer is off.
fn instead(layer: Layer) -> String {
    match layer.replaced_by() {
        [] => "nothing replaces it".to_owned(),
        others => format!(
            "mostly replaced by {}",
            others.iter().map(|layer| layer.name()).collect::<Vec<_>>().join(", ")
        ),
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
    Check { name: "system", health: Health::Good, detail }
}

fn code_cache(engine: &Engine) -> Check {
    Check { name: "code cache", health: Health::Good, detail: engine.code_folder().display().to_string() }
}

/// A whole call with the smallest module there is.
fn trial(session: &Session) -> Check {
    let tried = Module::from_bytes("doctor", EMPTY_MODULE.to_vec()).and_then(|module| {
        let request = RenderRequest::new(&module);
        session.watched(|engine, control| engine.render_with(&request, &Limits::default(), control))
    });
    let (health, detail) = match tried {
        Ok(outcome) if matches!(outcome.verdict, Verdict::BadMessage { .. }) => {
            (Health::Good, format!("an empty step ran in {} µs", outcome.usage.wall_time.as_micros()))
        }
        Ok(outcome) => (Health::Bad, format!("an empty step ended with {}", outcome.verdict)),
        Err(error) => (Health::Bad, format!("{:#}", anyhow::Error::from(error))),
    };
    Check { name: "trial run", health, detail }
}
