//! Rows of several parts, put in order.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::Buffer;
use arrow::compute::take;
use arrow::datatypes::*;
use arrow::ipc::MetadataVersion;
use arrow::ipc::writer::{FileWriter, IpcWriteOptions};
use crunchbox_table::{Check, Profile, TableError, TableInfo, TableLimits, merge};
use proptest::prelude::*;

use crate::support::*;

/// A table as a step of the Rust library writes it.
fn written(batch: &RecordBatch) -> Buffer {
    let options = IpcWriteOptions::try_new(64, false, MetadataVersion::V5).unwrap();
    let mut writer = FileWriter::try_new_with_options(Vec::new(), &batch.schema(), options).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    Buffer::from_vec(writer.into_inner().unwrap())
}

fn order<'a>(places: impl IntoIterator<Item = &'a [u8]>) -> Buffer {
    written(&column(Arc::new(BinaryArray::from_iter_values(places))))
}

fn merged(parts: &[(Buffer, Buffer)]) -> Result<(TableInfo, Buffer), TableError> {
    let mut file: File = tempfile::tempfile().unwrap();
    let info = merge(parts, file.try_clone().unwrap(), Profile::Arrow, &TableLimits::default())?;
    let mut bytes = Vec::new();
    std::io::Seek::rewind(&mut file).unwrap();
    file.read_to_end(&mut bytes).unwrap();
    Ok((info, Buffer::from_vec(bytes)))
}

/// So many rows of several types, some of them null if that is wanted.
fn rows(count: usize, has_nulls: bool) -> RecordBatch {
    let some = |row: &usize| !has_nulls || !row.is_multiple_of(3);
    let number = |row: usize| some(&row).then_some(row as f64 / 2.0);
    let text = |row: usize| some(&row).then(|| "é".repeat(row % 5));
    let bit = |row: usize| some(&row).then_some(row.is_multiple_of(2));
    let columns: [(&str, ArrayRef); 3] = [
        ("number", Arc::new((0..count).map(number).collect::<Float64Array>())),
        ("text", Arc::new((0..count).map(text).collect::<StringArray>())),
        ("bit", Arc::new((0..count).map(bit).collect::<BooleanArray>())),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap()
}

fn chosen(table: &RecordBatch, rows: &[u32]) -> RecordBatch {
    let rows = UInt32Array::from(rows.to_vec());
    let columns = table.columns().iter().map(|column| take(column, &rows, None).unwrap());
    RecordBatch::try_new(table.schema(), columns.collect()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_file_is_the_same_as_if_it_were_written_at_once(
        part_of_row in proptest::collection::vec(0..4_usize, 1..200), has_nulls: bool,
    ) {
        let table = rows(part_of_row.len(), has_nulls);
        let part = |part: usize| {
            let rows = (0..).zip(&part_of_row).filter(|(_, of)| **of == part).map(|(row, _)| row);
            let rows: Vec<u32> = rows.collect();
            let places: Vec<_> = rows.iter().map(|row| row.to_be_bytes()).collect();
            (written(&chosen(&table, &rows)), order(places.iter().map(<[u8; 4]>::as_slice)))
        };
        let (info, file) = merged(&[0, 1, 2, 3].map(part)).unwrap();
        prop_assert!(file == written(&table));
        prop_assert_eq!(info.rows, table.num_rows() as u64);
        prop_assert!(info.plain);
        prop_assert_eq!(validate_arrow(&file).unwrap(), info);
    }
}

#[test]
fn places_are_bytes_in_order() {
    let four = rows(4, false);
    let table = |rows: &[u32]| written(&chosen(&four, rows));
    let parts =
        [(table(&[3, 0]), order([b"".as_slice(), b"a\0"])), (table(&[2, 1]), order([b"a".as_slice(), b"b"]))];
    assert!(merged(&parts).unwrap().1 == table(&[3, 2, 0, 1]));
}

#[test]
fn what_tells_no_order_is_refused() {
    let two = written(&rows(2, false));
    let good = order([b"a".as_slice(), b"c"]);
    let other = (two.clone(), order([b"b".as_slice(), b"d"]));
    merged(&[(two.clone(), good.clone()), other.clone()]).unwrap();
    let null = BinaryArray::from_iter([Some(b"a"), None]);
    let numbers = Int64Array::from(vec![1, 2]);
    for (order, what) in [
        (order([b"c".as_slice(), b"a"]), "row 1 of the order file is not above the one before"),
        (order([b"a".as_slice(), b"a"]), "row 1 of the order file is not above"),
        (order([b"a".as_slice(), b"b"]), "two parts have a row at one place"),
        (order([b"a".as_slice()]), "the order file has 1 rows, and the table 2"),
        (written(&column(Arc::new(null))), "a row of the order file is null"),
        (written(&column(Arc::new(numbers))), "columns of type Int64, and is to have one of Binary"),
        (written(&rows(2, false)), "columns of type Float64, Utf8, Boolean"),
        (good.slice_with_length(0, good.len() - 7), "the order file: "),
        (Buffer::from(b""), "the order file: "),
    ] {
        let error = merged(&[(two.clone(), order), other.clone()]).unwrap_err();
        assert_eq!(error.check(), Check::Order, "{what}");
        assert!(error.detail().contains(what), "{what}: {}", error.detail());
    }
}

#[test]
fn parts_that_differ_or_are_too_many_rows_are_refused() {
    let [first, second] = [b"a", b"b"].map(|place| order([place.as_slice()]));
    let number = |name: &str| {
        written(&table(vec![(Field::new(name, DataType::Int8, true), Arc::new(Int8Array::from(vec![1])))]))
    };
    merged(&[(number("A"), first.clone()), (number("A"), second.clone())]).unwrap();
    let other = merged(&[(number("A"), first.clone()), (number("B"), second.clone())]);
    assert_eq!(other.unwrap_err().check(), Check::ArrowSchema);
    let dictionary = ["x"].into_iter().map(Some).collect::<DictionaryArray<Int8Type>>();
    let encoded = arrow_file(&[column(Arc::new(dictionary))]);
    let both = merged(&[(encoded.clone(), first.clone()), (encoded, second.clone())]);
    assert_eq!(both.unwrap_err().check(), Check::ArrowDictionary);
    let parts = [(number("A"), first), (number("A"), second)];
    let (mut rows, mut bytes) = (TableLimits::default(), TableLimits::default());
    (rows.rows, bytes.decoded_bytes) = (1, 2 * parts[0].0.len() as u64 - 1);
    for (limits, check) in [(rows, Check::MaxRows), (bytes, Check::MaxDecodedBytes)] {
        let error = merge(&parts, tempfile::tempfile().unwrap(), Profile::Arrow, &limits).unwrap_err();
        assert_eq!(error.check(), check);
    }
}
