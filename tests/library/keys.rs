//! Steps that work by key: several workers take the rows of some keys each, and what comes of it is what one worker makes.

use std::num::NonZeroU8;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, Int64Array, RecordBatch};
use arrow::ipc::writer::FileWriter;
use crunchbox::{Limits, Module, Outcome, Profile, RenderRequest, Verdict};
use serde_json::{Value, json};

use crate::parts::flights;
use crate::ranges::{bytes, one_batch, two_batches};
use crate::{NOTHING, Own, module, shipped};

/// The first rows of many keys, and figures of as many groups.
fn steps() -> [(Module, Value); 2] {
    let colnames = ["flight", "tailnum", "time_hour"];
    let aggregation =
        |operation: &str, colname: &str| json!({"operation": operation, "colname": colname, "outname": ""});
    let aggregations =
        [aggregation("mean", "dep_delay"), aggregation("first", "dest"), aggregation("size", "")];
    let groups = json!({"colnames": colnames, "group_dates": false, "date_granularities": {}});
    [
        (shipped("removeduplicates"), json!({"colnames": colnames, "action": "delete"})),
        (shipped("groupby"), json!({"groups": groups, "aggregations": aggregations})),
    ]
}

fn render(own: &Own, request: RenderRequest, jobs: u8) -> Outcome {
    let limits = Limits::default().with_profile(Some(Profile::Arrow));
    own.engine.render(&request.jobs(NonZeroU8::new(jobs).unwrap()), &limits).unwrap()
}

#[test]
fn the_table_is_the_one_that_one_worker_makes() {
    let own = Own::new();
    let whole = one_batch(&own);
    let two = two_batches(&own, &whole);
    let csv = own.cache.path().join("flights.csv");
    own.engine.table(&whole, Some(&csv), 0, &Limits::default(), Default::default()).unwrap().unwrap();
    let sort = json!({"sort_columns": [{"colname": "distance", "is_ascending": true}], "keep_top": ""});
    let sort = RenderRequest::new(&shipped("sort")).input(&whole).params(sort);
    let sorted = render(&own, sort, 1).output.unwrap();
    for (step, params) in steps() {
        let request = || RenderRequest::new(&step).clean_params(params.clone());
        // Lent, written anew once, of another format, of another call.
        let inputs = [
            ("one batch", request().input(&whole)),
            ("two batches", request().input(&two)),
            ("CSV", request().input(&csv)),
            ("another call", request().input_table(&sorted)),
            ("Parquet", request().input(flights())),
        ];
        for (what, request) in inputs {
            let one = render(&own, request.clone(), 1);
            let expected = one.usage.clone();
            let file = bytes(one);
            let jobs: &[u8] = if what == "one batch" { &[2, 3] } else { &[2] };
            for jobs in jobs.iter().copied() {
                let several = render(&own, request.clone(), jobs);
                let used = several.usage.clone();
                assert_eq!(
                    (used.rows_in, used.rows_out, used.bytes_out),
                    (expected.rows_in, expected.rows_out, file.len() as u64),
                    "{}, {what}, {jobs} jobs",
                    step.id()
                );
                // Parquet comes to one step as dictionaries, and is left whole.
                let is_whole = what == "Parquet" && step.id() == "groupby";
                assert_eq!(used.fuel == expected.fuel, is_whole, "{}, {what}, {jobs} jobs", step.id());
                let copies = if what == "two batches" { 1 } else { jobs.into() };
                assert!(
                    used.bytes_copied <= copies * expected.bytes_copied,
                    "{}, {what}, {jobs} jobs",
                    step.id()
                );
                assert!(bytes(several) == file, "{}, {what}, {jobs} jobs", step.id());
            }
        }
    }
}

#[test]
fn few_keys_and_none_are_left_to_one_worker() {
    let own = Own::new();
    let whole = one_batch(&own);
    let groups = |colnames: &[&str]| json!({"groups": {"colnames": colnames, "group_dates": false, "date_granularities": {}}, "aggregations": []});
    let cases = [
        (shipped("groupby"), groups(&["carrier", "month"])),
        (shipped("groupby"), groups(&[])),
        (shipped("removeduplicates"), json!({"colnames": [], "action": "delete"})),
        (shipped("removeduplicates"), json!({"colnames": ["tailnum"], "action": "cumcount"})),
    ];
    for (step, params) in cases {
        let request = RenderRequest::new(&step).input(&whole).clean_params(params);
        let one = bytes(render(&own, request.clone(), 1));
        assert!(bytes(render(&own, request, 2)) == one);
    }
}

fn arrow_file(column: ArrayRef) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter([("A", column)]).unwrap();
    let mut writer = FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

/// A step that says that it works by key, and leaves the same files whatever it is asked for.
fn by_key(files: &[(&str, Vec<u8>)], more: &str) -> Module {
    let manifest =
        json!({"id_name": "test", "name": "Test", "category": "Other", "parameters": [], "works_by": "key"});
    let manifest = manifest.to_string().replace('"', "\\\"");
    let (mut data, mut calls) = (String::new(), String::new());
    let mut end = 4096;
    for (name, bytes) in files {
        let text: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
        let (at, length) = (end + 64, bytes.len());
        data += &format!(r#"(data (i32.const {end}) "{name}") (data (i32.const {at}) "{text}")"#);
        calls += &format!(
            "(call $leave (i32.const {end}) (i32.const {}) (i32.const {at}) (i32.const {length}))",
            name.len()
        );
        end = (at + length).next_multiple_of(64);
    }
    module(&format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "path_open"
                (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "path_symlink" (func $link (param i32 i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 4)
            (data (i32.const 0) "@\00\00\00\12\00\00\00")
            (data (i32.const 64) "{NOTHING}")
            (data (i32.const 3000) "../in/input.arrow")
            (data (i32.const 3100) "order.arrow")
            {data}
            (func $leave (param $name i32) (param $name_bytes i32) (param $bytes i32) (param $length i32)
                (if (call $open (i32.const 4) (i32.const 0) (local.get $name) (local.get $name_bytes) (i32.const 1)
                        (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 12))
                    (then (unreachable)))
                (i32.store (i32.const 16) (local.get $bytes))
                (i32.store (i32.const 20) (local.get $length))
                (if (call $write (i32.load (i32.const 12)) (i32.const 16) (i32.const 1) (i32.const 8))
                    (then (unreachable))))
            (func (export "_start")
                {calls}
                {more}
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
            (@custom "crunchbox:manifest" "{manifest}"))"#
    ))
}

#[test]
fn what_a_step_says_of_an_order_is_not_trusted() {
    let own = Own::new();
    let whole = one_batch(&own);
    let table = || ("output.arrow", arrow_file(Arc::new(Int64Array::from(vec![7, 8]))));
    let order =
        |places: [&[u8]; 2]| ("order.arrow", arrow_file(Arc::new(BinaryArray::from_iter_values(places))));
    let link = r#"(drop (call $link (i32.const 3000) (i32.const 17) (i32.const 4) (i32.const 3100) (i32.const 11)))"#;
    let cases = [
        (by_key(&[table()], ""), "order", "does not say where they belong"),
        (by_key(&[table(), order([b"a", b"b"])], ""), "order", "two parts have a row at one place"),
        (by_key(&[table(), order([b"b", b"a"])], ""), "order", "row 1 of the order file is not above"),
        (by_key(&[table(), ("order.arrow", b"no table".to_vec())], ""), "order", "the order file: "),
        (by_key(&[table(), ("order.arrow", table().1)], ""), "order", "is to have one of Binary"),
        (by_key(&[table()], link), "output-file", "order.arrow is a symbolic link"),
    ];
    for (step, check, what) in cases {
        let request = || RenderRequest::new(&step).input(&whole);
        // Nobody asks a single worker where its rows belong.
        let alone = render(&own, request(), 1);
        assert_eq!((alone.verdict, alone.usage.rows_out), (Verdict::Ok, 2), "{what}");
        let verdict = render(&own, request(), 2).verdict;
        let Verdict::BadTable { check: found, detail, .. } = &verdict else { panic!("{what}: {verdict}") };
        assert!(found == check && detail.contains(what), "{what}: {verdict}");
    }
}

#[test]
fn the_order_counts_as_output() {
    let own = Own::new();
    let whole = one_batch(&own);
    let table = arrow_file(Arc::new(Int64Array::from(vec![7, 8])));
    let order = arrow_file(Arc::new(BinaryArray::from_iter_values([b"a", b"b"])));
    let bytes = (table.len() + order.len()) as u64;
    let step = by_key(&[("output.arrow", table), ("order.arrow", order)], "");
    // Both parts together leave twice as much.
    for (limit, fits) in [(bytes - 1, false), (2 * bytes - 1, false), (2 * bytes, true)] {
        let limits = Limits::default().with_output_bytes(limit);
        let request = RenderRequest::new(&step).input(&whole).jobs(NonZeroU8::new(2).unwrap());
        match own.engine.render(&request, &limits).unwrap().verdict {
            Verdict::Output { which: "output_bytes", .. } => assert!(!fits, "{limit}"),
            Verdict::BadTable { check, .. } => assert!(fits && check == "order", "{limit}: {check}"),
            verdict => panic!("{limit}: {verdict}"),
        }
    }
}
