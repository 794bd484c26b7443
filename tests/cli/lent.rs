//! When a step is shown the caller's own file, and when it is not: as its report tells, in namespaces made for it.

use std::fs;
use std::path::Path;
use std::process::Command;

use crunchbox_tests::Built;
use serde_json::Value;

use crate::namespaces::shell;

/// What all have in common: a step that wants all of a large table. The folder has the table, and room for the scratch folder.
const RUN: &str = r#"
run() {
    TMPDIR="$1" "$CRUNCHBOX" run "$MODULE" --input "$1/year.arrow" --params "$PARAMS" --profile arrow --report json
}
"#;

/// With nothing in the way.
const PLAINLY: &str = r#"run "$FOLDER""#;

/// The folder is the lower layer of an overlayfs.
const IN_LAYERS: &str = r#"
mkdir "$FOLDER/upper" "$FOLDER/work" "$FOLDER/layered"
mount -t overlay -o "userxattr,lowerdir=$FOLDER/lower,upperdir=$FOLDER/upper,workdir=$FOLDER/work" overlay "$FOLDER/layered"
run "$FOLDER/layered"
test ! -e "$FOLDER/upper/year.arrow"
"#;

/// Nobody may have a mount namespace more.
const WITHOUT_WALL: &str = r#"
echo 0 > /proc/sys/user/max_mnt_namespaces
run "$FOLDER"
"#;

/// The report of the script's one call.
fn report(folder: &Path, script: &str) -> Value {
    let params = r#"{"sort_columns": [{"colname": "distance", "is_ascending": true}], "keep_top": "2"}"#;
    let mut script = shell(&format!("{RUN}{script}"));
    let run = script.env("FOLDER", folder).env("PARAMS", params).output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    let report: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!((&report["verdict"], &report["usage"]["rows_in"]), (&"ok".into(), &336_776.into()), "{said}");
    report
}

/// Bytes that were written anew, and all.
fn copied(report: &Value) -> (u64, u64) {
    let bytes = |name: &str| report["usage"][name].as_u64().unwrap();
    (bytes("bytes_copied"), bytes("bytes_in"))
}

#[test]
fn a_file_is_shown_unless_layers_or_a_missing_wall_speak_against_it() {
    let built = Built::find().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let lower = folder.path().join("lower");
    fs::create_dir(&lower).unwrap();
    let flights = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/flights-2013.parquet");
    let table = lower.join("year.arrow");
    let made = Command::new(built.command()).arg("table").arg(flights).arg("--output").arg(&table).output();
    assert!(made.unwrap().status.success());
    let size = fs::metadata(&table).unwrap().len();

    let plainly = report(&lower, PLAINLY);
    let is_missing = |report: &Value| {
        let missing = report["layers_missing"].as_array().unwrap();
        missing.iter().any(|layer| layer["name"] == "mount-namespace")
    };
    let is_layered = Command::new("stat").args(["-f", "-c", "%T"]).arg(&lower).output().unwrap().stdout;
    if is_missing(&plainly) || is_layered.starts_with(b"overlay") {
        eprintln!("not on this machine: a wall is missing that it takes, or its files are in layers");
        return;
    }
    assert_eq!(copied(&plainly), (0, size));

    let (bytes, all) = copied(&report(folder.path(), IN_LAYERS));
    assert_eq!(bytes, all, "in layers it is written anew");
    assert!(all > 0);

    let without = report(&lower, WITHOUT_WALL);
    assert!(is_missing(&without), "{without}");
    let (bytes, all) = copied(&without);
    assert_eq!(bytes, all, "without the wall it is written anew");
    assert!(all > 0);
}
