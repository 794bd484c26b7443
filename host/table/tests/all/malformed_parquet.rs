//! Parquet and CSV files that are broken, or that unfold to more than anyone asked for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::*;
use arrow::buffer::Buffer;
use arrow::datatypes::*;
use crunchbox_table::{Check, ConvertOptions, FileFormat, Profile, TableError, TableInfo};
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};

use crate::support::*;

fn read(file: &Buffer, from: FileFormat, options: &ConvertOptions) -> Result<TableInfo, TableError> {
    convert(file, from, FileFormat::Arrow, options).map(|(arrow, info)| {
        validate_arrow(&arrow).unwrap();
        info
    })
}

fn options() -> ConvertOptions {
    ConvertOptions::new(Profile::Arrow)
}

fn parquet_check(file: &Buffer, options: &ConvertOptions) -> Check {
    read(file, FileFormat::Parquet, options).unwrap_err().check()
}

fn sample() -> Buffer {
    let batch = table(vec![
        (Field::new("n", DataType::Int32, true), Arc::new(Int32Array::from(vec![Some(1), None, Some(3)]))),
        (Field::new("t", DataType::Utf8, true), Arc::new(StringArray::from(vec!["a", "b", "a"]))),
    ]);
    parquet_file(&batch, WriterProperties::builder().set_compression(Compression::SNAPPY))
}

#[test]
fn values_that_their_types_do_not_have_are_refused() {
    let decimal = |value| {
        let values = Decimal128Array::from(vec![value]).with_precision_and_scale(5, 2).unwrap();
        parquet_file(&column(Arc::new(values)), WriterProperties::builder())
    };
    read(&decimal(-99_999), FileFormat::Parquet, &options()).unwrap();
    assert_eq!(parquet_check(&decimal(-100_000), &options()), Check::ArrowDecimalPrecision);
    let time = |value| {
        let values = Time32MillisecondArray::from(vec![value]);
        parquet_file(&column(Arc::new(values)), WriterProperties::builder())
    };
    read(&time(86_399_999), FileFormat::Parquet, &options()).unwrap();
    assert_eq!(parquet_check(&time(86_400_000), &options()), Check::ArrowTimeRange);
}

#[test]
fn every_beginning_of_a_parquet_file_is_refused() {
    let file = sample();
    read(&file, FileFormat::Parquet, &options()).unwrap();
    for length in 0..file.len() {
        assert_eq!(
            parquet_check(&file.slice_with_length(0, length), &options()),
            Check::Parquet,
            "{length} bytes"
        );
    }
}

#[test]
fn parquet_footer_lengths() {
    let good = sample();
    let at = good.len() - 8;
    for length in [0, u32::MAX, 1 << 20, 8] {
        let mut bytes = good.to_vec();
        bytes[at..at + 4].copy_from_slice(&length.to_le_bytes());
        let check = parquet_check(&bytes.into(), &options());
        assert!(matches!(check, Check::Parquet | Check::MaxMetadataBytes), "{length}: {check}");
    }
}

/// A Parquet file without rows, with a footer that says what `schema` holds.
fn with_schema(elements: usize, schema: &[u8]) -> Buffer {
    // Version 1, then the list of schema elements: more than 14 of them, so that their number follows.
    let mut footer = vec![0x15, 0x02, 0x19, 0xfc];
    let mut count = elements;
    while count >= 0x80 {
        footer.push(count as u8 | 0x80);
        count >>= 7;
    }
    footer.push(count as u8);
    footer.extend_from_slice(schema);
    // No rows, no row groups.
    footer.extend_from_slice(&[0x16, 0x00, 0x19, 0x0c, 0x00]);
    let mut bytes = b"PAR1".to_vec();
    bytes.extend_from_slice(&footer);
    bytes.extend_from_slice(&(footer.len() as u32).to_le_bytes());
    bytes.extend_from_slice(b"PAR1");
    bytes.into()
}

/// A group: required (field 3), a name (field 4), one child (field 5).
const GROUP: [u8; 8] = [0x35, 0x00, 0x18, 0x01, b'g', 0x15, 0x02, 0x00];
/// Type Int32 (field 1), required, a name.
const LEAF: [u8; 8] = [0x15, 0x02, 0x25, 0x00, 0x18, 0x01, b'x', 0x00];

#[test]
fn parquet_schemas_nested_too_deep() {
    let nested = |levels: usize| with_schema(levels + 1, &[GROUP.repeat(levels), LEAF.to_vec()].concat());
    let info = read(&nested(20), FileFormat::Parquet, &options()).unwrap();
    assert_eq!((info.rows, info.columns.len()), (0, 1));
    for levels in [200, 1_000_000] {
        let check = parquet_check(&nested(levels), &options());
        assert!(matches!(check, Check::MaxNestingDepth | Check::MaxFields), "{levels}: {check}");
    }
}

#[test]
fn parquet_pages_that_unfold() {
    let mut limited = options();
    limited.limits.decoded_bytes = 1 << 20;
    // Plain pages of zeros, which compress well.
    let zeros = column(Arc::new(Int64Array::from(vec![0; 1_000_000])));
    let properties = || WriterProperties::builder().set_compression(Compression::ZSTD(Default::default()));
    let file = parquet_file(&zeros, properties().set_dictionary_enabled(false));
    assert!(file.len() < 10_000, "{}", file.len());
    assert_eq!(parquet_check(&file, &limited), Check::MaxDecodedBytes);
    // Values that take next to no bytes even in the page.
    let file = parquet_file(&zeros, properties());
    assert_eq!(parquet_check(&file, &limited), Check::MaxDecodedBytes);
    let delta = properties().set_dictionary_enabled(false).set_encoding(Encoding::DELTA_BINARY_PACKED);
    assert_eq!(parquet_check(&parquet_file(&zeros, delta), &limited), Check::MaxDecodedBytes);
    let nulls = column(Arc::new(Int64Array::from(vec![None; 1_000_000])));
    assert_eq!(parquet_check(&parquet_file(&nulls, properties()), &limited), Check::MaxDecodedBytes);
}

#[test]
fn parquet_pages_that_lie_about_what_they_unfold_to() {
    let zeros = column(Arc::new(Int64Array::from(vec![0; 100_000])));
    for codec in [
        Compression::GZIP(Default::default()),
        Compression::BROTLI(Default::default()),
        Compression::ZSTD(Default::default()),
    ] {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let properties = WriterProperties::builder()
                .set_compression(codec)
                .set_writer_version(version)
                .set_dictionary_enabled(false)
                .set_encoding(Encoding::PLAIN)
                .set_data_page_row_count_limit(1_000_000)
                .set_data_page_size_limit(10 << 20)
                .set_write_batch_size(1_000_000);
            let file = parquet_file(&zeros, properties);
            read(&file, FileFormat::Parquet, &options()).unwrap();
            // The page's header: its type (field 1), then its length once unfolded (field 2), 800,000 and a few.
            let mut bytes = file.to_vec();
            let at = 4;
            assert_eq!((bytes[at], bytes[at + 2]), (0x15, 0x15), "fields 1 and 2");
            assert!(bytes[at + 3] & bytes[at + 4] & 0x80 != 0 && bytes[at + 5] & 0x80 == 0, "three bytes");
            bytes[at + 3..at + 6].copy_from_slice(&[0x80 | 0x10, 0x80 | 0x10, 0x01]);
            let error = read(&bytes.into(), FileFormat::Parquet, &options()).unwrap_err();
            assert_eq!(error.check(), Check::Parquet);
            assert!(error.detail().contains("does not unfold to the"), "{codec:?} {version:?}: {error}");
        }
    }
}

#[test]
fn parquet_dictionaries_that_unfold() {
    // One text of a megabyte, a thousand times.
    let long = "x".repeat(1 << 20);
    let keys = Int32Array::from(vec![0; 1000]);
    let batch =
        column(Arc::new(DictionaryArray::new(keys, Arc::new(StringArray::from(vec![long.as_str()])))));
    let properties = WriterProperties::builder().set_dictionary_page_size_limit(4 << 20);
    let file = parquet_file(&batch, properties);
    assert!(file.len() < 3 << 20, "{}", file.len());
    let mut limited = options();
    limited.limits.decoded_bytes = 100 << 20;
    let start = Instant::now();
    assert_eq!(parquet_check(&file, &limited), Check::MaxDecodedBytes);
    assert!(start.elapsed() < Duration::from_secs(20));

    // Where it is allowed it is read in pieces, and put together.
    let few = parquet_file(&batch.slice(0, 100), WriterProperties::builder());
    let (arrow, info) = convert(&few, FileFormat::Parquet, FileFormat::Arrow, &options()).unwrap();
    assert_eq!(info.rows, 100);
    assert_eq!(read_arrow(&arrow).len(), 1);
}

#[test]
fn parquet_limits_on_rows_and_columns() {
    let mut limited = options();
    limited.limits.rows = 2;
    assert_eq!(parquet_check(&sample(), &limited), Check::MaxRows);
    let mut limited = options();
    limited.limits.columns = 1;
    assert_eq!(parquet_check(&sample(), &limited), Check::MaxColumns);
}

#[test]
fn text_in_parquet_is_utf8() {
    let batch = column(Arc::new(StringArray::from(vec!["MARKMARK", "b"])));
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None);
    let mut bytes = parquet_file(&batch, properties).to_vec();
    let place = bytes.windows(8).position(|text| text == b"MARKMARK").unwrap();
    bytes[place] = 0xff;
    assert_eq!(parquet_check(&bytes.into(), &options()), Check::Parquet);
}

fn csv(text: impl AsRef<[u8]>) -> Result<TableInfo, TableError> {
    read(&text.as_ref().to_vec().into(), FileFormat::Csv, &options())
}

#[test]
fn csv_lines_that_do_not_fit() {
    let error = csv("a,b\n1,2\n3\n").unwrap_err();
    assert_eq!(error.check(), Check::CsvCells);
    assert!(error.detail().contains("line 3 has 1 cells, and the header has 2"), "{error}");
    let error = csv("a\n\"x\ny\"\n1,2,3\n").unwrap_err();
    assert!(error.detail().contains("line 4 has 3"), "{error}");
}

#[test]
fn csv_is_utf8() {
    let error = csv(b"a,b\n1,x\n2,\xe9t\xe9\n").unwrap_err();
    assert_eq!((error.check(), error.column()), (Check::CsvUtf8, Some("b")));
    assert!(error.detail().starts_with("line 3: "), "{error}");
    assert_eq!(csv(b"a,\xff\n").unwrap_err().check(), Check::CsvUtf8);
}

#[test]
fn csv_limits() {
    let check = |text: &str, limit: fn(&mut ConvertOptions)| {
        let mut limited = options();
        limit(&mut limited);
        read(&text.as_bytes().to_vec().into(), FileFormat::Csv, &limited).unwrap_err().check()
    };
    assert_eq!(check("a\n1\n2\n", |options| options.limits.rows = 1), Check::MaxRows);
    assert_eq!(check("a,b\n", |options| options.limits.columns = 1), Check::MaxColumns);
    assert_eq!(check("a\nxxx\n", |options| options.limits.bytes_per_value = 2), Check::MaxBytesPerValue);
    assert_eq!(check("a\nxxx\nyyy\n", |options| options.limits.bytes_text = 5), Check::MaxBytesText);
    assert_eq!(check("a\nxxx\nyyy\n", |options| options.limits.decoded_bytes = 5), Check::MaxDecodedBytes);
}
