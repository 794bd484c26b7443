//! A worker whose inner wall has fallen: it does what the step's params say, natively.
//!
//! The harness (`../main.rs`) puts it in the place of `crunchbox-worker`. It gets the job that a real one would get,
//! behind the same walls but for those that the name of its folder lists, runs one attack, and says in its log what
//! came of it. Outside of namespaces of the harness's it does nothing.

#![deny(unsafe_code)] // but for `sys.rs`

mod attack;
mod attacks;
mod bait;
mod program;
mod report;
#[allow(dead_code, unsafe_code)] // Shared with the harness.
mod sys;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, ensure};
use crunchbox_jail::Layer;
use crunchbox_protocol::{Caps, End, Message, RenderRequest, Report};
use crunchbox_worker::serve::{Profile, Task, give_up, serve_without};
use rustix::thread::{CapabilitySet, CapabilitySets, clear_ambient_capability_set, set_capabilities};
use rustix::time::{ClockId, clock_gettime};

use crate::attack::{Attack, Scene};

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("--list") => {
            print!("{}", list());
            return ExitCode::SUCCESS;
        }
        // The neighbour, which is there to be attacked.
        Some("--sit") => {
            let ignore = [1usize, 0, 0, 0];
            let _ = sys::call!(SYS_rt_sigaction, libc::SIGABRT, &ignore, 0, 8);
            // A process as the worker is, without a right more.
            let _ = clear_ambient_capability_set();
            let none = CapabilitySet::empty();
            let none = CapabilitySets { effective: none, permitted: none, inheritable: none };
            let _ = set_capabilities(None, none);
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    match ground() {
        Ok(ground) => {
            let without = ground.without.clone();
            serve_without(Profile::Run, &without, |task| run(task, ground))
        }
        Err(error) => give_up(&error),
    }
}

/// What the harness has to know: a line each. Name, verdict, root's verdict, who stops it: `walls`, the engine's `judgement`, or the
/// name of a layer that is always there; the layers that stand alone; how often it is made; what it does.
fn list() -> String {
    let line = |(name, what, attack): &(String, &str, &Attack)| {
        let stopped_by = match (attack.always, attack.walls) {
            (Some(layer), _) => layer.name(),
            (None, true) => "walls",
            (None, false) => "judgement",
        };
        let only: Vec<_> = attack.only.iter().map(|layer| layer.name()).collect();
        let only = only.join("+");
        let times = if attack.twice { "twice" } else { "once" };
        let Attack { verdict, verdict_of_root, .. } = attack;
        format!("{name}\t{verdict}\t{verdict_of_root}\t{stopped_by}\t{only}\t{times}\t{what}\n")
    };
    attacks::all().iter().map(line).collect()
}

/// What the spawner knows before there is a worker.
struct Ground {
    world: PathBuf,
    without: Vec<Layer>,
    booted: Duration,
}

fn ground() -> anyhow::Result<Ground> {
    for (kind, inode) in [("user", 0xEFFF_FFFD_u32), ("pid", 0xEFFF_FFFC)] {
        let own = std::fs::read_link(format!("/proc/self/ns/{kind}"))?;
        ensure!(
            own != Path::new(&format!("{kind}:[{inode}]")),
            "attacks run in the harness's namespaces only"
        );
    }
    // <world>/workers/<layers>/crunchbox-worker
    let executable = std::env::current_exe()?;
    let folder = executable.parent().context("no folder")?;
    let world = folder.ancestors().nth(2).context("no folder")?.to_owned();
    let names = folder.file_name().unwrap_or_default().to_string_lossy();
    let without = names.split('+').filter_map(|name| name.parse().ok()).collect();
    Ok(Ground { world, without, booted: boot_time() })
}

fn boot_time() -> Duration {
    Duration::from_secs(clock_gettime(ClockId::Boottime).tv_sec.unsigned_abs())
}

fn run(task: Task, ground: Ground) -> anyhow::Result<Report> {
    if task.can_forbid_new_code {
        // As a worker does once it has loaded the step's code, which is when a step could take it over.
        crunchbox_jail::forbid_new_code()?;
    }
    let request = RenderRequest::decode(&task.payload, &Caps::default())?;
    let name = request.params.get("attack").and_then(|name| name.as_str()).context("no attack is named")?;
    let room = task.room.context("there is no room")?;
    let [code] = Task::exactly(task.files)?;
    let all = attacks::all();
    let (.., attack) = all.iter().find(|(known, ..)| known == name).context("there is no such attack")?;
    let scene = Scene {
        inputs: room.inputs,
        outputs: room.outputs,
        code,
        world: ground.world,
        booted: ground.booted,
    };
    match (attack.run)(&scene) {
        Ok(what) => eprintln!("won: {what}"),
        Err(error) => eprintln!("refused: {error}"),
    }
    let mut report = Report::new(End::Exit, "");
    report.exit_status = 1;
    Ok(report)
}
