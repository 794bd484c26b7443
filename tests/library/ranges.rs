//! A step that takes row ranges is shown the very file of a large table for each of its parts, and what comes of it is what comes of
//! parts that are written.

use std::fs::{self, File};
use std::num::NonZeroU8;
use std::path::PathBuf;

use arrow::array::RecordBatch;
use arrow::ipc::reader::FileReader;
use arrow::ipc::writer::FileWriter;
use crunchbox::{Error, Limits, Module, Outcome, Profile, RenderRequest, Verdict};
use serde_json::{Value, json};

use crate::lent::can_lend;
use crate::parts::{flights, sized, united};
use crate::{Own, shipped, wait_for_one_name};

/// The flights as one record batch, which is good by the rules of either profile, beside the engine's scratch folder: two parts.
pub(crate) fn one_batch(own: &Own) -> PathBuf {
    let path = own.cache.path().join("flights.arrow");
    let limits = Limits::default().with_profile(Some(Profile::Workbench));
    own.engine.table(&flights(), Some(&path), 0, &limits, Default::default()).unwrap().unwrap();
    path
}

fn batches(path: &PathBuf) -> Vec<RecordBatch> {
    FileReader::try_new(File::open(path).unwrap(), None).unwrap().map(Result::unwrap).collect()
}

/// The same in two record batches: parts of it have to be written.
pub(crate) fn two_batches(own: &Own, whole: &PathBuf) -> PathBuf {
    let table = batches(whole).remove(0);
    let path = own.cache.path().join("two.arrow");
    let mut writer = FileWriter::try_new(File::create(&path).unwrap(), &table.schema()).unwrap();
    writer.write(&table.slice(0, 100_003)).unwrap();
    writer.write(&table.slice(100_003, table.num_rows() - 100_003)).unwrap();
    writer.finish().unwrap();
    path
}

fn render(own: &Own, request: RenderRequest, jobs: u8, profile: Profile) -> Outcome {
    let limits = Limits::default().with_profile(Some(profile));
    own.engine.render(&request.jobs(NonZeroU8::new(jobs).unwrap()), &limits).unwrap()
}

pub(crate) fn bytes(outcome: Outcome) -> Vec<u8> {
    assert_eq!(outcome.verdict, Verdict::Ok);
    outcome.output.unwrap().map().unwrap().as_ref().to_vec()
}

/// Steps that work by rows, with columns of all kinds going through them, and their params.
fn steps() -> [(Module, Value, Profile); 3] {
    let replaced = json!({"colnames": ["dest"], "to_replace": "^A", "replace_with": "é", "match_case": true,
        "match_entire": false, "regex": true});
    let parts = json!({"reorder-history": [{"column": "carrier", "from": 9, "to": 0}, {"column": "time_hour", "from": 18, "to": 1}]});
    [
        (shipped("filter"), united(), Profile::Arrow),
        (shipped("replace"), replaced, Profile::Workbench),
        (shipped("reordercolumns"), parts, Profile::Arrow),
    ]
}

#[test]
fn the_result_is_that_of_parts_that_are_written() {
    let own = Own::new();
    let whole = one_batch(&own);
    let two = two_batches(&own, &whole);
    let length = fs::metadata(&whole).unwrap().len();
    let before = fs::read(&whole).unwrap();
    for (step, params, profile) in steps() {
        let request = |path: &PathBuf| RenderRequest::new(&step).input(path).clean_params(params.clone());
        let written = bytes(render(&own, request(&two), 1, profile));
        for jobs in [1, 2] {
            let outcome = render(&own, request(&whole), jobs, profile);
            assert_eq!(outcome.usage.rows_in, 673_552);
            if can_lend(&own) {
                assert_eq!(outcome.usage.bytes_in, length, "all bytes of the file, each once");
                assert_eq!(outcome.usage.bytes_copied, 0);
            }
            assert!(bytes(outcome) == written, "{profile:?}, {jobs} jobs, {params}");
        }
    }
    assert!(fs::read(&whole).unwrap() == before, "the file has changed");
    wait_for_one_name(&File::open(&whole).unwrap());
    own.assert_nothing_left();
}

#[test]
fn only_who_takes_ranges_is_shown_the_file_and_only_one_that_is_built_so() {
    let own = Own::new();
    if !can_lend(&own) {
        return;
    }
    let whole = one_batch(&own);
    let two = two_batches(&own, &whole);
    // As files of their own the parts have different sizes.
    for (takes, path, agree) in
        [(true, &whole, true), (false, &whole, false), (true, &two, false), (true, &flights(), false)]
    {
        let request = RenderRequest::new(&sized(takes)).input(path);
        let outcome = render(&own, request, 2, Profile::Arrow);
        match outcome.verdict {
            Verdict::Ok => assert!(agree, "{takes}, {}", path.display()),
            Verdict::BadMessage { ref reason, .. } if reason.contains("other JSON") => {
                assert!(!agree, "{takes}, {}", path.display());
            }
            verdict => panic!("{verdict}"),
        }
    }
}

#[test]
fn the_table_of_another_call_is_shown_so_too() {
    let own = Own::new();
    let whole = one_batch(&own);
    let params = json!({"sort_columns": [{"colname": "distance", "is_ascending": false}], "keep_top": ""});
    let request = RenderRequest::new(&shipped("sort")).input(&whole).params(params);
    let sorted = render(&own, request, 1, Profile::Arrow).output.unwrap();
    let path = own.cache.path().join("sorted.arrow");
    fs::write(&path, sorted.map().unwrap().as_ref()).unwrap();
    let two = two_batches(&own, &path);
    let request = || RenderRequest::new(&shipped("filter")).clean_params(united());
    let written = bytes(render(&own, request().input(&two), 1, Profile::Arrow));
    for jobs in [1, 2] {
        let outcome = render(&own, request().input_table(&sorted), jobs, Profile::Arrow);
        assert_eq!(outcome.usage.bytes_in, fs::metadata(&path).unwrap().len());
        assert!(bytes(outcome) == written, "{jobs} jobs");
    }
}

#[test]
fn each_part_is_judged_before_it_is_shown() {
    let own = Own::new();
    let whole = one_batch(&own);
    let mut bytes = fs::read(&whole).unwrap();
    // The last text of the column of tail numbers, which is in the second part: no UTF-8.
    let table = batches(&whole).remove(0);
    let tails = table.column_by_name("tailnum").unwrap();
    let tails = arrow::array::AsArray::as_string::<i32>(tails);
    let end = tails.value_data().len();
    let text = &tails.value_data()[end - 4000..];
    let place = bytes.windows(text.len()).position(|bytes| bytes == text).unwrap();
    bytes[place + text.len() - 1] = 0xff;
    fs::write(&whole, bytes).unwrap();
    for jobs in [1, 2] {
        let request = RenderRequest::new(&shipped("filter")).input(&whole).clean_params(united());
        let request = request.jobs(NonZeroU8::new(jobs).unwrap());
        let error = own.engine.render(&request, &Limits::default()).unwrap_err();
        let Error::InvalidInput { path, reason, .. } = &error else { panic!("{error}") };
        assert!(*path == whole && reason.contains("tailnum"), "{error}");
    }
    own.assert_nothing_left();
}
