//! What came out of one call goes into the next: the very file, where nothing speaks against it.

use std::fs;
use std::path::Path;

use crunchbox::{Limits, Module, OutputTable, Profile, RenderRequest, Verdict};
use crunchbox_tests::Built;
use serde_json::json;

use crate::{NOTHING, Own, module};

fn shipped(id: &str) -> Module {
    let path = Built::find().unwrap().module(id).unwrap();
    Module::find(path.to_str().unwrap()).unwrap()
}

/// One carrier's flights of a month.
fn first(own: &Own) -> OutputTable {
    let flights = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/flights-2013-01.parquet");
    let condition = json!({"operation": "text_is", "column": "carrier", "value": "UA",
        "isCaseSensitive": true, "isRegex": false});
    let request = RenderRequest::new(&shipped("filter"))
        .input(flights)
        .clean_params(json!({"keep": true, "condition": condition}));
    let outcome = own.engine.render(&request, &Limits::default()).unwrap();
    assert_eq!(outcome.verdict, Verdict::Ok);
    outcome.output.unwrap()
}

/// Traps unless the file has so many names, and unless it can be written by nobody.
fn counting_names(file: &str, names: u64) -> Module {
    module(&format!(
        r#"(module
            (import "wasi_snapshot_preview1" "path_filestat_get"
                (func $stat (param i32 i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "path_open"
                (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "\10\00\00\00\{length:02x}\00\00\00")
            (data (i32.const 16) "{NOTHING}")
            (data (i32.const 100) "{file}")
            (func (export "_start")
                (if (call $stat (i32.const 3) (i32.const 0) (i32.const 100) (i32.const {name}) (i32.const 200))
                    (then unreachable))
                (if (i64.ne (i64.load (i32.const 224)) (i64.const {names})) (then unreachable))
                (if (i32.eqz (call $open (i32.const 3) (i32.const 0) (i32.const 100) (i32.const {name})
                    (i32.const 0) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 300)))
                    (then unreachable))
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#,
        length = NOTHING.matches('\\').count(),
        name = file.len(),
    ))
}

#[test]
fn the_next_step_of_the_engine_is_shown_the_very_file() {
    let own = Own::new();
    let table = first(&own);
    let before = table.map().unwrap().as_ref().to_vec();
    let (main, tab) = (counting_names("input.arrow", 2), counting_names("tab-0.arrow", 2));
    // Rooms are used again, and what is emptied in one must not be this file.
    for _ in 0..5 {
        let outcome =
            own.engine.render(&RenderRequest::new(&main).input_table(&table), &Limits::default()).unwrap();
        assert_eq!(outcome.verdict, Verdict::Ok);
        assert_eq!(outcome.usage.bytes_in, before.len() as u64);
        assert_eq!(outcome.usage.rows_in, table.info().rows);
        let request = RenderRequest::new(&tab).tab_table("tab-1", "Tab 1", &table);
        assert_eq!(own.engine.render(&request, &Limits::default()).unwrap().verdict, Verdict::Ok);
        let alone = RenderRequest::new(&counting_names("input.arrow", 1));
        assert_eq!(own.engine.render(&alone, &Limits::default()).unwrap().verdict, Verdict::Ok);
    }
    assert!(table.map().unwrap().as_ref() == before, "the table has changed");
    // A request holds what it asks for.
    let request = RenderRequest::new(&main).input_table(&table);
    drop(table);
    assert_eq!(own.engine.render(&request, &Limits::default()).unwrap().verdict, Verdict::Ok);
    drop(request);
    own.assert_nothing_left();
}

#[test]
fn anything_else_is_converted_as_a_file_is() {
    let (own, other) = (Own::new(), Own::new());
    let table = first(&own);
    let copied = counting_names("input.arrow", 1);
    let request = RenderRequest::new(&copied).input_table(&table);
    let default = Limits::default();
    assert_eq!(other.engine.render(&request, &default).unwrap().verdict, Verdict::Ok, "another engine");
    let wider = Limits::default().with_profile(Some(Profile::Arrow));
    assert_eq!(own.engine.render(&request, &wider).unwrap().verdict, Verdict::Ok, "other limits");
    // Its engine may be gone.
    drop(own.engine);
    assert_eq!(other.engine.render(&request, &default).unwrap().verdict, Verdict::Ok);
}

#[test]
fn the_result_is_what_it_would_be_by_way_of_a_file() {
    let own = Own::new();
    let table = first(&own);
    let path = own.scratch.path().join("between.arrow");
    fs::write(&path, table.map().unwrap().as_ref()).unwrap();
    for (id, params) in [
        ("sort", json!({"sort_columns": [{"colname": "dep_delay", "is_ascending": false}], "keep_top": "9"})),
        (
            "groupby",
            json!({"groups": {"colnames": ["dest"], "group_dates": false, "date_granularities": {}},
            "aggregations": [{"operation": "mean", "colname": "dep_delay", "outname": "mean"}]}),
        ),
    ] {
        let step = shipped(id);
        let render = |request: RenderRequest| {
            let outcome = own.engine.render(&request.params(params.clone()), &Limits::default()).unwrap();
            assert_eq!(outcome.verdict, Verdict::Ok, "{id}");
            outcome.output.unwrap().map().unwrap().as_ref().to_vec()
        };
        let by_file = render(RenderRequest::new(&step).input(&path));
        let by_table = render(RenderRequest::new(&step).input_table(&table));
        assert!(by_file == by_table, "{id}");
    }
    drop(table);
    fs::remove_file(path).unwrap();
    own.assert_nothing_left();
}
