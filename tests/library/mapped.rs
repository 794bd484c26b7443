//! Inputs that a step has shown in its memory.

use std::fs;
use std::process::Command;

use crunchbox::{Limits, Module, RenderRequest, Verdict};
use serde_json::json;

use crate::{Own, module};

/// A step that looks for the name of a tab's file in its request, and has that and the main table shown side by side: its exit
/// status is 42 if they are the same, byte for byte.
const SAME: &str = r#"(module
    (import "crunchbox_v1" "input_size" (func $input_size (param i32 i32) (result i64)))
    (import "crunchbox_v1" "map_input" (func $map_input (param i32 i32 i32 i32) (result i32)))
    (import "crunchbox_v1" "unmap_input" (func $unmap_input (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 64)
    (data (i32.const 0) "\00\04\00\00\00\10\00\00")
    (data (i32.const 256) "input.arrow")
    (func $check (param $holds i32) (param $status i32)
        (if (i32.eqz (local.get $holds)) (then (call $exit (local.get $status)))))
    (func (export "_start") (local $name i32) (local $length i32) (local $size i32) (local $at i32)
        (call $check (i32.eqz (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))) (i32.const 2))
        ;; Texts stand behind their length, the last byte of which is enough for a short one. This one begins with "tab-".
        (local.set $name (i32.const 1024))
        (loop $search
            (local.set $name (i32.add (local.get $name) (i32.const 1)))
            (call $check (i32.lt_u (local.get $name) (i32.const 5120)) (i32.const 3))
            (br_if $search (i32.ne (i32.load (local.get $name)) (i32.const 0x2d626174))))
        (local.set $length (i32.load8_u (i32.sub (local.get $name) (i32.const 1))))
        (local.set $size (i32.wrap_i64 (call $input_size (local.get $name) (local.get $length))))
        (call $check (i32.gt_s (local.get $size) (i32.const 65536)) (i32.const 4))
        (call $check (i64.eq (call $input_size (i32.const 256) (i32.const 11)) (i64.extend_i32_u (local.get $size))) (i32.const 5))
        (call $check (i32.eqz (call $map_input (i32.const 256) (i32.const 11) (i32.const 65536) (local.get $size))) (i32.const 6))
        (call $check (i32.eqz (call $map_input (local.get $name) (local.get $length) (i32.const 2097152) (local.get $size)))
            (i32.const 7))
        (loop $next
            (call $check
                (i32.eq
                    (i32.load8_u (i32.add (i32.const 65536) (local.get $at)))
                    (i32.load8_u (i32.add (i32.const 2097152) (local.get $at))))
                (i32.const 8))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $at) (local.get $size))))
        (call $check (i32.eq (i32.load (i32.const 2097152)) (i32.const 0x4f525241)) (i32.const 9))
        (call $check (i32.eqz (call $unmap_input (i32.const 2097152) (local.get $size))) (i32.const 10))
        (call $check (i32.eqz (i32.load (i32.const 2097152))) (i32.const 11))
        (call $check (i32.eq (i32.load (i32.const 65536)) (i32.const 0x4f525241)) (i32.const 12))
        (call $exit (i32.const 42))))"#;

fn assert_status(own: &Own, request: &RenderRequest, limits: &Limits) {
    let outcome = own.engine.render(request, limits).unwrap();
    assert!(matches!(outcome.verdict, Verdict::Exit { status: 42, .. }), "{}", outcome.verdict);
}

#[test]
fn the_table_of_a_tab_is_shown_as_the_main_one_is() {
    let own = Own::new();
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("table.csv");
    let rows: String = (0..20_000).map(|row| format!("{row},row {row}\n")).collect();
    fs::write(&table, format!("n,text\n{rows}")).unwrap();
    let request = RenderRequest::new(&module(SAME)).input(&table).tab("other", "Other", &table);
    assert_status(&own, &request, &Limits::default());
}

/// Zig's own allocator gives the place, before and after memory that it gives to others.
#[test]
#[ignore = "needs zig, which `cargo xtask setup` does not fetch: pip install ziglang, and its program in CRUNCHBOX_ZIG"]
fn a_place_from_zigs_allocator_will_do() {
    const UUID: &str = "00000000-0000-4000-8000-000000000001";
    let zig = std::env::var_os("CRUNCHBOX_ZIG")
        .expect("CRUNCHBOX_ZIG names the program zig of PyPI's package ziglang");
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("mapped.zig");
    fs::write(&source, include_str!("mapped.zig")).unwrap();
    let mut build = Command::new(zig);
    build.current_dir(&folder).args([
        "build-exe",
        "mapped.zig",
        "-target",
        "wasm32-wasi",
        "-O",
        "ReleaseSafe",
        "-fstrip",
    ]);
    build.env("ZIG_LOCAL_CACHE_DIR", folder.path()).env("ZIG_GLOBAL_CACHE_DIR", folder.path());
    assert!(build.status().unwrap().success());
    let wasm = fs::read(folder.path().join("mapped.wasm")).unwrap();
    let file = folder.path().join("file");
    fs::write(&file, (0..3_000_000).map(|n| (n % 251) as u8).collect::<Vec<_>>()).unwrap();
    let module = Module::from_bytes("mapped", wasm).unwrap();
    let request = RenderRequest::new(&module).clean_params(json!({})).file(UUID, "x", &file);
    assert_status(&Own::new(), &request, &Limits::default());
}
