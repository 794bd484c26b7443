//! What came out of one call goes into the next: the very file, where nothing speaks against it.

use std::collections::HashMap;
use std::fs;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::ipc::writer::FileWriter;
use crunchbox::{Limits, Module, OutputTable, Profile, RenderRequest, Verdict};
use serde_json::json;

use crate::{Own, counting_names, doing, shipped, wait_for_one_name};

/// A step that leaves this table.
fn leaving(table: &RecordBatch) -> Module {
    let mut writer = FileWriter::try_new(Vec::new(), &table.schema()).unwrap();
    writer.write(table).unwrap();
    writer.finish().unwrap();
    let bytes = writer.into_inner().unwrap();
    let data: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let fields = format!(
        r#"(data (i32.const 100) "output.arrow") (data (i32.const 4096) "{data}")
            (data (i32.const 120) "\00\10\00\00") (global $length i32 (i32.const {}))"#,
        bytes.len()
    );
    doing(
        &fields,
        r#"
        (i32.store (i32.const 124) (global.get $length))
        (if (call $open (i32.const 4) (i32.const 0) (i32.const 100) (i32.const 12)
            (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 200))
            (then unreachable))
        (drop (call $write (i32.load (i32.const 200)) (i32.const 120) (i32.const 1) (i32.const 208)))"#,
    )
}

/// A table that a step of the engine left.
fn first(own: &Own) -> OutputTable {
    let names: ArrayRef = Arc::new(StringArray::from_iter_values(["a", "b", "a"]));
    let numbers: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), None, Some(4.0)]));
    let format = HashMap::from([("format".to_owned(), "{:,}".to_owned())]);
    let schema = Schema::new(vec![
        Field::new("name", DataType::Utf8, true),
        Field::new("number", DataType::Float64, true).with_metadata(format),
    ]);
    let table = RecordBatch::try_new(Arc::new(schema), vec![names, numbers]).unwrap();
    let outcome = own.engine.render(&RenderRequest::new(&leaving(&table)), &limits()).unwrap();
    assert_eq!(outcome.verdict, Verdict::Ok);
    outcome.output.unwrap()
}

fn limits() -> Limits {
    Limits::default().with_profile(Some(Profile::Workbench))
}

#[test]
fn the_next_step_of_the_engine_is_shown_the_very_file() {
    let own = Own::new();
    let table = first(&own);
    let before = table.map().unwrap().as_ref().to_vec();
    let (main, tab) = (counting_names("input.arrow", 2), counting_names("tab-0.arrow", 2));
    // Rooms are used again, and what is emptied in one must not be this file.
    for _ in 0..5 {
        let outcome = own.engine.render(&RenderRequest::new(&main).input_table(&table), &limits()).unwrap();
        assert_eq!(outcome.verdict, Verdict::Ok);
        assert_eq!(outcome.usage.bytes_in, before.len() as u64);
        assert_eq!(outcome.usage.rows_in, table.info().rows);
        wait_for_one_name(&table.file().unwrap());
        let request = RenderRequest::new(&tab).tab_table("tab-1", "Tab 1", &table);
        assert_eq!(own.engine.render(&request, &limits()).unwrap().verdict, Verdict::Ok);
        wait_for_one_name(&table.file().unwrap());
        let alone = RenderRequest::new(&counting_names("input.arrow", 1));
        assert_eq!(own.engine.render(&alone, &limits()).unwrap().verdict, Verdict::Ok);
    }
    assert!(table.map().unwrap().as_ref() == before, "the table has changed");
    // A request holds what it asks for.
    let request = RenderRequest::new(&main).input_table(&table);
    drop(table);
    assert_eq!(own.engine.render(&request, &limits()).unwrap().verdict, Verdict::Ok);
    drop(request);
    own.assert_nothing_left();
}

#[test]
fn anything_else_is_converted_as_a_file_is() {
    let (own, other) = (Own::new(), Own::new());
    let table = first(&own);
    let copied = counting_names("input.arrow", 1);
    let request = RenderRequest::new(&copied).input_table(&table);
    assert_eq!(other.engine.render(&request, &limits()).unwrap().verdict, Verdict::Ok, "another engine");
    let wider = Limits::default().with_profile(Some(Profile::Arrow));
    assert_eq!(own.engine.render(&request, &wider).unwrap().verdict, Verdict::Ok, "other limits");
    // Its engine may be gone.
    drop(own.engine);
    assert_eq!(other.engine.render(&request, &limits()).unwrap().verdict, Verdict::Ok);
}

#[test]
fn the_result_is_what_it_would_be_by_way_of_a_file() {
    let own = Own::new();
    let table = first(&own);
    let path = own.scratch.path().join("between.arrow");
    fs::write(&path, table.map().unwrap().as_ref()).unwrap();
    // It looks only at the columns that its params name, if it is given a large file.
    let groupby = shipped("groupby");
    let params = json!({"groups": {"colnames": ["name"], "group_dates": false, "date_granularities": {}},
        "aggregations": [{"operation": "mean", "colname": "number", "outname": "mean"}]});
    let render = |request: RenderRequest| {
        let outcome = own.engine.render(&request.params(params.clone()), &limits()).unwrap();
        assert_eq!(outcome.verdict, Verdict::Ok);
        outcome.output.unwrap().map().unwrap().as_ref().to_vec()
    };
    let by_file = render(RenderRequest::new(&groupby).input(&path));
    let by_table = render(RenderRequest::new(&groupby).input_table(&table));
    assert!(by_file == by_table);
    drop(table);
    fs::remove_file(path).unwrap();
    own.assert_nothing_left();
}
