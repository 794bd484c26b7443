//! The calls besides `render`, and what passes between them.

use std::fs;
use std::io::Read;
use std::path::Path;

use crunchbox::{
    Control, Engine, FetchError, FetchRequest, I18nMessage, JsonMap, Limits, Module, RenderRequest, Verdict,
};
use crunchbox_protocol::{self as protocol, Caps, FetchResult, Message};
use crunchbox_tests::Built;
use serde_json::{Value, json};

use crate::{Own, endless, module, saying};

const SECRET: &str = "correct horse battery staple";

/// A step that copies its standard input to its standard output.
const ECHO: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 2)
    (data (i32.const 0) "\00\01\00\00\00\f0\00\00")
    (func (export "_start")
        (loop
            (i32.store (i32.const 4) (i32.const 61440))
            (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
            (i32.store (i32.const 4) (i32.load (i32.const 16)))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20)))
            (br_if 0 (i32.load (i32.const 16))))))"#;

/// A step that copies its standard input to its output file, and says that it fetched that.
fn keeps_the_request() -> Module {
    let answer = FetchResult { filename: "output".to_owned(), errors: Vec::new() }.encode().unwrap();
    let bytes: String = answer.iter().map(|byte| format!("\\{byte:02x}")).collect();
    module(&format!(
        r#"(module
        (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "path_open"
            (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (memory (export "memory") 2)
        (data (i32.const 0) "\00\01\00\00\00\f0\00\00")
        (data (i32.const 32) "\60\00\00\00\{length:02x}\00\00\00")
        (data (i32.const 64) "output")
        (data (i32.const 96) "{bytes}")
        (func (export "_start")
            (if (call $open (i32.const 4) (i32.const 0) (i32.const 64) (i32.const 6) (i32.const 1) (i64.const 64)
                    (i64.const 0) (i32.const 0) (i32.const 24))
                (then (unreachable)))
            (loop
                (i32.store (i32.const 4) (i32.const 61440))
                (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
                (i32.store (i32.const 4) (i32.load (i32.const 16)))
                (drop (call $write (i32.load (i32.const 24)) (i32.const 0) (i32.const 1) (i32.const 20)))
                (br_if 0 (i32.load (i32.const 16))))
            (drop (call $write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 20)))))"#,
        length = answer.len()
    ))
}

fn shipped(id: &str) -> Module {
    Module::open(Built::find().unwrap().module(id).unwrap()).unwrap()
}

fn map(value: Value) -> JsonMap {
    value.as_object().unwrap().clone()
}

fn migrate(engine: &Engine, module: &Module, params: Value) -> (Verdict, Option<JsonMap>) {
    let outcome =
        engine.migrate_params(module, &map(params), &Limits::default(), Control::default()).unwrap();
    (outcome.verdict, outcome.output)
}

#[test]
fn params_go_to_the_module_and_come_back_as_it_gives_them() {
    let own = Own::new();
    let params = json!({"a": [1, 2.5, null, {"b": "ü"}], "c": true});
    assert_eq!(migrate(&own.engine, &module(ECHO), params.clone()), (Verdict::Ok, Some(map(params))));
    let old = json!({"rows": "", "first_row": 2, "last_row": 4});
    let new = map(json!({"rows": "2-4"}));
    assert_eq!(migrate(&own.engine, &shipped("droprowsbyposition"), old), (Verdict::Ok, Some(new)));
    let huge = json!({"n": u64::MAX});
    assert_eq!(migrate(&own.engine, &module(ECHO), huge).0.word(), "bad-params");
    own.assert_nothing_left();
}

#[test]
fn stored_params_are_migrated_before_the_table_is_made() {
    let own = Own::new();
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.csv");
    fs::write(&input, "n\n1\n2\n3\n4\n5\n").unwrap();
    let old = json!({"rows": "", "first_row": 2, "last_row": 4});
    let module = shipped("droprowsbyposition");
    let request = RenderRequest::new(&module).input(&input).params(old);
    let outcome = own.engine.render(&request, &Limits::default()).unwrap();
    assert_eq!((outcome.call, outcome.verdict, outcome.usage.rows_out), ("render", Verdict::Ok, 2));
    let request = RenderRequest::new(&module).input(&input).params(json!({"first": 2}));
    let outcome = own.engine.render(&request, &Limits::default()).unwrap();
    assert_eq!(outcome.verdict.word(), "bad-params");
}

#[test]
fn validating_takes_the_modules_own_word() {
    let own = Own::new();
    let validate = |module: &Module| {
        let limits = Limits::default().with_fuel(1_000_000);
        own.engine.validate(module, &limits, Control::default()).unwrap().verdict
    };
    assert_eq!(validate(&shipped("filter")), Verdict::Ok);
    assert_eq!(validate(&shipped("dropna")), Verdict::Ok, "in C");
    assert_eq!(validate(&endless()).word(), "fuel");
    assert_eq!(validate(&saying(r"\00\00")).word(), "bad-message");
    assert_eq!(validate(&Module::from_bytes("x", b"no module".to_vec()).unwrap()).word(), "bad-module");
    own.assert_nothing_left();
}

#[test]
fn fetching_gets_what_it_is_handed_and_gives_any_bytes() {
    let own = Own::new();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let uuid = "0123abcd-0123-4567-89ab-0123456789ab";
    let output = file("kept", "what was there before");
    let error = FetchError { message: I18nMessage::new("slow") };
    let request = FetchRequest::new(&keeps_the_request())
        .params(json!({"n": 1}))
        .secret("key", json!({"secret": SECRET}))
        .file(uuid, "a b.json", file("a.json", "[]"))
        .input(file("in.csv", "n\n1\n"))
        .last(Some(file("last", "old")), vec![error.clone()])
        .output(&output);
    let outcome = own.engine.fetch(&request, &Limits::default(), Control::default()).unwrap();
    assert_eq!((outcome.call, outcome.verdict), ("fetch", Verdict::Ok));
    let fetched = outcome.output.unwrap();
    let mut bytes = Vec::new();
    fetched.file().unwrap().read_to_end(&mut bytes).unwrap();
    assert_eq!((fetched.bytes(), &fs::read(&output).unwrap()), (bytes.len() as u64, &bytes));

    let got = protocol::FetchRequest::decode(&bytes, &Caps::default()).unwrap();
    assert_eq!((got.basedir.as_str(), got.params), ("/in", map(json!({"n": 1}))));
    assert_eq!(got.secrets["key"]["secret"], SECRET);
    assert_eq!(got.input_table_parquet_filename.as_deref(), Some("input.parquet"));
    assert_eq!(got.uploaded_files[uuid].filename, format!("{uuid}_a-b.json"));
    assert_eq!(got.last_fetch_result.unwrap().errors, [error]);
    own.assert_nothing_left();
}

#[test]
fn a_step_finds_what_its_fetch_left() {
    let own = Own::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fetched.bin");
    fs::write(&path, b"\0any bytes\xff").unwrap();
    // What `render` is asked goes to its output, which then is no table: its bytes can be seen in no other way.
    let errors = vec![FetchError { message: I18nMessage::new("slow") }];
    let request = RenderRequest::new(&reads_what_was_fetched()).fetched(Some(path), errors);
    assert_eq!(own.engine.render(&request, &Limits::default()).unwrap().verdict, Verdict::Ok);
    let none = RenderRequest::new(&reads_what_was_fetched());
    assert_eq!(own.engine.render(&none, &Limits::default()).unwrap().verdict.word(), "trap");
}

/// A step that traps unless `/in/fetched` is there and has 11 bytes, the last of them 255.
fn reads_what_was_fetched() -> Module {
    module(
        r#"(module
        (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "path_open"
            (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "\00\01\00\00\ff\00\00\00")
        (data (i32.const 32) "\60\00\00\00\12\00\00\00")
        (data (i32.const 64) "fetched")
        (data (i32.const 96) "\0f\00\01\0c\00\00\00\00\0d\00\02\0b\0c\00\00\00\00\00")
        (func (export "_start")
            (if (call $open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 7) (i32.const 0) (i64.const 2)
                    (i64.const 0) (i32.const 0) (i32.const 24))
                (then (unreachable)))
            (drop (call $read (i32.load (i32.const 24)) (i32.const 0) (i32.const 1) (i32.const 16)))
            (if (i32.ne (i32.load (i32.const 16)) (i32.const 11)) (then (unreachable)))
            (if (i32.ne (i32.load8_u (i32.const 266)) (i32.const 255)) (then (unreachable)))
            (drop (call $write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 20)))))"#,
    )
}

#[test]
fn a_secret_goes_to_the_step_and_nowhere_else() {
    let own = Own::new();
    let built = Built::find().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("key.json"), json!(SECRET).to_string()).unwrap();
    let wasm = [("endless", endless()), ("silent", saying(r"\00\00")), ("keeps", keeps_the_request())];
    for (name, module) in wasm {
        let file = path(&format!("{name}.wasm"));
        fs::write(&file, module.bytes()).unwrap();
        for report in ["json", "text"] {
            let (secret, cache, output) =
                (format!("key=@{}", path("key.json")), path("cache"), path("output"));
            let mut args = vec!["run", &file, "--call", "fetch", "--secret", &secret, "--cache", &cache];
            args.extend(["--report", report, "--fuel", "1000000", "--output", &output]);
            let run = built.crunchbox(&args).unwrap();
            let said = [run.stdout, run.stderr].concat();
            assert!(!said.is_empty() && !contains(&said, SECRET), "{}", String::from_utf8_lossy(&said));
        }
    }
    assert!(contains(&fs::read(path("output")).unwrap(), SECRET), "the step got it, and gave it away itself");
    assert_none_holds(Path::new(&path("cache")), SECRET);
    own.assert_nothing_left();
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn assert_none_holds(folder: &Path, text: &str) {
    let mut files = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files += 1;
                assert!(!contains(&fs::read(&path).unwrap(), text), "{}", path.display());
            }
        }
    }
    assert!(files > 0, "there is nothing in {}", folder.display());
}
