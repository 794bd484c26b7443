//! Steps that fetch, in Rust and in C, through the command line: what each call is handed, and what it leaves for the next.

#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};

use crunchbox_tests::{Built, Run, read_table};
use serde_json::{Value, json};
use tempfile::TempDir;

const UUID: &str = "f2c43de7-0ba9-4c0c-9f1e-6c4de6bd1d9b";

/// A step, and a folder with a file that can be fetched.
struct Desk {
    built: Built,
    step: PathBuf,
    folder: TempDir,
}

impl Desk {
    fn new(step: &str) -> Desk {
        let built = Built::find().unwrap();
        let step = built.modules().join("tests").join(format!("{step}.wasm"));
        assert!(step.is_file(), "{} is missing: run `cargo xtask modules`", step.display());
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("in put.txt"), "größe\n\nzwei\n").unwrap();
        Desk { built, step, folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let params = json!({"file": UUID}).to_string();
        let all = [&["--params", &params], arguments].concat();
        self.built.run(&self.step, &all).unwrap()
    }

    /// Fetches the file into another.
    fn fetch(&self, output: &str, arguments: &[&str]) -> Run {
        let (file, output) = (format!("{UUID}={}", self.path("in put.txt")), self.path(output));
        self.run(&[&["--call", "fetch", "--file", &file, "--output", &output], arguments].concat())
    }

    fn fetched(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }
}

fn ids(run: &Run) -> Vec<&str> {
    run.report["errors"].as_array().unwrap().iter().map(|error| error["id"].as_str().unwrap()).collect()
}

fn column(path: &str, name: &str) -> Vec<Value> {
    let table = read_table(Path::new(path)).unwrap();
    table.columns.into_iter().find(|column| column.name == name).unwrap().values
}

fn a_file_is_fetched_and_rendered(step: &str) {
    let desk = Desk::new(step);
    let secret = r#"key={"name": "n", "secret": "hunter2"}"#;
    let run = desk.fetch("fetched", &["--secret", secret]);
    assert_eq!((run.verdict(), ids(&run)), ("ok", vec![]), "{}", run.stderr);
    assert_eq!(desk.fetched("fetched"), "größe\n\nzwei\nsigned hunter2\n");
    assert_eq!(run.report["output"]["bytes"], 29);
    assert!(!run.report.to_string().contains("hunter2") && !run.stderr.contains("hunter2"));

    let (fetched, table) = (desk.path("fetched"), desk.path("table.arrow"));
    // What is not handed over is no file to the params: they would be without it.
    let file = format!("{UUID}={}", desk.path("in put.txt"));
    let run = desk.run(&["--file", &file, "--fetch-result", &fetched, "--output", &table]);
    assert_eq!((run.verdict(), ids(&run)), ("ok", vec![]), "{}", run.stderr);
    assert_eq!(column(&table, "line"), ["größe", "", "zwei", "signed hunter2"]);
    // A secret is no param.
    for params in column(&table, "params") {
        let params = params.as_str().unwrap();
        assert!(params.contains(UUID) && !params.contains("key") && !params.contains("hunter2"), "{params}");
    }
}

fn the_last_result_is_handed_over(step: &str) {
    let desk = Desk::new(step);
    assert_eq!(desk.fetch("first", &[]).verdict(), "ok");
    let first = desk.path("first");
    // Into the very file that the last one is in.
    let run = desk.fetch("first", &["--fetch-result", &first, "--fetch-errors", r#"[{"id": "old"}]"#]);
    assert_eq!((run.verdict(), ids(&run)), ("ok", vec!["fetch.noKey"]), "{}", run.stderr);
    assert_eq!(desk.fetched("first"), "größe\n\nzwei\n".repeat(2));
}

fn what_goes_wrong_is_told(step: &str) {
    let desk = Desk::new(step);
    fs::write(desk.path("old"), "old").unwrap();
    let old = desk.path("old");
    let run = desk.run(&["--call", "fetch", "--output", &old]);
    assert_eq!(
        (run.verdict(), ids(&run), run.status),
        ("step-error", vec!["fetch.noFile"], 3),
        "{}",
        run.stderr
    );
    assert_eq!(desk.fetched("old"), "old", "nothing was fetched");
    let run = desk.run(&[]);
    assert_eq!((run.verdict(), ids(&run)), ("step-error", vec!["render.nothingFetched"]), "{}", run.stderr);
    // A fetch that left no file left an empty one.
    let run = desk.run(&["--fetch-errors", r#"[{"id": "fetch.noFile"}]"#]);
    assert!(["ok", "step-error"].contains(&run.verdict()), "{}: {}", run.verdict(), run.stderr);
}

#[test]
fn rust() {
    a_file_is_fetched_and_rendered("fetch-rust");
    the_last_result_is_handed_over("fetch-rust");
    what_goes_wrong_is_told("fetch-rust");
    // A step in Rust gets the fetch's messages too.
    let desk = Desk::new("fetch-rust");
    let input = desk.path("in put.txt");
    let run = desk.run(&["--fetch-result", &input, "--fetch-errors", r#"{"errors": [{"id": "slow"}]}"#]);
    assert_eq!((run.verdict(), ids(&run)), ("ok", vec!["slow"]), "{}", run.stderr);
}

#[test]
fn c() {
    a_file_is_fetched_and_rendered("fetch-c");
    the_last_result_is_handed_over("fetch-c");
    what_goes_wrong_is_told("fetch-c");
}
