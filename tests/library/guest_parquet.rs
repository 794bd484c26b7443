//! A step that reads a Parquet file itself, which is compressed with ZSTD: decoder and all are in the module.

use std::fs;
use std::path::Path;

use crunchbox::{Limits, Module, RenderRequest, Verdict};
use crunchbox_tests::Built;
use serde_json::json;

use crate::Own;

const UUID: &str = "00000000-0000-4000-8000-000000000001";

#[test]
fn a_step_can_read_parquet_by_itself() {
    let own = Own::new();
    let path = Built::find().unwrap().modules().join("tests/parquet.wasm");
    assert!(path.is_file(), "{} is missing: run `cargo xtask modules`", path.display());
    let module = Module::find(path.to_str().unwrap()).unwrap();
    let flights = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/flights-2013-01.parquet");
    let folder = tempfile::tempdir().unwrap();
    let [theirs, ours] = ["theirs.csv", "ours.csv"].map(|name| folder.path().join(name));
    let request =
        RenderRequest::new(&module).params(json!({"file": UUID})).file(UUID, "flights.parquet", &flights);
    let outcome = own.engine.render(&request.output(&theirs), &Limits::default()).unwrap();
    assert_eq!(outcome.verdict, Verdict::Ok);
    assert_eq!(outcome.usage.rows_out, 27_004);
    own.engine.table(&flights, Some(&ours), 0, &Limits::default(), Default::default()).unwrap().unwrap();
    assert!(fs::read(theirs).unwrap() == fs::read(ours).unwrap(), "it is another table than ours");
}
