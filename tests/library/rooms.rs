//! Rooms and workers come one after the other, and each step meets them as if it were the first.

use std::collections::BTreeSet;
use std::fs;

use crunchbox::{Engine, Limits, RenderRequest, Verdict};
use crunchbox_tests::Built;

use crate::{Own, doing};

/// Leaves a file in `/out`, gives that folder the times of 1970, and reads in `/in`.
fn leaver() -> crunchbox::Module {
    doing(
        NAMES,
        r#"
        (drop (call $open (i32.const 4) (i32.const 0) (i32.const 100) (i32.const 4)
            (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 200)))
        (if (call $times (i32.const 4) (i32.const 0) (i32.const 104) (i32.const 1)
            (i64.const 1000) (i64.const 1000) (i32.const 5)) (then unreachable))"#,
    )
}

/// Traps if it finds what a `leaver` left.
fn finder() -> crunchbox::Module {
    doing(
        NAMES,
        r#"
        (if (i32.eqz (call $open (i32.const 4) (i32.const 0) (i32.const 100) (i32.const 4)
            (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 200))) (then unreachable))
        (if (call $stat (i32.const 4) (i32.const 0) (i32.const 104) (i32.const 1) (i32.const 208)) (then unreachable))
        (if (i64.lt_u (i64.load (i32.const 256)) (i64.const 1000000000000)) (then unreachable))"#,
    )
}

/// The names of a file and of a folder.
const NAMES: &str = r#"(data (i32.const 100) "left.")"#;

#[test]
fn a_step_finds_nothing_of_the_one_before() {
    let own = Own::new();
    let (leaver, finder) = (leaver(), finder());
    for _ in 0..10 {
        assert_eq!(own.verdict(&leaver, &Limits::default()), Verdict::Ok);
        assert_eq!(own.verdict(&finder, &Limits::default()), Verdict::Ok);
    }
}

#[test]
fn rooms_are_used_again() {
    let own = Own::new();
    let engine = &own.engine;
    if engine
        .layers()
        .unwrap()
        .missing
        .iter()
        .any(|missing| matches!(missing.layer.name(), "pid-namespace" | "mount-namespace" | "seccomp"))
    {
        eprintln!("not on this machine: a wall is missing that it takes");
        return;
    }
    let leaver = leaver();
    let mut rooms = BTreeSet::new();
    for _ in 0..20 {
        assert_eq!(own.verdict(&leaver, &Limits::default()), Verdict::Ok);
        let folder = fs::read_dir(own.scratch.path()).unwrap().next().unwrap().unwrap();
        rooms.extend(fs::read_dir(folder.path()).unwrap().map(|room| room.unwrap().file_name()));
    }
    // The lock is one of them.
    assert!(rooms.len() <= 2 * 8 + 1, "20 calls had these rooms: {rooms:?}");
}

/// Whether a program can ask for some: since Linux 6.1, unless it is built without. Elsewhere than on x86-64 code stays.
fn has_large_pages() -> bool {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut numbers = release.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let built_in = fs::exists("/sys/kernel/mm/transparent_hugepage").unwrap();
    cfg!(target_arch = "x86_64") && version >= (6, 1) && built_in
}

/// A spawner that is asked for many workers moves its code. It is the same code then, that nobody can write.
#[test]
fn a_spawner_of_many_has_its_code_on_large_pages() {
    const LARGE_PAGE: u64 = 2 << 20;
    let own = Own::new();
    let leaver = leaver();
    for _ in 0..40 {
        assert_eq!(own.verdict(&leaver, &Limits::default()), Verdict::Ok);
    }
    let scratch = own.scratch.path().to_str().unwrap();
    let mut seen = 0;
    for process in crunchbox_tests::children(std::process::id()).unwrap() {
        let told = |name| fs::read_to_string(format!("/proc/{process}/{name}")).unwrap_or_default();
        let (command, memory) = (told("cmdline"), told("maps"));
        if !command.contains(scratch) || !command.contains("crunchbox-worker") || memory.is_empty() {
            continue;
        }
        seen += 1;
        for region in memory.lines() {
            let fields: Vec<&str> = region.split_whitespace().collect();
            assert!(!fields[1].contains("wx"), "{region}");
            // A build without `cargo xtask build` has no code that begins with one.
            let start = u64::from_str_radix(fields[0].split('-').next().unwrap(), 16).unwrap();
            let stays = fields[1] == "r-xp" && region.ends_with("crunchbox-worker");
            if has_large_pages() {
                assert!(!(stays && start.is_multiple_of(LARGE_PAGE)), "it was not moved: {region}");
            }
        }
    }
    // An ordinary user may not look into one.
    assert!(seen > 0 || !rustix::process::geteuid().is_root(), "no spawner was found");
}

/// A worker is a copy of its spawner, whose random numbers it must not have.
#[test]
fn no_two_steps_draw_the_same_random_numbers() {
    let teller = doing(
        "",
        r#"
        (if (call $random (i32.const 1024) (i32.const 64)) (then unreachable))
        (i64.store (i32.const 512) (i64.const 0x4000000400))
        (drop (call $write (i32.const 2) (i32.const 512) (i32.const 1) (i32.const 520)))"#,
    );
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::builder()
        .workers(Built::find().unwrap().programs())
        .scratch(folder.path())
        .cache(folder.path().join("code"))
        .build()
        .unwrap();
    let draw = |real: bool| {
        let request = RenderRequest::new(&teller).real_clock_and_random(real);
        let outcome = engine.render(&request, &Limits::default()).unwrap();
        assert_eq!((outcome.verdict, outcome.usage.log_bytes), (Verdict::Ok, 64));
        outcome.log.text
    };
    let drawn: BTreeSet<_> = (0..5).map(|_| draw(true)).collect();
    assert_eq!(drawn.len(), 5);
    let fixed: BTreeSet<_> = (0..5).map(|_| draw(false)).collect();
    assert_eq!(fixed.len(), 1);
}
