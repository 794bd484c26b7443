//! Ends that need more than arguments: a signal, a disk that is full.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crunchbox_tests::Built;
use rustix::process::{Pid, Signal, kill_process};

use crate::namespaces::shell;

#[test]
fn ctrl_c_ends_the_step_and_leaves_nothing() {
    let built = Built::find().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let scratch = folder.path().join("scratch");
    fs::create_dir(&scratch).unwrap();
    let module = folder.path().join("loop.wasm");
    let endless = r#"(module (memory (export "memory") 1) (func (export "_start") (loop (br 0))))"#;
    fs::write(&module, wat::parse_str(endless).unwrap()).unwrap();
    let output = folder.path().join("out.csv");
    fs::write(&output, "old").unwrap();
    let mut crunchbox = Command::new(built.command());
    crunchbox
        .arg("run")
        .arg(&module)
        .arg("--output")
        .arg(&output)
        .args(["--fuel", "9000T", "--report", "json"]);
    crunchbox.env("TMPDIR", &scratch).env("XDG_CACHE_HOME", folder.path()).stdout(Stdio::piped());
    let child = crunchbox.spawn().unwrap();
    let started = Instant::now();
    // Its scratch folder shows that it is under way.
    while fs::read_dir(&scratch).unwrap().next().is_none() {
        assert!(started.elapsed() < Duration::from_secs(60), "it never begins");
        std::thread::sleep(Duration::from_millis(10));
    }
    let pid = Pid::from_raw(child.id().cast_signed()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    let report: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(report["verdict"], "cancelled");
    assert!(started.elapsed() < Duration::from_secs(50), "it waited for the time limit");
    assert!(fs::read_dir(&scratch).unwrap().next().is_none(), "its scratch folder is still there");
    assert_eq!(fs::read_to_string(&output).unwrap(), "old");
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(".crunchbox-")), "{left:?}");
}

#[test]
fn a_table_has_the_time_that_it_is_given() {
    let built = Built::find().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("flights.csv");
    let flights = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/flights-2013-01.parquet");
    let table = |time: &str| {
        let mut command = Command::new(built.command());
        command.arg("table").arg(&flights).args(["--json", "--timeout", time, "--output"]).arg(&output);
        let ended = command.output().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
        (ended.status.code(), report["verdict"].as_str().unwrap().to_owned(), output.exists())
    };
    assert_eq!(table("1us"), (Some(5), "time".to_owned(), false));
    assert_eq!(table("5m"), (Some(0), "ok".to_owned(), true));
}

/// A file system of 300 KB, the old output on it, and a step whose
/// table is larger. What is printed tells how it went.
const FULL_DISK: &str = r#"
mount -t tmpfs -o size=300k,mode=700 tmpfs "$DISK"
printf old > "$DISK/out.$FORMAT"
status=0
"$CRUNCHBOX" run "$MODULE" --input "$FLIGHTS" --params '{"keep_top": ""}' --output "$DISK/out.$FORMAT" 2> "$DISK.log" || status=$?
echo "status $status, holds $(cat "$DISK/out.$FORMAT"), files $(ls -A "$DISK" | wc -l)"
cat "$DISK.log"
"#;

#[test]
fn a_full_disk_leaves_the_old_output() {
    let flights = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/flights-2013-01.parquet");
    for format in ["arrow", "parquet", "csv"] {
        let folder = tempfile::tempdir().unwrap();
        let disk = folder.path().join("disk");
        fs::create_dir(&disk).unwrap();
        let mut script = shell(FULL_DISK);
        let run = script.env("DISK", &disk).env("FORMAT", format).env("FLIGHTS", &flights).output().unwrap();
        let said = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
        assert!(said.starts_with("status 1, holds old, files 1\n"), "{format}: {said}");
        assert!(said.to_lowercase().contains("no space left"), "{format}: {said}");
    }
}
