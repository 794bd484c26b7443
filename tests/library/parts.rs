//! Steps that work by rows: a large table is taken apart, and what comes of it is the same whoever works on it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::num::NonZeroU8;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use arrow::ipc::reader::FileReader;
use crunchbox::{Limits, Module, Outcome, Profile, RenderRequest, Verdict};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Own, module, shipped};

/// 336,776 rows of 19 columns: left whole.
fn year() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/flights-2013.parquet")
}

/// The first half of the year twice, and then the second: two parts, of as many rows.
pub(crate) fn flights() -> PathBuf {
    static MADE: LazyLock<PathBuf> = LazyLock::new(|| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("flights-by-halves.parquet");
        let read = || ParquetRecordBatchReaderBuilder::try_new(File::open(year()).unwrap()).unwrap();
        let made = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut writer = ArrowWriter::try_new(made.reopen().unwrap(), read().schema().clone(), None).unwrap();
        const HALF: usize = 336_776 / 2;
        for start in [0, 0, HALF, HALF] {
            let half = read().with_offset(start).with_limit(HALF).build().unwrap();
            half.for_each(|batch| writer.write(&batch.unwrap()).unwrap());
        }
        writer.close().unwrap();
        made.persist(&path).unwrap();
        path
    });
    MADE.clone()
}

fn filter() -> Module {
    shipped("filter")
}

/// A step without a table that says that it works by rows, and perhaps that it takes ranges of them.
fn by_rows(takes_row_ranges: bool, imports: &str, start: &str) -> Module {
    let manifest = json!({"id_name": "test", "name": "Test", "category": "Other", "parameters": [],
        "works_by": "rows", "takes_row_ranges": takes_row_ranges});
    let manifest = manifest.to_string().replace('"', "\\\"");
    module(&format!(
        r#"(module
            (import "crunchbox_v1" "input_size" (func $input_size (param i32 i32) (result i64)))
            {imports}
            (memory (export "memory") 1)
            (data (i32.const 256) "input.arrow")
            (func $size (result i32) (i32.wrap_i64 (call $input_size (i32.const 256) (i32.const 11))))
            (func (export "_start") {start})
            (@custom "crunchbox:manifest" "{manifest}"))"#
    ))
}

/// Params of a filter that keeps one carrier's flights.
pub(crate) fn united() -> Value {
    json!({"keep": true, "condition": {"operation": "text_is", "column": "carrier", "value": "UA",
        "isCaseSensitive": true, "isRegex": false}})
}

fn render(own: &Own, module: &Module, jobs: u8, limits: &Limits) -> Outcome {
    let jobs = NonZeroU8::new(jobs).unwrap();
    let request = RenderRequest::new(module).input(flights()).clean_params(united()).jobs(jobs);
    own.engine.render(&request, limits).unwrap()
}

#[test]
fn the_result_is_the_same_however_many_work_on_it() {
    let own = Own::new();
    let filter = filter();
    let mut results = Vec::new();
    let folder = tempfile::tempdir().unwrap();
    let written = folder.path().join("written.arrow");
    for jobs in [1, 2, 3] {
        let request = RenderRequest::new(&filter).input(flights()).clean_params(united()).output(&written);
        let request = request.jobs(NonZeroU8::new(jobs).unwrap());
        let outcome = own.engine.render(&request, &Limits::default()).unwrap();
        assert_eq!(outcome.verdict, Verdict::Ok);
        assert_eq!((outcome.usage.rows_in, outcome.usage.rows_out), (673_552, 117_330));
        let table = outcome.output.unwrap();
        assert_eq!(table.info().rows, 117_330);
        let mut bytes = Vec::new();
        table.file().unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!(outcome.usage.bytes_out, bytes.len() as u64);
        assert!(fs::read(&written).unwrap() == bytes, "what is written is what is handed over");
        assert!(table.map().unwrap().as_ref() == bytes);
        results.push((outcome.usage.fuel, bytes));
    }
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
    // It is a good table, and the one that a worker makes which gets all of it.
    let joined = folder.path().join("joined.arrow");
    fs::write(&joined, &results[0].1).unwrap();
    let again = folder.path().join("again.csv");
    let look = |path: &Path, to: Option<&Path>| {
        let limits = Limits::default().with_profile(Some(Profile::Workbench));
        own.engine.table(path, to, 0, &limits, Default::default()).unwrap().unwrap()
    };
    assert_eq!(look(&joined, Some(&again)).rows, 117_330);
    let whole = folder.path().join("whole.csv");
    let all = folder.path().join("all.csv");
    look(&flights(), Some(&all));
    assert_eq!(
        own.engine.render(&whole_from(&all, &folder).output(&whole), &Limits::default()).unwrap().verdict,
        Verdict::Ok
    );
    assert_eq!(lines(&again), lines(&whole));
}

/// The flights' filter on a table, which is left whole because there is another one.
fn whole_from(input: &Path, folder: &TempDir) -> RenderRequest {
    let other = folder.path().join("other.csv");
    fs::write(&other, "a\n1\n").unwrap();
    RenderRequest::new(&filter()).input(input).clean_params(united()).tab("other", "Other", other)
}

#[test]
fn a_table_of_one_part_is_left_whole() {
    let own = Own::new();
    let request = RenderRequest::new(&filter()).input(year()).clean_params(united());
    let outcome = own.engine.render(&request, &Limits::default()).unwrap();
    assert_eq!((outcome.verdict, outcome.usage.rows_out), (Verdict::Ok, 58_665));
    let table = outcome.output.unwrap();
    assert_eq!(FileReader::try_new(table.file().unwrap(), None).unwrap().num_batches(), 1);
}

#[test]
fn csv_is_taken_apart_too() {
    let own = Own::new();
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("flights.csv");
    own.engine.table(&flights(), Some(&csv), 0, &Limits::default(), Default::default()).unwrap().unwrap();
    // Only its last row tells that a column of numbers is one of text.
    let last = "2014,1,1,,,,,,,UA,none,,,,,,,,\n";
    fs::OpenOptions::new().append(true).open(&csv).unwrap().write_all(last.as_bytes()).unwrap();
    for profile in [Profile::Arrow, Profile::Workbench] {
        let limits = Limits::default().with_profile(Some(profile));
        let render = |request: RenderRequest, name: &str| {
            let output = folder.path().join(name);
            let outcome = own.engine.render(&request.output(&output), &limits).unwrap();
            assert_eq!(outcome.verdict, Verdict::Ok);
            assert_eq!(outcome.usage.rows_out, 117_331);
            let copied = outcome.usage.bytes_copied;
            let table = outcome.output.unwrap();
            let batches = FileReader::try_new(table.file().unwrap(), None).unwrap().num_batches();
            (batches, table.info().columns.clone(), fs::read(output).unwrap(), copied)
        };
        let (one, columns, text, copied) = render(whole_from(&csv, &folder), "whole.csv");
        assert_eq!((one, columns[10].type_name.as_str()), (1, "text"));
        for jobs in [1, 2] {
            let jobs = NonZeroU8::new(jobs).unwrap();
            let request = RenderRequest::new(&filter()).input(&csv).clean_params(united()).jobs(jobs);
            let (batches, same_columns, same_text, bytes) = render(request, "parts.csv");
            assert_eq!((batches, &same_columns), (2, &columns));
            assert!(same_text == text);
            // It is made an Arrow file once, and that is shown to all parts. The other table has a row.
            assert!(bytes < copied && bytes > copied - 10_000, "{bytes} bytes, {copied} with another table");
        }
    }
}

/// A CSV file without its column of times, which CSV knows as text.
fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned()).collect()
}

#[test]
fn columns_that_params_do_not_name_are_left_out() {
    let own = Own::new();
    let groupby = shipped("groupby");
    let render = |colnames: &[&str], operation: &str, colname: &str| {
        let aggregation = json!({"operation": operation, "colname": colname, "outname": ""});
        let groups = json!({"colnames": colnames, "group_dates": false, "date_granularities": {}});
        let params = json!({"groups": groups, "aggregations": [aggregation]});
        let request = RenderRequest::new(&groupby).input(year()).params(params);
        let outcome = own.engine.render(&request, &Limits::default()).unwrap();
        assert_eq!(outcome.verdict, Verdict::Ok);
        assert_eq!(outcome.usage.rows_in, 336_776);
        (outcome.usage.bytes_in, outcome.output.unwrap().info().clone())
    };
    let (all_bytes, all) = render(&[], "size", "");
    assert_eq!(
        (all.rows, all.columns.len()),
        (336_776, 19),
        "nothing is asked of it, so it gives back what it got"
    );
    let (bytes, means) = render(&["carrier"], "mean", "dep_delay");
    assert_eq!((means.rows, means.columns.len()), (16, 2));
    assert!(bytes < all_bytes / 5, "{bytes} bytes of two columns, {all_bytes} of all");
}

#[test]
fn a_part_that_fails_fails_the_call() {
    // The second part is the smaller one.
    let exit = by_rows(
        false,
        r#"(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
           (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
           (data (i32.const 0) "\10\00\00\00\12\00\00\00")
           (data (i32.const 16) "\0f\00\01\0c\00\00\00\00\0d\00\02\0b\0c\00\00\00\00\00")"#,
        r#"(if (i32.lt_u (call $size) (i32.const 60000000)) (then (call $exit (i32.const 7))))
           (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))"#,
    );
    let own = Own::new();
    for jobs in [1, 2] {
        let outcome = render(&own, &exit, jobs, &Limits::default());
        assert!(matches!(outcome.verdict, Verdict::Exit { status: 7, .. }), "{}", outcome.verdict);
    }
}

/// Its JSON is {"n": …}, a number that is the input's size in some way: parts agree if each sees the same file.
pub(crate) fn sized(takes_row_ranges: bool) -> Module {
    by_rows(
        takes_row_ranges,
        r#"(import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
           (data (i32.const 0) "\10\00\00\00\23\00\00\00")
           (data (i32.const 16)
               "\0f\00\01\0c\00\00\00\00\0d\00\02\0b\0c\00\00\00\01\00\00\00\01n\0a\00\02\00\00\00\00\00\00\00\00\00\00")"#,
        r#"(i32.store (i32.const 45) (call $size))
           (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))"#,
    )
}

#[test]
fn parts_that_disagree_are_no_result() {
    let sized = sized(false);
    let own = Own::new();
    for jobs in [1, 2] {
        let outcome = render(&own, &sized, jobs, &Limits::default());
        let Verdict::BadMessage { reason, .. } = &outcome.verdict else { panic!("{}", outcome.verdict) };
        assert!(reason.contains("works by rows") && reason.contains("other JSON"), "{reason}");
    }
}

#[test]
fn all_parts_share_the_limits_of_the_call() {
    let own = Own::new();
    let filter = filter();
    let used = render(&own, &filter, 1, &Limits::default()).usage.fuel;
    for jobs in [1, 2] {
        let limits = Limits::default().with_fuel(used - 1);
        let verdict = render(&own, &filter, jobs, &limits).verdict;
        assert!(matches!(verdict, Verdict::Fuel { limit, .. } if limit == used - 1), "{verdict}");
        assert_eq!(render(&own, &filter, jobs, &limits.with_fuel(used)).verdict, Verdict::Ok);
    }
    // Neither of the two tables is as large, both together are.
    let limits = Limits::default().with_output_bytes(15_000_000);
    let verdict = render(&own, &filter, 2, &limits).verdict;
    assert!(matches!(verdict, Verdict::Output { which: "output_bytes", .. }), "{verdict}");
    let endless = by_rows(false, "", "(loop (br 0))");
    let limits = Limits::default().with_wall_time(std::time::Duration::from_millis(700));
    let started = std::time::Instant::now();
    let verdict = render(&own, &endless, 2, &limits).verdict;
    assert!(matches!(verdict, Verdict::Time { limit, .. } if limit == limits.wall_time), "{verdict}");
    assert!(started.elapsed() < std::time::Duration::from_secs(30), "each part had all of it");
}
