//! Tables as a buggy or hostile step may write them, each refused by name: the checks of profile workbench.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::Buffer;
use arrow::datatypes::*;
use crunchbox_table::{Check, ConvertOptions, FileFormat, Input, Profile, TableLimits};

use crate::support::*;

fn in_a(check: Check) -> (Check, Option<String>) {
    (check, Some("A".to_string()))
}

fn text(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

/// A text column stored as a dictionary.
fn dictionary(keys: &[Option<i32>], values: &[Option<&str>]) -> RecordBatch {
    let keys = Int32Array::from(keys.to_vec());
    column(Arc::new(DictionaryArray::new(keys, text(values))))
}

fn dates(unit: &str, dates: &[Option<&str>]) -> RecordBatch {
    let days = |text: &str| {
        let date: chrono::NaiveDate = text.parse().unwrap();
        date.signed_duration_since(chrono::NaiveDate::from_ymd_opt(1970, 1, 1).unwrap()).num_days() as i32
    };
    let array = Date32Array::from(dates.iter().map(|date| date.map(days)).collect::<Vec<_>>());
    table(vec![(field("A", DataType::Date32, &[("unit", unit)]), Arc::new(array))])
}

fn refused_table(batch: &RecordBatch) -> (Check, Option<String>) {
    refused(&arrow_file(std::slice::from_ref(batch)))
}

fn accepted(batch: &RecordBatch) {
    validate_workbench(&arrow_file(std::slice::from_ref(batch))).unwrap();
}

#[test]
fn d01_not_an_arrow_file() {
    assert_eq!(refused(&b"this is not an Arrow file".to_vec().into()), (Check::ArrowMagic, None));
    assert_eq!(refused(&Buffer::default()), (Check::ArrowMagic, None));
}

#[test]
fn d02_a_file_that_cannot_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let input = Input::File(std::fs::File::open(directory.path()).unwrap());
    let output = tempfile::tempfile().unwrap();
    let options = ConvertOptions::new(Profile::Workbench);
    let error =
        crunchbox_table::convert(input, FileFormat::Arrow, FileFormat::Csv, output, &options).unwrap_err();
    assert_eq!(error.check(), Check::InputOutput);
    assert!(error.is_input_output());
}

#[test]
fn d03_text_offsets_past_the_buffer() {
    let mut file = RawFile::new(&[column(text(&[Some("ab"), Some("cdefgh")]))]);
    file.batch().buffer(1)[8..12].copy_from_slice(&9i32.to_le_bytes());
    assert_eq!(refused(&file.bytes()), in_a(Check::ArrowValues));
}

#[test]
fn d04_text_that_is_not_utf8() {
    let mut file = RawFile::new(&[column(text(&[Some("abc")]))]);
    file.batch().buffer(2)[1] = 0xc9;
    assert_eq!(refused(&file.bytes()), in_a(Check::ArrowValues));
    // A character cut in two by an offset.
    let mut file = RawFile::new(&[column(text(&[Some("é"), Some("é")]))]);
    file.batch().buffer(1)[4..8].copy_from_slice(&1i32.to_le_bytes());
    assert_eq!(refused(&file.bytes()), in_a(Check::ArrowValues));
}

#[test]
fn d05_dictionary_values_that_are_not_utf8() {
    let mut file = RawFile::new(&[dictionary(&[Some(0)], &[Some("abc")])]);
    file.dictionary().buffer(2)[1] = 0xc9;
    assert_eq!(refused(&file.bytes()), in_a(Check::ArrowValues));
}

#[test]
fn d06_a_column_name_that_is_not_utf8() {
    let good = arrow_file(&[table(vec![(Field::new("NAMENAME", DataType::Utf8, true), text(&[]))])]);
    let mut bytes = good.to_vec();
    let places: Vec<_> =
        bytes.windows(8).enumerate().filter(|(_, text)| *text == b"NAMENAME").map(|(at, _)| at).collect();
    assert_eq!(places.len(), 2, "in the schema message and the footer");
    for place in places {
        bytes[place + 3] = 0xff;
    }
    assert_eq!(refused(&bytes.into()), (Check::ColumnNameUtf8, None));
}

#[test]
fn d07_control_characters_in_a_column_name() {
    for (name, shown) in [("a\nb", "a\\u{a}b"), ("a\0", "a\\u{0}"), ("\u{1f}", "\\u{1f}")] {
        let batch = table(vec![(Field::new(name, DataType::Utf8, true), text(&[]))]);
        assert_eq!(refused_table(&batch), (Check::ColumnNameControlCharacters, Some(shown.to_string())));
    }
    for name in ["ééé", "\u{7f}", " "] {
        accepted(&table(vec![(Field::new(name, DataType::Utf8, true), text(&[]))]));
    }
}

#[test]
fn d08_a_column_name_over_120_bytes() {
    let named = |name: String| table(vec![(Field::new(name, DataType::Utf8, true), text(&[]))]);
    accepted(&named("é".repeat(60)));
    assert_eq!(refused_table(&named(format!("{}x", "é".repeat(60)))).0, Check::ColumnNameMaxBytes);
}

#[test]
fn d09_a_dictionary_value_that_is_never_used() {
    let batch = dictionary(&[Some(0), Some(2), None], &[Some("a"), Some("b"), Some("c")]);
    assert_eq!(refused_table(&batch), in_a(Check::DictionaryValuesAllUsed));
    accepted(&dictionary(&[Some(0), Some(2), None, Some(1)], &[Some("a"), Some("b"), Some("c")]));
}

#[test]
fn d10_all_indices_null_and_a_dictionary_with_values() {
    assert_eq!(refused_table(&dictionary(&[None, None], &[Some("a")])), in_a(Check::DictionaryValuesAllUsed));
    accepted(&dictionary(&[None, None], &[]));
    // Nor may it hide in a file without rows, or without batches.
    assert_eq!(refused_table(&dictionary(&[], &[Some("a")])), in_a(Check::DictionaryValuesAllUsed));
    let mut file = RawFile::new(&[dictionary(&[Some(0)], &[Some("a")])]);
    file.blocks.retain(|block| block.dictionary.is_some());
    assert_eq!(refused(&file.bytes()), in_a(Check::DictionaryValuesAllUsed));
}

#[test]
fn d11_a_dictionary_that_holds_null() {
    let batch = dictionary(&[Some(0), Some(1)], &[Some("a"), None]);
    assert_eq!(refused_table(&batch), in_a(Check::DictionaryValuesNotNull));
}

#[test]
fn d12_a_dictionary_that_holds_a_value_twice() {
    let batch = dictionary(&[Some(0), Some(1), Some(2)], &[Some("a"), Some("b"), Some("a")]);
    assert_eq!(refused_table(&batch), in_a(Check::DictionaryValuesUnique));
}

#[test]
fn d13_floats_that_are_not_finite() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let batch = number(Arc::new(Float64Array::from(vec![1.0, bad])));
        assert_eq!(refused_table(&batch), in_a(Check::FloatsAllFinite));
        let batch = number(Arc::new(Float32Array::from(vec![1.0, bad as f32])));
        assert_eq!(refused_table(&batch), in_a(Check::FloatsAllFinite));
        let batch = number(Arc::new(Float16Array::from(vec![half::f16::from_f64(bad)])));
        assert_eq!(refused_table(&batch), in_a(Check::FloatsAllFinite));
        // What a null slot holds is of no interest.
        let nulls = arrow::buffer::NullBuffer::from(vec![true, false]);
        accepted(&number(Arc::new(Float64Array::new(vec![1.0, bad].into(), Some(nulls)))));
    }
}

#[test]
fn d14_schema_metadata_even_empty() {
    let batch = column(text(&[Some("a")]));
    let schema = batch.schema().as_ref().clone().with_metadata(HashMap::from([("k".into(), "v".into())]));
    let batch = batch.with_schema(Arc::new(schema)).unwrap();
    assert_eq!(refused_table(&batch), (Check::SchemaMetadata, None));
    validate_arrow(&arrow_file(&[batch])).unwrap();

    let file = RawFile::with_schema(|fbb| {
        let fields = fbb.create_vector::<flatbuffers::ForwardsUOffset<arrow::ipc::Field>>(&[]);
        let metadata = fbb.create_vector::<flatbuffers::ForwardsUOffset<arrow::ipc::KeyValue>>(&[]);
        let mut schema = arrow::ipc::SchemaBuilder::new(fbb);
        schema.add_fields(fields);
        schema.add_custom_metadata(metadata);
        schema.finish()
    });
    assert_eq!(refused(&file.bytes()), (Check::SchemaMetadata, None));

    let mut file = RawFile::new(&[column(text(&[Some("a")]))]);
    file.footer_metadata = true;
    assert_eq!(refused(&file.bytes()), (Check::SchemaMetadata, None));
}

#[test]
fn d15_any_number_of_record_batches_is_fine() {
    let batch = dictionary(&[Some(0), Some(1)], &[Some("a"), Some("b")]);
    let info = validate_workbench(&arrow_file(&[batch.clone(), batch.clone(), batch])).unwrap();
    assert_eq!(info.rows, 6);
    // Values count as used if any batch uses them.
    let values = text(&[Some("a"), Some("b")]);
    let part = |key: i32| column(Arc::new(DictionaryArray::new(Int32Array::from(vec![key]), values.clone())));
    validate_workbench(&arrow_file(&[part(0), part(1)])).unwrap();
    assert_eq!(refused(&arrow_file(&[part(0), part(0)])), in_a(Check::DictionaryValuesAllUsed));
}

#[test]
fn d16_a_name_twice() {
    let fields = ["A", "B", "A"].map(|name| (Field::new(name, DataType::Utf8, true), text(&[])));
    let error = validate_workbench(&arrow_file(&[table(fields.to_vec())])).unwrap_err();
    assert_eq!(error.check(), Check::ColumnNameUnique);
    assert_eq!(error.column(), Some("A"));
    assert!(error.detail().contains("1 and 3"), "{error}");
}

#[test]
fn d17_timestamps_with_metadata_a_zone_or_another_unit() {
    let array = TimestampNanosecondArray::from(vec![0]);
    let with = |metadata: &[(&str, &str)]| field("A", array.data_type().clone(), metadata);
    accepted(&table(vec![(with(&[]), Arc::new(array.clone()))]));
    let batch = table(vec![(with(&[("unit", "day")]), Arc::new(array.clone()))]);
    assert_eq!(refused_table(&batch), in_a(Check::FieldMetadata));
    let batch = column(Arc::new(array.with_timezone("UTC")));
    assert_eq!(refused_table(&batch), in_a(Check::TimestampTimezone));
    let batch = column(Arc::new(TimestampMicrosecondArray::from(vec![0])));
    assert_eq!(refused_table(&batch), in_a(Check::TimestampUnit));
}

#[test]
fn d18_dates_without_exactly_a_unit() {
    for metadata in [&[][..], &[("unit", "day"), ("format", "{}")], &[("unit", "days")], &[("Unit", "day")]] {
        let batch =
            table(vec![(field("A", DataType::Date32, metadata), Arc::new(Date32Array::from(vec![0])))]);
        assert_eq!(refused_table(&batch), in_a(Check::FieldMetadata), "{metadata:?}");
    }
}

#[test]
fn d19_dates_that_do_not_begin_their_unit() {
    for (unit, date) in [
        ("week", "2021-04-04"),
        ("week", "1969-12-28"),
        ("month", "2021-04-02"),
        ("quarter", "2021-03-01"),
        ("quarter", "2021-04-02"),
        ("year", "1900-04-01"),
        ("year", "1900-01-02"),
    ] {
        assert_eq!(refused_table(&dates(unit, &[None, Some(date)])), in_a(Check::DateUnit), "{unit} {date}");
    }
    accepted(&dates("week", &[Some("2021-04-05"), None, Some("2021-04-12"), Some("1969-12-29")]));
    accepted(&dates("month", &[Some("1200-12-01"), Some("3199-02-01")]));
    accepted(&dates(
        "quarter",
        &["01", "04", "07", "10"]
            .map(|month| format!("1900-{month}-01"))
            .each_ref()
            .map(|date| Some(date.as_str())),
    ));
    accepted(&dates("year", &[Some("0001-01-01"), Some("1900-01-01"), Some("9999-01-01")]));
    accepted(&dates("day", &[Some("0001-01-01"), Some("9999-12-31")]));
}

#[test]
fn d20_text_with_metadata() {
    let batch = table(vec![(field("A", DataType::Utf8, &[("format", "{}")]), text(&[]))]);
    assert_eq!(refused_table(&batch), in_a(Check::FieldMetadata));
}

#[test]
fn d21_numbers_without_exactly_a_format() {
    for metadata in [&[][..], &[("format", "{}"), ("x", "")], &[("unit", "day")]] {
        let batch = table(vec![(field("A", DataType::Int8, metadata), Arc::new(Int8Array::from(vec![0])))]);
        assert_eq!(refused_table(&batch), in_a(Check::FieldMetadata), "{metadata:?}");
    }
}

#[test]
fn d22_formats_that_are_none() {
    let with = |format: &str| {
        table(vec![(field("A", DataType::Int8, &[("format", format)]), Arc::new(Int8Array::from(vec![0])))])
    };
    assert_eq!(refused_table(&with("{:,invalid")), in_a(Check::NumberFormat));
    accepted(&with("€{:,.2f}"));
    let mut bytes = arrow_file(&[with("{:,}FORMAT")]).to_vec();
    let places: Vec<_> =
        bytes.windows(6).enumerate().filter(|(_, text)| *text == b"FORMAT").map(|(at, _)| at).collect();
    places.iter().for_each(|place| bytes[*place] = 0xff);
    assert_eq!(refused(&bytes.into()), (Check::MetadataEntries, None));
}

#[test]
fn d23_types_that_are_no_column_type() {
    let list = Arc::new(ListArray::from_iter_primitive::<Int8Type, _, _>(vec![Some(vec![Some(1)])]));
    let fields = Fields::from(vec![Field::new("x", DataType::Utf8, true)]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Time64MicrosecondArray::from(vec![1])),
        Arc::new(BooleanArray::from(vec![true])),
        Arc::new(NullArray::new(1)),
        Arc::new(Date64Array::from(vec![0])),
        Arc::new(BinaryArray::from(vec![&b"x"[..]])),
        list,
        Arc::new(StructArray::new(fields, vec![text(&[Some("x")])], None)),
        Arc::new(LargeStringArray::from(vec!["x"])),
        Arc::new(StringViewArray::from(vec!["x"])),
        Arc::new(Decimal128Array::from(vec![1])),
    ];
    for array in columns {
        let file = arrow_file(&[column(array.clone())]);
        assert_eq!(refused(&file), in_a(Check::ColumnType), "{}", array.data_type());
        validate_arrow(&file).unwrap();
    }
}

#[test]
fn d24_an_empty_column_name() {
    let batch = table(vec![(Field::new("", DataType::Utf8, true), text(&[]))]);
    assert_eq!(refused_table(&batch).0, Check::ColumnNameEmpty);
}

#[test]
fn d25_a_dictionary_of_something_else_than_text() {
    let values = Int64Array::from(vec![5]);
    let batch = column(Arc::new(DictionaryArray::new(Int32Array::from(vec![0]), Arc::new(values))));
    assert_eq!(refused_table(&batch), in_a(Check::DictionaryValueType));
    // Nor indices that older readers can't take.
    let keys = UInt8Array::from(vec![0]);
    let batch = column(Arc::new(DictionaryArray::new(keys, text(&[Some("a")]))));
    assert_eq!(refused_table(&batch), in_a(Check::DictionaryIndexType));
    let keys = Int64Array::from(vec![0]);
    let batch = column(Arc::new(DictionaryArray::new(keys, text(&[Some("a")]))));
    assert_eq!(refused_table(&batch), in_a(Check::DictionaryIndexType));
    for keys in [
        column(Arc::new(DictionaryArray::new(Int8Array::from(vec![0]), text(&[Some("a")])))),
        column(Arc::new(DictionaryArray::new(Int16Array::from(vec![0]), text(&[Some("a")])))),
    ] {
        accepted(&keys);
    }
}

#[test]
fn d26_unused_dictionary_values_at_the_end() {
    let batch = dictionary(&[Some(0), Some(1)], &[Some("a"), Some("b"), Some("c")]);
    assert_eq!(refused_table(&batch), in_a(Check::DictionaryValuesAllUsed));
}

#[test]
fn d27_bad_column_names_in_a_file_without_batches() {
    for (name, check) in [
        ("", Check::ColumnNameEmpty),
        ("a\tb", Check::ColumnNameControlCharacters),
        (&*"x".repeat(121), Check::ColumnNameMaxBytes),
    ] {
        let mut file = RawFile::new(&[table(vec![(Field::new(name, DataType::Utf8, true), text(&[]))])]);
        file.blocks.clear();
        assert_eq!(refused(&file.bytes()).0, check);
    }
}

#[test]
fn d28_dates_out_of_range() {
    for days in [123_123_123, i32::MAX, i32::MIN, -719_163, 2_932_897] {
        let array = Date32Array::from(vec![days]);
        let batch = table(vec![(field("A", DataType::Date32, &[("unit", "day")]), Arc::new(array))]);
        assert_eq!(refused_table(&batch), in_a(Check::DateRange), "{days}");
    }
}

#[test]
fn d29_too_many_rows_columns_or_bytes() {
    let rows = |count| number(Arc::new(Int8Array::from(vec![0; count])));
    accepted(&rows(1_000_000));
    assert_eq!(refused_table(&rows(1_000_001)), (Check::MaxRows, None));
    let half = rows(500_001);
    assert_eq!(refused(&arrow_file(&[half.clone(), half])), (Check::MaxRows, None));

    let columns = |count: usize| {
        table(
            (0..count)
                .map(|index| (Field::new(index.to_string(), DataType::Utf8, true), text(&[])))
                .collect(),
        )
    };
    accepted(&columns(600));
    assert_eq!(refused_table(&columns(601)), (Check::MaxColumns, None));

    let long = |bytes: usize| "x".repeat(bytes);
    accepted(&column(text(&[Some(&long(32_768)), Some("")])));
    assert_eq!(refused_table(&column(text(&[Some(&long(32_769))]))), in_a(Check::MaxBytesPerValue));
    assert_eq!(refused_table(&dictionary(&[Some(0)], &[Some(&long(32_769))])), in_a(Check::MaxBytesPerValue));

    let mut limits = TableLimits::workbench();
    limits.bytes_text = 10;
    let two = |a: &str, b: &str| arrow_file(&[column(text(&[Some(a)])), column(text(&[Some(b)]))]);
    crunchbox_table::validate(&two("12345", "67890"), Profile::Workbench, &limits).unwrap();
    let error = crunchbox_table::validate(&two("12345", "678901"), Profile::Workbench, &limits).unwrap_err();
    assert_eq!(error.check(), Check::MaxBytesText);
    // A dictionary counts once, however many batches show it.
    let batch = dictionary(&[Some(0), Some(0)], &[Some("123456")]);
    let file = arrow_file(&[batch.clone(), batch.clone(), batch]);
    crunchbox_table::validate(&file, Profile::Workbench, &limits).unwrap();
}

#[test]
fn d30_little_tables_are_fine() {
    accepted(&column(text(&[])));
    accepted(&column(text(&[None, None])));
    accepted(&column(text(&[Some(""), Some("")])));
    accepted(&RecordBatch::new_empty(Arc::new(Schema::empty())));
    let mut file = RawFile::new(&[column(text(&[]))]);
    file.blocks.clear();
    let info = validate_workbench(&file.bytes()).unwrap();
    assert_eq!((info.rows, info.columns.len()), (0, 1));
}

#[test]
fn the_info_tells_what_users_call_the_columns() {
    let batch = table(vec![
        (Field::new("t", DataType::Utf8, true), text(&[Some("x")])),
        (field("n", DataType::Float32, &[("format", "${:,.2f}")]), Arc::new(Float32Array::from(vec![1.5]))),
        (
            Field::new("ts", DataType::Timestamp(TimeUnit::Nanosecond, None), true),
            Arc::new(TimestampNanosecondArray::from(vec![0])),
        ),
        (field("d", DataType::Date32, &[("unit", "month")]), Arc::new(Date32Array::from(vec![0]))),
    ]);
    let info = validate_workbench(&arrow_file(&[batch])).unwrap();
    let types: Vec<_> = info.columns.iter().map(|column| column.type_name.as_str()).collect();
    assert_eq!(types, ["text", "number", "timestamp", "date"]);
    assert_eq!(info.columns[1].format.as_deref(), Some("${:,.2f}"));
    assert_eq!(info.columns[3].unit.as_deref(), Some("month"));
    let json = serde_json::to_value(&info.columns[1]).unwrap();
    assert_eq!(
        json,
        serde_json::json!({"name": "n", "type": "number", "format": "${:,.2f}", "arrow_type": "Float32"})
    );
    assert_eq!(serde_json::from_value::<crunchbox_table::ColumnInfo>(json).unwrap(), info.columns[1]);
}
