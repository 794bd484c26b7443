//! An engine with the hostile worker, behind some walls; and what is seen of an attack from there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use crunchbox::{Engine, Layer, Layers, Limits, Module, RenderRequest};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use crate::enter;
use crate::world::World;

/// What the hostile program says of one of its attacks.
#[derive(Clone, Debug)]
pub(crate) struct Attack {
    pub(crate) name: String,
    /// The engine's verdict behind all walls.
    pub(crate) verdict: String,
    /// What stops it: `walls`, the engine's `judgement`, or a layer that is always there.
    pub(crate) stopped_by: String,
    /// Layers that stand alone against it.
    pub(crate) only: Vec<Layer>,
    /// Whether it leaves something for the next call, which is the one that counts.
    twice: bool,
    /// What it does.
    pub(crate) what: String,
}

impl Attack {
    /// Whether walls that can be left out have to do with it.
    pub(crate) fn meets_walls(&self) -> bool {
        self.stopped_by == "walls"
    }

    /// Whether it says itself that nothing else stops it. Without a user namespace there are no others either.
    pub(crate) fn may_win_without(&self, layer: Layer) -> bool {
        let namespaces = layer == Layer::UserNamespace;
        self.only.iter().any(|only| *only == layer || namespaces && is_namespace(*only))
    }
}

/// Whether a layer is a namespace that takes a user namespace to be made.
pub(crate) fn is_namespace(layer: Layer) -> bool {
    layer != Layer::UserNamespace && layer.name().ends_with("-namespace")
}

/// Asks the hostile program for its attacks, and what becomes of them in this pass.
pub(crate) fn attacks(program: &Path, pass: &str) -> anyhow::Result<Vec<Attack>> {
    let output = Command::new(program).arg("--list").output()?;
    let text = String::from_utf8(output.stdout)?;
    let attack = |line: &str| {
        let [name, verdict, of_root, stopped_by, only, times, what] =
            line.split('\t').collect::<Vec<_>>().try_into().ok()?;
        let verdict = if pass == enter::ROOT { of_root } else { verdict };
        let only = only.split('+').filter_map(|name| name.parse().ok()).collect();
        let [name, verdict, stopped_by, what] = [name, verdict, stopped_by, what].map(str::to_owned);
        Some(Attack { name, verdict, stopped_by, only, twice: times == "twice", what })
    };
    let attacks: Vec<_> =
        text.lines().map(|line| attack(line).with_context(|| line.to_owned())).collect::<Result<_, _>>()?;
    ensure!(attacks.len() >= 70, "these can't be all attacks: {}", attacks.len());
    Ok(attacks)
}

/// What all workers may take together: more than what any attack takes that is to be seen by its own limits.
const GROUP_BYTES: u64 = 600 << 20;

/// What came of an attack.
pub(crate) struct Seen {
    /// The engine's word; `error` if it had none for the step.
    pub(crate) verdict: String,
    pub(crate) detail: String,
    /// What it won, if it did.
    pub(crate) won: Option<String>,
    pub(crate) layers: Layers,
    log: String,
}

impl Seen {
    /// What the attack says of itself.
    pub(crate) fn said(&self) -> &str {
        let mut lines = self.log.lines();
        lines.find(|line| line.starts_with("refused: ")).unwrap_or("nothing")
    }
}

/// An engine whose worker is the hostile program.
pub(crate) struct Bench<'a> {
    world: &'a World,
    engine: Engine,
    module: Module,
    /// The processes that are there before anything is attacked.
    processes: BTreeMap<i32, String>,
}

impl<'a> Bench<'a> {
    /// Its workers have all layers but these.
    pub(crate) fn new(world: &'a World, without: &[Layer]) -> anyhow::Result<Bench<'a>> {
        let names: Vec<_> = without.iter().map(|layer| layer.name()).collect();
        let name = if names.is_empty() { "all".to_owned() } else { names.join("+") };
        let folder = world.path("workers").join(name);
        if !folder.exists() {
            fs::create_dir(&folder)?;
            // A second name, as the program learns from its path what to leave out, and links are seen through.
            fs::hard_link(world.path("hostile-child"), folder.join("crunchbox-worker"))?;
            for name in ["crunchbox-compiler", "crunchbox-tables"] {
                std::os::unix::fs::symlink(world.program(name), folder.join(name))?;
            }
        }
        // So that the engine holds the code as it is when it was just compiled, which is not as when it was found.
        for entry in fs::read_dir(world.path("cache"))? {
            fs::remove_dir_all(entry?.path())?;
        }
        let processes = processes()?;
        let engine = engine(world, &folder, without.contains(&Layer::Cgroup))?;
        Ok(Bench { world, engine, module: trivial_module()?, processes })
    }

    /// Has one attack run, and looks at what it has changed.
    pub(crate) fn run(&self, attack: &Attack) -> anyhow::Result<Seen> {
        let wall_time = Duration::from_millis(if attack.verdict == "time" { 1_000 } else { 20_000 });
        // What all workers may take together shows only in one that may take more.
        let memory = if attack.only == [Layer::Cgroup] { 2 * GROUP_BYTES } else { 1 << 20 };
        let limits =
            Limits::default().with_memory_bytes(memory).with_output_bytes(1 << 20).with_wall_time(wall_time);
        let params = serde_json::json!({"attack": attack.name});
        let started = Instant::now();
        let request = RenderRequest::new(&self.module).clean_params(params);
        if attack.twice {
            self.engine.render(&request, &limits)?;
        }
        let mut seen = match self.engine.render(&request, &limits) {
            Ok(outcome) => Seen {
                verdict: outcome.verdict.word().to_owned(),
                detail: outcome.verdict.detail(),
                won: None,
                layers: outcome.layers,
                log: outcome.log.text,
            },
            Err(error) => Seen {
                verdict: "error".to_owned(),
                detail: error.to_string(),
                won: None,
                layers: Layers::default(),
                log: String::new(),
            },
        };
        let mut won: Vec<String> = Vec::new();
        won.extend(seen.log.lines().find_map(|line| line.strip_prefix("won: ")).map(str::to_owned));
        won.extend(self.world.changed()?);
        won.extend(self.left_behind()?);
        if attack.meets_walls() && seen.verdict == "ok" {
            won.push("the engine took it for a good step".to_owned());
        }
        if started.elapsed() > Duration::from_secs(30) {
            won.push(format!("it took {} s", started.elapsed().as_secs()));
        }
        if !won.is_empty() {
            seen.won = Some(won.join(", "));
        }
        Ok(seen)
    }

    /// Processes that are left, but for the engine's spawners; and rooms.
    fn left_behind(&self) -> anyhow::Result<Option<String>> {
        for entry in fs::read_dir(self.world.path("scratch"))? {
            let entry = entry?;
            if entry.file_name() == "crunchbox-run-other" {
                continue;
            }
            let mut names = Vec::new();
            for entry in fs::read_dir(entry.path())? {
                let entry = entry?;
                // The folder of sealed tables stays, and nothing in it.
                if entry.file_name() != "tables" || fs::read_dir(entry.path())?.next().is_some() {
                    names.push(entry.file_name());
                }
            }
            ensure!(names.iter().all(|name| name == "lock"), "a room is left: {names:?}");
        }
        let foreign = wait_for_none(|| {
            let mut new = processes()?;
            new.retain(|pid, _| !self.processes.contains_key(pid));
            // Each of three programs has one spawner.
            let names: Vec<String> = new.values().cloned().collect();
            for name in names {
                if name.starts_with("crunchbox-") && new.values().filter(|other| **other == name).count() == 1
                {
                    new.retain(|_, other| *other != name);
                }
            }
            Ok(new)
        })?;
        // Of two with one name the spawner came first.
        let left: Vec<i32> =
            foreign.iter().skip(usize::from(foreign.len() > 1)).map(|(pid, _)| *pid).collect();
        for pid in left.iter().filter_map(|pid| Pid::from_raw(*pid)) {
            let _ = kill_process(pid, Signal::KILL);
            while !matches!(waitpid(Some(pid), WaitOptions::empty()), Ok(Some(_)) | Err(_)) {}
        }
        Ok((!left.is_empty()).then(|| format!("{} process left behind", left.len())))
    }

    /// Ends the engine: then nothing may be left at all.
    pub(crate) fn close(self) -> anyhow::Result<()> {
        drop(self.engine);
        let left = wait_for_none(|| {
            let mut new = processes()?;
            new.retain(|pid, _| !self.processes.contains_key(pid));
            Ok(new)
        })?;
        ensure!(left.is_empty(), "processes outlive their engine: {left:?}");
        let names: Vec<_> = fs::read_dir(self.world.path("scratch"))?.flatten().collect();
        ensure!(names.len() == 1, "left behind in the scratch folder: {names:?}");
        Ok(())
    }
}

/// Looks until there is nothing any more, for a while.
fn wait_for_none(
    look: impl Fn() -> anyhow::Result<BTreeMap<i32, String>>,
) -> anyhow::Result<BTreeMap<i32, String>> {
    let deadline = Instant::now() + Duration::from_secs(2);
    loop {
        let found = look()?;
        if found.is_empty() || Instant::now() > deadline {
            return Ok(found);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// All processes in this namespace, with their names.
fn processes() -> anyhow::Result<BTreeMap<i32, String>> {
    let mut processes = BTreeMap::new();
    for entry in fs::read_dir("/proc")? {
        let Ok(pid) = entry?.file_name().to_string_lossy().parse() else { continue };
        // One may end while it is looked at.
        if let Ok(name) = fs::read_to_string(format!("/proc/{pid}/comm")) {
            processes.insert(pid, name.trim().to_owned());
        }
    }
    Ok(processes)
}

/// Its workers may together take less than one of them, if its own limit is the usual one.
fn engine(world: &World, workers: &Path, without_group: bool) -> anyhow::Result<Engine> {
    let builder =
        Engine::builder().workers(workers).scratch(world.path("scratch")).cache(world.path("cache"));
    // A compiler has a thread for each processor.
    let processes = 24 + u32::try_from(std::thread::available_parallelism()?.get())?;
    let builder = builder.worker_group(GROUP_BYTES, processes);
    let builder = if without_group { builder.delegated_group("/nowhere") } else { builder };
    builder.idle_workers(0).build().context("no engine")
}

/// A step that returns without a word would be one; this says that there is no table and nothing to complain of.
fn trivial_module() -> anyhow::Result<Module> {
    let text = r#"(module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "\10\00\00\00\12\00\00\00")
        (data (i32.const 16) "\0f\00\01\0c\00\00\00\00\0d\00\02\0b\0c\00\00\00\00\00")
        (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#;
    Ok(Module::from_bytes("trivial", wat::parse_str(text)?)?)
}

/// After all that, a step in a real worker is as good as ever.
pub(crate) fn good_call(world: &World) -> anyhow::Result<()> {
    let engine = engine(world, &world.programs(), false)?;
    let outcome = engine.render(&RenderRequest::new(&trivial_module()?), &Limits::default())?;
    ensure!(outcome.verdict.word() == "ok", "a good step ends with {}", outcome.verdict);
    let missing: Vec<_> = outcome.layers.missing.iter().map(|missing| missing.layer.name()).collect();
    eprintln!("as {}, all layers are on but for: {}", world.pass(), missing.join(", "));
    Ok(())
}
