//! Native programs in a worker's place: what the walls stop once the inner one, WebAssembly, has fallen.
//!
//! An attack is one file in `child/attacks/`, part of the program `hostile-child`, which this puts in the place of
//! `crunchbox-worker`. The engine then runs a step as ever; its params name the attack. What came of it is the engine's
//! own verdict, what the attack says of itself, and what has changed around it: somebody's file, who connected where,
//! which processes are left.
//!
//! Nothing is attacked but what this program makes for it. It first goes into user, pid, mount, net, ipc and uts
//! namespaces that go with it, where all file systems are read-only but one in memory, and refuses to go on if it is not
//! so. As root it does all twice: as the root of a user namespace, which is nobody outside, and as an ordinary user.
//!
//! Each attack also meets the walls with one of them left out (`without_…`): it must not win even so, unless it says
//! that this wall is all there is. With `CRUNCHBOX_WALLS` set it prints which walls stop each attack alone instead:
//! `cargo xtask walls` puts that into SECURITY.md.

#![deny(unsafe_code)] // but for `sys.rs`

#[allow(dead_code)] // Shared with the attacks.
#[path = "child/bait.rs"]
mod bait;
mod bench;
mod enter;
mod group;
mod outside;
#[allow(dead_code, unsafe_code)] // Shared with the attacks.
#[path = "child/sys.rs"]
mod sys;
mod walls;
mod world;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::ensure;
use crunchbox::Layer;
use libtest_mimic::{Arguments, Trial};

use crate::bench::{Attack, Bench};
use crate::world::World;

fn main() -> anyhow::Result<ExitCode> {
    match std::env::var(enter::STAGE).as_deref() {
        Ok(enter::ENTER) => enter::enter(),
        Ok(enter::INSIDE) => inside(),
        _ => {
            let arguments = Arguments::from_args();
            if arguments.list {
                let mut all = Vec::new();
                for pass in outside::passes() {
                    all.extend(trials(pass, &bench::attacks(&outside::child()?, pass)?, None));
                }
                return Ok(libtest_mimic::run(&arguments, all).exit_code());
            }
            outside::run()
        }
    }
}

/// In the namespaces, as their first process.
fn inside() -> anyhow::Result<ExitCode> {
    let world = Arc::new(World::make()?);
    let mut attacks = bench::attacks(&world.program("hostile-child"), world.pass())?;
    if std::env::var_os(walls::VARIABLE).is_some() {
        ensure!(
            world.pass() != enter::USER || world.no_group().is_none(),
            "there is no control group: {}",
            world.no_group().unwrap_or_default()
        );
        walls::print(&world, &attacks)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(reason) = world.no_group() {
        eprintln!("as {}, there is no control group, and nothing is tried on one: {reason}", world.pass());
        attacks.retain(|attack| attack.only != [Layer::Cgroup]);
    }
    // One after the other: each looks at all processes that there are.
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    let trials = trials(world.pass(), &attacks, Some(&world));
    Ok(libtest_mimic::run(&arguments, trials).exit_code())
}

type Test = Box<dyn FnOnce(&World) -> anyhow::Result<()> + Send>;

/// One for each attack behind all walls, one for each wall that is left out, and a good call behind all of them.
fn trials(pass: &str, attacks: &[Attack], world: Option<&Arc<World>>) -> Vec<Trial> {
    let trial = |name: String, test: Test| {
        let world = world.cloned();
        let run = move || {
            let world = world.ok_or("attacks run in namespaces only")?;
            test(&world).map_err(|error| format!("{error:#}"))?;
            Ok(())
        };
        Trial::test(name, run).with_kind(pass)
    };
    let mut trials = Vec::new();
    for attack in attacks {
        let copy = attack.clone();
        trials.push(trial(attack.name.clone(), Box::new(move |world| meets_all_walls(world, &copy))));
    }
    for layer in walls::switchable(pass) {
        let attacks = attacks.to_vec();
        let name = format!("without_{layer}").replace('-', "_");
        trials.push(trial(name, Box::new(move |world| meets_all_but(world, layer, &attacks))));
    }
    trials.push(trial("a_good_call_follows".to_owned(), Box::new(bench::good_call)));
    trials
}

fn meets_all_walls(world: &World, attack: &Attack) -> anyhow::Result<()> {
    let bench = Bench::new(world, &[])?;
    let seen = bench.run(attack)?;
    bench.close()?;
    ensure!(seen.won.is_none(), "it won: {}", seen.won.unwrap_or_default());
    ensure!(
        seen.verdict == attack.verdict,
        "the verdict is {} ({}), not {}; it says: {}",
        seen.verdict,
        seen.detail,
        attack.verdict,
        seen.said()
    );
    Ok(())
}

fn meets_all_but(world: &World, layer: Layer, attacks: &[Attack]) -> anyhow::Result<()> {
    let bench = Bench::new(world, &[layer])?;
    let mut won = Vec::new();
    for attack in attacks.iter().filter(|attack| attack.meets_walls()) {
        let seen = bench.run(attack)?;
        ensure!(!seen.layers.on.contains(&layer), "{layer} is on, though it was left out");
        if let Some(what) = seen.won
            && !attack.may_win_without(layer)
        {
            let missing = &seen.layers.missing;
            won.push(format!("{}: {what}; without {missing:?}", attack.name));
        }
    }
    bench.close()?;
    ensure!(won.is_empty(), "without {layer} these win, and don't say so:\n{}", won.join("\n"));
    Ok(())
}
