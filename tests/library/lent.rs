//! A caller's own Arrow file is shown to a step as it is, where nothing speaks against it, and is afterwards what it was.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::ipc::CompressionType;
use arrow::ipc::writer::{FileWriter, IpcWriteOptions};
use crunchbox::{Control, Error, Limits, Module, Profile, RenderRequest, Stage, Verdict};
use serde_json::json;

use crate::{Own, counting_names, module, shipped, wait_for_one_name};

/// Enough for more than 4 MiB.
const ROWS: usize = 300_000;

fn table() -> RecordBatch {
    let names: ArrayRef = Arc::new(StringArray::from_iter_values((0..ROWS).map(|row| format!("row {row}"))));
    let numbers: ArrayRef =
        Arc::new(Float64Array::from_iter((0..ROWS).map(|row| (row % 7 > 0).then_some((row % 100) as f64))));
    RecordBatch::try_from_iter_with_nullable([("name", names, true), ("number", numbers, true)]).unwrap()
}

/// An Arrow file of these batches, made with these options.
fn bytes(batches: &[RecordBatch], options: IpcWriteOptions) -> Vec<u8> {
    let mut writer = FileWriter::try_new_with_options(Vec::new(), &batches[0].schema(), options).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

/// The same table in two batches.
fn in_halves(table: &RecordBatch) -> Vec<u8> {
    let half = ROWS / 2;
    bytes(&[table.slice(0, half), table.slice(half, half)], IpcWriteOptions::default())
}

/// The engine's scratch folder is on the same file system, as it is beside it.
fn file(own: &Own, name: &str, bytes: &[u8]) -> PathBuf {
    let path = own.cache.path().join(name);
    fs::write(&path, bytes).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    path
}

/// Whether engines here have the wall that it takes; and the file system has second names and no layers.
pub(crate) fn can_lend(own: &Own) -> bool {
    let layers = own.engine.layers().unwrap();
    let is_walled = layers.missing.iter().all(|missing| missing.layer.name() != "mount-namespace");
    let is_layered = fs::read_to_string("/proc/self/mounts").unwrap().lines().any(|line| {
        let mut words = line.split(' ').skip(1);
        let folder = words.next().unwrap_or_default();
        folder == "/" && words.next() == Some("overlay")
    });
    if !is_walled || is_layered {
        eprintln!("not on this machine: a wall is missing that it takes, or its files are in layers");
    }
    is_walled && !is_layered
}

fn assert_names(own: &Own, path: &Path, names: u64) {
    let main = RenderRequest::new(&counting_names("input.arrow", names)).input(path);
    let tab = RenderRequest::new(&counting_names("tab-0.arrow", names)).tab("tab-1", "Tab 1", path);
    for request in [main, tab] {
        let outcome = own.engine.render(&request, &Limits::default()).unwrap();
        assert_eq!(outcome.verdict, Verdict::Ok, "{}, {names} names", path.display());
        assert_eq!(outcome.usage.rows_in, ROWS as u64);
        wait_for_one_name(&File::open(path).unwrap());
    }
}

#[test]
fn a_step_is_shown_the_very_file_and_leaves_it_as_it_was() {
    let own = Own::new();
    if !can_lend(&own) {
        return;
    }
    let bytes = bytes(&[table()], IpcWriteOptions::default());
    let path = file(&own, "table.arrow", &bytes);
    let look = || {
        let found = fs::metadata(&path).unwrap();
        (
            found.ino(),
            found.mode(),
            found.uid(),
            found.gid(),
            found.mtime(),
            found.mtime_nsec(),
            found.nlink(),
        )
    };
    let before = look();
    // Rooms are used again, and what is emptied in one must not be this file.
    for _ in 0..5 {
        assert_names(&own, &path, 2);
        let alone = RenderRequest::new(&counting_names("input.arrow", 1));
        assert_eq!(own.engine.render(&alone, &Limits::default()).unwrap().verdict, Verdict::Ok);
    }
    assert_eq!(look(), before);
    assert!(fs::read(&path).unwrap() == bytes, "the file has changed");
    // By a link too, and under whatever name it has at the moment.
    let link = own.cache.path().join("link.arrow");
    symlink(&path, &link).unwrap();
    assert_names(&own, &link, 2);
    own.assert_nothing_left();
}

#[test]
fn what_is_built_otherwise_is_written_anew() {
    let own = Own::new();
    let table = table();
    let compressed =
        IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME)).unwrap();
    let plain = bytes(slice::from_ref(&table), IpcWriteOptions::default());
    assert_names(&own, &file(&own, "halves.arrow", &in_halves(&table)), 1);
    assert_names(&own, &file(&own, "compressed.arrow", &bytes(slice::from_ref(&table), compressed)), 1);
    if Path::new("/dev/shm").is_dir() {
        let elsewhere = tempfile::tempdir_in("/dev/shm").unwrap();
        let path = elsewhere.path().join("table.arrow");
        fs::write(&path, &plain).unwrap();
        assert_names(&own, &path, 1);
    }
    // Nobody but its group may read it; root could anyway, and the step's worker could not.
    if rustix::process::geteuid().is_root() {
        let path = file(&own, "group.arrow", &plain);
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert_names(&own, &path, 1);
    }
    own.assert_nothing_left();
}

#[test]
fn rules_are_those_of_a_table_that_is_written_anew() {
    let own = Own::new();
    let plain = bytes(&[table()], IpcWriteOptions::default());
    // Text that is none: the first bytes of a cell.
    let mut broken = plain.clone();
    let place = plain.windows(12).position(|bytes| bytes == b"row 0row 1ro").unwrap();
    broken[place] = 0xff;
    let path = file(&own, "broken.arrow", &broken);
    let request = RenderRequest::new(&counting_names("input.arrow", 1)).input(&path);
    let error = own.engine.render(&request, &Limits::default()).unwrap_err();
    let Error::InvalidInput { path: named, reason, .. } = &error else { panic!("{error}") };
    assert!(*named == path && reason.contains("name"), "{error}");
    wait_for_one_name(&File::open(&path).unwrap());
    // By the rules of workbench numbers have a format, and any column may come to have nulls.
    let workbench = Limits::default().with_profile(Some(Profile::Workbench));
    let lent = if can_lend(&own) { 2 } else { 1 };
    for (format, nullable, names) in [(false, true, 1), (true, false, 1), (true, true, lent)] {
        let number = Field::new("number", DataType::Float64, nullable);
        let metadata = format.then(|| ("format".to_owned(), "{:,}".to_owned())).into_iter().collect();
        let schema = Arc::new(Schema::new(vec![number.with_metadata(metadata)]));
        let numbers: ArrayRef = Arc::new(Float64Array::from_iter_values((0..2 * ROWS).map(|row| row as f64)));
        let table = RecordBatch::try_new(schema, vec![numbers]).unwrap();
        let path = file(&own, "numbers.arrow", &bytes(&[table], IpcWriteOptions::default()));
        let request = RenderRequest::new(&counting_names("input.arrow", names)).input(&path);
        let outcome = own.engine.render(&request, &workbench).unwrap();
        assert_eq!(outcome.verdict, Verdict::Ok, "format {format}, nullable {nullable}");
        wait_for_one_name(&File::open(&path).unwrap());
    }
    own.assert_nothing_left();
}

#[test]
fn the_result_is_what_it_would_be_of_a_copy() {
    let own = Own::new();
    let table = table();
    let whole = file(&own, "whole.arrow", &bytes(slice::from_ref(&table), IpcWriteOptions::default()));
    let halves = file(&own, "halves.arrow", &in_halves(&table));
    let sort = shipped("sort");
    let params = json!({"sort_columns": [{"colname": "number", "is_ascending": false}], "keep_top": ""});
    for profile in [Profile::Arrow, Profile::Workbench] {
        let limits = Limits::default().with_profile(Some(profile));
        let [lent, copied] = [&whole, &halves].map(|path| {
            let request = RenderRequest::new(&sort).input(path).params(params.clone());
            let outcome = own.engine.render(&request, &limits).unwrap();
            assert_eq!(outcome.verdict, Verdict::Ok);
            outcome.output.unwrap().map().unwrap().as_ref().to_vec()
        });
        assert!(lent == copied, "{profile:?}");
    }
    own.assert_nothing_left();
}

/// Looks at the first byte of the last page of its input, again and again.
fn reader() -> Module {
    module(
        r#"(module
            (import "crunchbox_v1" "input_size" (func $input_size (param i32 i32) (result i64)))
            (import "crunchbox_v1" "map_input" (func $map_input (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 400)
            (data (i32.const 256) "input.arrow")
            (func (export "_start") (local $size i32)
                (local.set $size (i32.wrap_i64 (call $input_size (i32.const 256) (i32.const 11))))
                (if (call $map_input (i32.const 256) (i32.const 11) (i32.const 65536) (local.get $size)) (then unreachable))
                (loop $again
                    (drop (i32.load8_u (i32.add (i32.const 61440) (local.get $size))))
                    (br $again))))"#,
    )
}

#[test]
fn who_cuts_the_file_off_ends_the_step_and_nothing_else() {
    let own = Own::new();
    if !can_lend(&own) {
        return;
    }
    let path = file(&own, "table.arrow", &bytes(&[table()], IpcWriteOptions::default()));
    let cut = AtomicBool::new(false);
    let on_stage = |stage: Stage| {
        if stage == Stage::Running {
            cut.store(true, Ordering::Relaxed);
            // The step sees the file in full by then.
            let path = path.clone();
            thread::spawn(move || {
                thread::sleep(Duration::from_secs(1));
                File::options().write(true).open(path).unwrap().set_len(8192).unwrap();
            });
        }
    };
    let control = Control { on_stage: Some(&on_stage), ..Control::default() };
    let limits = Limits::default().with_wall_time(Duration::from_secs(20));
    let request = RenderRequest::new(&reader()).input(&path);
    let outcome = own.engine.render_with(&request, &limits, control).unwrap();
    assert!(cut.into_inner(), "it never ran");
    assert_eq!(outcome.verdict.word(), "killed", "{}", outcome.verdict);
    assert_eq!(own.verdict(&counting_names("input.arrow", 1), &Limits::default()), Verdict::Ok);
    own.assert_nothing_left();
}
