//! Text of few values, which a large Parquet file has as dictionaries and numbers.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, ListArray, RecordBatch, StringArray};
use arrow::buffer::Buffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int32Type};
use crunchbox_table::{ConvertOptions, FileFormat, Profile};
use parquet::basic::Compression;
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};

use crate::support::*;

const ROWS: usize = 150_000;
/// Neither whole batches nor whole parts of the table.
const GROUP_ROWS: usize = 41_000;

/// Each row group has other texts, some of them those of the one before; the second has rows without any.
fn text(row: usize) -> Option<String> {
    let group = row / GROUP_ROWS;
    (group != 1 || !row.is_multiple_of(11)).then(|| format!("text {}", group * 3 + row % 5))
}

fn sample(properties: WriterPropertiesBuilder, group_rows: usize) -> Buffer {
    let few: ArrayRef = Arc::new((0..ROWS).map(text).collect::<StringArray>());
    let none: ArrayRef = Arc::new((0..ROWS).map(|_| None::<&str>).collect::<StringArray>());
    let many: ArrayRef = Arc::new(StringArray::from_iter_values((0..ROWS).map(|row| row.to_string())));
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..ROWS as i64));
    let batch = table(vec![
        (Field::new("few", DataType::Utf8, true), few),
        (Field::new("none", DataType::Utf8, true), none),
        (Field::new("many", DataType::Utf8, true), many),
        (field("n", DataType::Int64, &[("format", "{:,}")]), numbers),
    ]);
    parquet_file(&batch, properties.set_max_row_group_row_count(Some(group_rows)))
}

fn options(profile: Profile, dictionaries: bool) -> ConvertOptions {
    let mut options = ConvertOptions::new(profile);
    options.dictionaries = dictionaries;
    options
}

fn to_arrow(file: &Buffer, options: &ConvertOptions) -> RecordBatch {
    let (arrow, _) = convert(file, FileFormat::Parquet, FileFormat::Arrow, options).unwrap();
    crunchbox_table::validate(&arrow, options.profile, &options.limits).unwrap();
    read_one(&arrow)
}

fn types(batch: &RecordBatch) -> Vec<String> {
    batch.columns().iter().map(|column| column.data_type().to_string()).collect()
}

const DICTIONARY: &str = "Dictionary(Int32, Utf8)";

#[test]
fn it_is_the_same_text_whatever_rows_are_wanted() {
    let file = sample(WriterProperties::builder().set_compression(Compression::SNAPPY), GROUP_ROWS);
    for profile in [Profile::Arrow, Profile::Workbench] {
        for rows in
            [None, Some(0..70_000), Some(40_999..ROWS as u64), Some(41_000..123_000), Some(60_001..130_000)]
        {
            let [plain, encoded] = [false, true].map(|dictionaries| {
                let mut options = options(profile, dictionaries);
                options.rows = rows.clone();
                to_arrow(&file, &options)
            });
            assert_eq!(types(&plain), ["Utf8", "Utf8", "Utf8", "Int64"]);
            assert_eq!(types(&encoded), [DICTIONARY, DICTIONARY, "Utf8", "Int64"], "{rows:?}");
            for (encoded, plain) in encoded.columns().iter().zip(plain.columns()) {
                assert_eq!(&cast(encoded, plain.data_type()).unwrap(), plain, "{profile:?} {rows:?}");
            }
        }
    }
}

#[test]
fn only_the_columns_that_are_wanted_are_there() {
    let file = sample(WriterProperties::builder(), GROUP_ROWS);
    let mut options = options(Profile::Arrow, true);
    options.columns = Some(["n", "few"].map(str::to_owned).into());
    assert_eq!(types(&to_arrow(&file, &options)), [DICTIONARY, "Int64"]);
}

#[test]
fn text_is_plain_where_the_file_has_no_few_values_for_all_of_it() {
    let plain = ["Utf8", "Utf8", "Utf8", "Int64"];
    let without = WriterProperties::builder().set_dictionary_enabled(false);
    let small_groups = sample(WriterProperties::builder(), 1000);
    for file in [sample(without, GROUP_ROWS), small_groups] {
        assert_eq!(types(&to_arrow(&file, &options(Profile::Arrow, true))), plain);
    }
    // A writer that stops in the middle, as its dictionary becomes too large; and few rows.
    let stops = WriterProperties::builder().set_dictionary_page_size_limit(20).set_write_batch_size(100);
    assert_eq!(types(&to_arrow(&sample(stops, GROUP_ROWS), &options(Profile::Arrow, true)))[0], "Utf8");
    let mut few = options(Profile::Arrow, true);
    few.rows = Some(0..60_000);
    assert_eq!(types(&to_arrow(&sample(WriterProperties::builder(), GROUP_ROWS), &few)), plain);
}

#[test]
fn text_is_plain_beside_columns_that_hold_others() {
    let few: ArrayRef = Arc::new((0..ROWS).map(text).collect::<StringArray>());
    let lists = (0..ROWS).map(|row| Some([Some(row as i32)]));
    let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(lists));
    let batch = table(vec![
        (Field::new("few", DataType::Utf8, true), few),
        (Field::new("lists", lists.data_type().clone(), true), lists),
    ]);
    let file =
        parquet_file(&batch, WriterProperties::builder().set_max_row_group_row_count(Some(GROUP_ROWS)));
    let mut options = options(Profile::Arrow, true);
    let (_, info) = convert(&file, FileFormat::Parquet, FileFormat::Arrow, &options).unwrap();
    assert_eq!((info.rows, info.columns[0].arrow_type.as_str()), (ROWS as u64, "Utf8"));
    options.columns = Some(["few".to_owned()].into());
    assert_eq!(types(&to_arrow(&file, &options)), [DICTIONARY]);
}

#[test]
fn damaged_files_are_refused_or_read() {
    let file = sample(WriterProperties::builder(), GROUP_ROWS);
    let options = options(Profile::Arrow, true);
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    // In most places there are the texts and numbers that are different everywhere; the first column is what counts here.
    let first_column = file.len() / 20;
    let (mut refused, mut read) = (0, 0);
    for _ in 0..100 {
        let mut bytes = file.to_vec();
        for _ in 0..=numbers.below(3) {
            let place = numbers.below(first_column);
            bytes[place] = numbers.below(256) as u8;
        }
        match convert(&bytes.into(), FileFormat::Parquet, FileFormat::Arrow, &options) {
            Ok((arrow, info)) => {
                assert_eq!(validate_arrow(&arrow).unwrap().rows, info.rows);
                read += 1;
            }
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 5 && read > 5, "{refused} refused, {read} read");
}
