//! Some rows of an Arrow file, judged without the others.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::Int32Type;
use crunchbox_table::{
    Check, ConvertOptions, FileFormat, Input, Profile, TableError, TableInfo, TableLimits, look,
    validate_rows,
};

use crate::support::*;

fn judged(file: &arrow::buffer::Buffer, rows: Range<u64>) -> Result<TableInfo, TableError> {
    validate_rows(file, Some(&rows), Profile::Arrow, &TableLimits::default())
}

fn texts() -> RecordBatch {
    column(Arc::new(StringArray::from(vec!["aa", "bé", "cc", "dd"])))
}

/// The rows of four that are found bad when each is judged alone, and why.
fn bad_rows(file: &arrow::buffer::Buffer) -> Vec<(u64, Check)> {
    let judge = |row| judged(file, row..row + 1).err().map(|error| (row, error.check()));
    (0..4).filter_map(judge).collect()
}

#[test]
fn only_the_rows_that_are_wanted_count() {
    let good = arrow_file(&[texts()]);
    assert_eq!(bad_rows(&good), []);
    for (rows, count) in [(0..4, 4), (1..3, 2), (2..u64::MAX, 2), (3..3, 0), (9..12, 0)] {
        assert_eq!(judged(&good, rows.clone()).unwrap().rows, count, "{rows:?}");
    }
    // No UTF-8.
    let mut file = RawFile::new(&[texts()]);
    file.batch().buffer(2)[3] = 0xff;
    assert_eq!(bad_rows(&file.bytes()), [(1, Check::ArrowValues)]);
    let error = judged(&file.bytes(), 0..4).unwrap_err();
    assert_eq!((error.check(), error.column()), (Check::ArrowValues, Some("A")));
    assert_eq!(judged(&file.bytes(), 2..4).unwrap().rows, 2);
}

#[test]
fn many_rows_are_looked_at_to_the_last_and_counted_once() {
    const ROWS: usize = 100_000;
    let texts = column(Arc::new(StringArray::from_iter_values((0..ROWS).map(|row| format!("{row:040}")))));
    let rows = 1..ROWS as u64 - 1;
    let good = arrow_file(std::slice::from_ref(&texts));
    assert_eq!(judged(&good, rows.clone()).unwrap().rows, ROWS as u64 - 2);
    let mut file = RawFile::new(&[texts]);
    let mut judged_with = |row: usize| {
        // No UTF-8.
        let byte = &mut file.batch().buffer(2)[40 * row];
        let before = std::mem::replace(byte, 0xff);
        let found = judged(&file.bytes(), rows.clone()).is_err();
        file.batch().buffer(2)[40 * row] = before;
        found
    };
    for row in [1, 32_767, 32_768, 32_769, 65_536, ROWS - 2] {
        assert!(judged_with(row), "row {row} is bad");
    }
    for row in [0, ROWS - 1] {
        assert!(!judged_with(row), "nobody asked for row {row}");
    }
    // However many looks that takes, the file has so many bytes and its rows so much text.
    let within = |limits: TableLimits| validate_rows(&good, Some(&rows), Profile::Arrow, &limits);
    let text = 40 * (rows.end - rows.start);
    let bytes = good.len() as u64;
    let fitting = || {
        let mut limits = TableLimits::default();
        (limits.rows, limits.bytes_text, limits.decoded_bytes) = (rows.end - rows.start, text, bytes);
        limits
    };
    within(fitting()).unwrap();
    let (mut one_row_less, mut one_byte_less) = (fitting(), fitting());
    one_row_less.rows -= 1;
    one_byte_less.bytes_text -= 1;
    for (limits, check) in [(one_row_less, Check::MaxRows), (one_byte_less, Check::MaxBytesText)] {
        assert_eq!(within(limits).unwrap_err().check(), check);
    }
}

#[test]
fn rows_that_take_nothing_are_looked_at_at_once() {
    // One by one, or some thousand by some thousand, they would take longer than anybody waits.
    let rows = u32::MAX as usize - 1;
    let columns = (0..200).map(|number| (format!("A{number}"), Arc::new(NullArray::new(rows)) as ArrayRef));
    let file = arrow_file(&[RecordBatch::try_from_iter(columns).unwrap()]);
    assert_eq!(judged(&file, 1..rows as u64).unwrap().rows, rows as u64 - 1);
}

#[test]
fn offsets_that_lead_astray_are_found() {
    let with_offset = |place: usize, offset: i32| {
        let mut file = RawFile::new(&[texts()]);
        file.batch().buffer(1)[4 * place..][..4].copy_from_slice(&offset.to_le_bytes());
        file.bytes()
    };
    assert_eq!(bad_rows(&with_offset(2, 5)), [], "that is where it is");
    // Before the one before it, past the end, below zero, and between the two bytes of é.
    let cases: [(usize, i32, &[u64]); 5] =
        [(2, 1, &[1]), (2, 600, &[1, 2]), (0, -1, &[0]), (4, i32::MAX, &[3]), (2, 4, &[1, 2])];
    for (place, offset, rows) in cases {
        let file = with_offset(place, offset);
        let found: Vec<_> = bad_rows(&file).into_iter().map(|(row, _)| row).collect();
        assert_eq!(found, rows, "offset {place} is {offset}");
        judged(&file, 0..4).unwrap_err();
        assert_eq!(refused(&file).0, Check::ArrowValues);
    }
}

#[test]
fn bits_and_the_count_of_nulls_agree_as_far_as_they_are_looked_at() {
    let texts = column(Arc::new(StringArray::from(vec![Some("a"), None, Some("c"), None])));
    let counting = |nulls: i64| {
        let mut file = RawFile::new(std::slice::from_ref(&texts));
        file.batch().nodes[0].1 = nulls;
        file.bytes()
    };
    // Some readers go by the count: to them those two would be texts.
    assert_eq!(bad_rows(&counting(0)), [(1, Check::ArrowNullCount), (3, Check::ArrowNullCount)]);
    // Who goes by the bits finds what is there.
    assert_eq!(bad_rows(&counting(1)), []);
    assert_eq!(judged(&counting(1), 0..4).unwrap_err().check(), Check::ArrowNullCount);
    assert_eq!(bad_rows(&counting(5)).len(), 4, "there are no more than four rows");
}

#[test]
fn what_has_columns_inside_is_not_built_as_parts_are() {
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1)]), None]);
    for (batch, is_flat) in [(column(Arc::new(list)), false), (texts(), true)] {
        let file = arrow_file(&[batch]);
        assert!(validate_arrow(&file).unwrap().plain);
        assert_eq!(judged(&file, 0..2).unwrap().plain, is_flat);
        for (rows, is_plain) in [(None, true), (Some(0..2), is_flat)] {
            let mut options = ConvertOptions::new(Profile::Arrow);
            options.rows = rows;
            let seen = look(Input::Buffer(file.clone()), FileFormat::Arrow, &options).unwrap();
            assert_eq!(seen.plain, is_plain, "{:?}", options.rows);
        }
    }
    let several = arrow_file(&[texts(), texts()]);
    assert!(!judged(&several, 0..1).unwrap().plain);
}

#[test]
fn profile_workbench_has_its_say() {
    let good = number(Arc::new(Float64Array::from(vec![1.0, 2.0])));
    let bad = column(Arc::new(Float64Array::from(vec![1.0, 2.0])));
    let limits = TableLimits::of(Profile::Workbench);
    let judged = |batch| validate_rows(&arrow_file(&[batch]), Some(&(1..2)), Profile::Workbench, &limits);
    assert!(judged(good).unwrap().plain);
    judged(bad).unwrap_err();
}
