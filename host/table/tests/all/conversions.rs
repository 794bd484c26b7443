//! What goes in comes out, in every format.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::*;
use arrow::buffer::Buffer;
use arrow::datatypes::*;
use crunchbox_table::{Check, ConvertOptions, FileFormat, Input, Profile, Release, TableLimits};

use crate::support::*;

fn from_csv(text: impl AsRef<[u8]>) -> RecordBatch {
    let options = ConvertOptions::new(Profile::Arrow);
    let input: Buffer = text.as_ref().to_vec().into();
    let (file, _) = convert(&input, FileFormat::Csv, FileFormat::Arrow, &options).unwrap();
    validate_arrow(&file).unwrap();
    read_one(&file)
}

fn to_csv(batch: &RecordBatch) -> String {
    let options = ConvertOptions::new(Profile::Arrow);
    let file = arrow_file(std::slice::from_ref(batch));
    let (csv, _) = convert(&file, FileFormat::Arrow, FileFormat::Csv, &options).unwrap();
    String::from_utf8(csv.to_vec()).unwrap()
}

#[test]
fn csv_columns_get_types() {
    let batch = from_csv(
        "whole,float,text,mixed,code,long,none\n1,1,a,1,007,9223372036854775808,\n-2,2.5,,x,008,1,\n,,\"c,\"\"d\"\"\",,,,\n",
    );
    let types: Vec<_> = batch.schema().fields().iter().map(|field| field.data_type().clone()).collect();
    use DataType::*;
    assert_eq!(types, [Int64, Float64, Utf8, Utf8, Utf8, Utf8, Utf8]);
    assert_eq!(batch.column(0).as_primitive::<Int64Type>(), &Int64Array::from(vec![Some(1), Some(-2), None]));
    assert_eq!(
        batch.column(1).as_primitive::<Float64Type>(),
        &Float64Array::from(vec![Some(1.0), Some(2.5), None])
    );
    assert_eq!(
        batch.column(2).as_string::<i32>(),
        &StringArray::from(vec![Some("a"), None, Some("c,\"d\"")])
    );
    assert_eq!(batch.column(4).as_string::<i32>(), &StringArray::from(vec![Some("007"), Some("008"), None]));
    assert_eq!(batch.column(6).null_count(), 3);
}

#[test]
fn csv_details() {
    // A byte order mark, other line ends, no line end at the end, line ends in quotes.
    let batch = from_csv("\u{feff}a,b\r\n1,\"x\r\ny\"\r\n2,z");
    assert_eq!(batch.schema().field(0).name(), "a");
    assert_eq!(batch.num_rows(), 2);
    assert_eq!(batch.column(1).as_string::<i32>().value(0), "x\r\ny");
    // Names.
    let batch = from_csv("A,,A,x\ty\n");
    let schema = batch.schema();
    let names: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["A", "Column 2", "A 2", "xy"]);
    // Nothing at all.
    assert_eq!(from_csv("").num_columns(), 0);
    assert_eq!(from_csv("a\n").num_rows(), 0);
    // A quoted empty cell of a single column is a row.
    assert_eq!(from_csv("a\n\"\"\n\n\"\"\n").num_rows(), 2);
}

#[test]
fn csv_can_be_read_from_a_file_into_any_batches() {
    let mut text = "n,t\n".to_string();
    for row in 0..70_000 {
        text.push_str(&format!("{row},t{row}\n"));
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &text).unwrap();
    let output = tempfile::NamedTempFile::new().unwrap();
    let options = ConvertOptions::new(Profile::Arrow);
    let input = Input::File(file.reopen().unwrap());
    let info = crunchbox_table::convert(
        input,
        FileFormat::Csv,
        FileFormat::Arrow,
        output.reopen().unwrap(),
        &options,
    );
    assert_eq!(info.unwrap().rows, 70_000);
    let arrow: Buffer = std::fs::read(output.path()).unwrap().into();
    assert_eq!(read_arrow(&arrow).len(), 1, "all in one");
    let mut small = options.clone();
    small.batch_rows = Some(30_000);
    let (pieces, _) = convert(&arrow, FileFormat::Arrow, FileFormat::Arrow, &small).unwrap();
    let rows: Vec<_> = read_arrow(&pieces).iter().map(RecordBatch::num_rows).collect();
    assert_eq!(rows, [30_000, 30_000, 10_000]);
    let (back, _) = convert(&arrow, FileFormat::Arrow, FileFormat::Csv, &options).unwrap();
    assert_eq!(back.as_slice(), text.as_bytes());
}

#[test]
fn csv_output_is_quoted_where_it_has_to_be() {
    let batch = table(vec![
        (
            Field::new("a,b", DataType::Utf8, true),
            Arc::new(StringArray::from(vec![Some("x\"y"), None, Some("l\nm")])),
        ),
        (Field::new("n", DataType::Float64, true), Arc::new(Float64Array::from(vec![1.0, 0.1, 1e300]))),
        (Field::new("d", DataType::Date32, true), Arc::new(Date32Array::from(vec![0, 1, -1]))),
    ]);
    assert_eq!(
        to_csv(&batch),
        "\"a,b\",n,d\n\"x\"\"y\",1.0,1970-01-01\n,0.1,1970-01-02\n\"l\nm\",1e300,1969-12-31\n"
    );
    assert_eq!(to_csv(&column(Arc::new(StringArray::from(vec![None, Some("x")])))), "A\n\"\"\nx\n");
    assert_eq!(to_csv(&RecordBatch::new_empty(Arc::new(Schema::empty()))), "");
}

#[test]
fn workbench_tables_survive_parquet_with_their_metadata() {
    let batch = table(vec![
        (Field::new("t", DataType::Utf8, true), Arc::new(StringArray::from(vec![Some("x"), None]))),
        (
            field("n", DataType::UInt16, &[("format", "{:.1%}")]),
            Arc::new(UInt16Array::from(vec![Some(1), None])),
        ),
        (field("d", DataType::Date32, &[("unit", "year")]), Arc::new(Date32Array::from(vec![Some(0), None]))),
        (
            Field::new("ts", DataType::Timestamp(TimeUnit::Nanosecond, None), true),
            Arc::new(TimestampNanosecondArray::from(vec![Some(1_234_567_891), None])),
        ),
    ]);
    let options = ConvertOptions::new(Profile::Workbench);
    let file = arrow_file(std::slice::from_ref(&batch));
    let (parquet, written) = convert(&file, FileFormat::Arrow, FileFormat::Parquet, &options).unwrap();
    let (back, read) = convert(&parquet, FileFormat::Parquet, FileFormat::Arrow, &options).unwrap();
    assert_eq!(written.columns, read.columns);
    validate_workbench(&back).unwrap();
    assert_eq!(read_one(&back), batch);
}

#[test]
fn what_belongs_to_the_file_is_dropped_from_its_schema() {
    let metadata = std::collections::HashMap::from([("pandas".to_string(), "{}".to_string())]);
    let batch = number(Arc::new(Int8Array::from(vec![1])));
    let schema = Arc::new(batch.schema().as_ref().clone().with_metadata(metadata));
    let file = arrow_file(&[batch.with_schema(schema).unwrap()]);
    for format in [FileFormat::Arrow, FileFormat::Parquet, FileFormat::Csv] {
        let options = ConvertOptions::new(Profile::Workbench);
        let (output, _) = convert(&file, FileFormat::Arrow, format, &options).unwrap();
        let (arrow, _) = convert(&output, format, FileFormat::Arrow, &options).unwrap();
        validate_workbench(&arrow).unwrap();
        assert!(read_one(&arrow).schema().metadata().is_empty());
    }
}

#[test]
fn parquet_gives_plain_text() {
    let keys = Int8Array::from(vec![Some(0), None, Some(1)]);
    let values: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    let dictionary = DictionaryArray::new(keys, values);
    let list = ListArray::new(
        Arc::new(Field::new_list_field(dictionary.data_type().clone(), true)),
        arrow::buffer::OffsetBuffer::from_lengths([1, 0, 2]),
        Arc::new(dictionary.clone()),
        None,
    );
    let batch = table(vec![
        (Field::new("d", dictionary.data_type().clone(), true), Arc::new(dictionary)),
        (Field::new("l", list.data_type().clone(), true), Arc::new(list)),
        (Field::new("v", DataType::Utf8View, true), Arc::new(StringViewArray::from(vec!["a", "b", "c"]))),
        (
            Field::new("b", DataType::LargeBinary, true),
            Arc::new(LargeBinaryArray::from_vec(vec![b"a", b"b", b"\xff"])),
        ),
    ]);
    let options = ConvertOptions::new(Profile::Arrow);
    let (parquet, _) = convert(
        &arrow_file(&[batch.clone(), batch.slice(1, 2)]),
        FileFormat::Arrow,
        FileFormat::Parquet,
        &options,
    )
    .unwrap();
    let (arrow, info) = convert(&parquet, FileFormat::Parquet, FileFormat::Arrow, &options).unwrap();
    validate_arrow(&arrow).unwrap();
    let types: Vec<_> = info.columns.iter().map(|column| column.arrow_type.as_str()).collect();
    assert_eq!(types, ["Utf8", "List(Utf8)", "Utf8", "Binary"]);
    let read = read_one(&arrow);
    assert_eq!(read.num_rows(), 5);
    assert_eq!(
        read.column(0).as_string::<i32>(),
        &StringArray::from(vec![Some("a"), None, Some("b"), None, Some("b")])
    );
}

#[test]
fn anything_becomes_one_of_four_types() {
    let dictionary = DictionaryArray::new(
        UInt64Array::from(vec![0, 0, 0]),
        Arc::new(LargeStringArray::from(vec!["d", "unused"])),
    );
    let numbers =
        DictionaryArray::new(Int8Array::from(vec![0, 0, 1]), Arc::new(Int64Array::from(vec![5, 6])));
    let runs = RunArray::try_new(&Int32Array::from(vec![2, 3]), &StringArray::from(vec!["r", "s"])).unwrap();
    let decimals = Decimal128Array::from(vec![150, 0, -25]).with_precision_and_scale(5, 2).unwrap();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("bool", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ("null", Arc::new(NullArray::new(3))),
        ("large", Arc::new(LargeStringArray::from(vec!["a", "b", "c"]))),
        ("view", Arc::new(StringViewArray::from(vec!["a", "b", "c"]))),
        ("dictionary", Arc::new(dictionary)),
        ("numbers", Arc::new(numbers)),
        ("runs", Arc::new(runs)),
        ("decimal", Arc::new(decimals)),
        ("float", Arc::new(Float64Array::from(vec![f64::NAN, f64::INFINITY, 1.5]))),
        ("half", Arc::new(Float16Array::from(vec![half::f16::NAN, half::f16::ONE, half::f16::ZERO]))),
        ("int", Arc::new(Int8Array::from(vec![1, 2, 3]))),
        ("time", Arc::new(Time32SecondArray::from(vec![0, 3661, 86399]))),
        ("date64", Arc::new(Date64Array::from(vec![0, 86_400_000, -86_400_000]))),
        ("zoned", Arc::new(TimestampMillisecondArray::from(vec![1, 2, 3]).with_timezone("+05:00"))),
        ("seconds", Arc::new(TimestampSecondArray::from(vec![1, 2, 3]))),
    ];
    let batch = table(
        columns
            .into_iter()
            .map(|(name, array)| (field(name, array.data_type().clone(), &[("unit", "eon")]), array))
            .collect(),
    );
    let options = ConvertOptions::new(Profile::Workbench);
    let (file, info) =
        convert(&arrow_file(&[batch]), FileFormat::Arrow, FileFormat::Arrow, &options).unwrap();
    validate_workbench(&file).unwrap();
    let types: Vec<_> = info.columns.iter().map(|column| column.type_name.as_str()).collect();
    let (text, number) = ("text", "number");
    let (date, timestamp) = ("date", "timestamp");
    assert_eq!(
        types,
        [
            text, text, text, text, text, number, text, number, number, number, number, text, date,
            timestamp, timestamp
        ]
    );
    for column in &info.columns {
        assert_eq!(column.format.as_deref(), (column.type_name == "number").then_some("{:,}"));
        assert_eq!(column.unit.as_deref(), (column.type_name == "date").then_some("day"));
    }
    let rows =
        crunchbox_table::preview(Input::Buffer(file.clone()), FileFormat::Arrow, 3, &TableLimits::default());
    let rows = rows.unwrap().rows;
    let column =
        |index: usize| rows.iter().map(|row| row[index].as_deref().unwrap_or("-")).collect::<Vec<_>>();
    assert_eq!(column(0), ["true", "-", "false"]);
    assert_eq!(column(1), ["-", "-", "-"]);
    assert_eq!(column(4), ["d", "d", "d"]);
    assert_eq!(column(5), ["5", "5", "6"]);
    assert_eq!(column(6), ["r", "r", "s"]);
    assert_eq!(column(7), ["1.5", "0.0", "-0.25"]);
    assert_eq!(column(8), ["-", "-", "1.5"]);
    assert_eq!(column(9)[0], "-");
    assert_eq!(column(11), ["00:00:00", "01:01:01", "23:59:59"]);
    assert_eq!(column(12), ["1970-01-01", "1970-01-02", "1969-12-31"]);
    assert_eq!(column(13)[0], "1970-01-01T00:00:00.001", "UTC stays UTC");
    assert_eq!(column(14)[2], "1970-01-01T00:00:03");
}

#[test]
fn types_without_a_place_and_values_that_do_not_fit() {
    let options = ConvertOptions::new(Profile::Workbench);
    let refused = |array: ArrayRef| {
        let file = arrow_file(&[column(array)]);
        let error = convert(&file, FileFormat::Arrow, FileFormat::Arrow, &options).unwrap_err();
        assert_eq!((error.check(), error.column()), (Check::Conversion, Some("A")), "{error}");
    };
    refused(Arc::new(BinaryArray::from_vec(vec![b"x"])));
    refused(Arc::new(ListArray::from_iter_primitive::<Int8Type, _, _>(vec![Some(vec![Some(1)])])));
    refused(Arc::new(DurationSecondArray::from(vec![1])));
    // Past the year 2262.
    refused(Arc::new(TimestampSecondArray::from(vec![i64::MAX / 1000])));
}

#[test]
fn dictionaries_that_unfold_stop_at_the_limit() {
    let long = "x".repeat(30_000);
    let keys = Int32Array::from(vec![0; 100_000]);
    let batch =
        column(Arc::new(DictionaryArray::new(keys, Arc::new(StringArray::from(vec![long.as_str()])))));
    let file = arrow_file(&[batch]);
    let mut options = ConvertOptions::new(Profile::Workbench);
    let error = convert(&file, FileFormat::Arrow, FileFormat::Arrow, &options).unwrap_err();
    assert_eq!(error.check(), Check::MaxBytesText);
    options.limits.decoded_bytes = 100 << 20;
    let error = convert(&file, FileFormat::Arrow, FileFormat::Arrow, &options).unwrap_err();
    assert_eq!(error.check(), Check::MaxDecodedBytes);
}

#[test]
fn arrow_files_come_out_aligned_to_64_bytes() {
    let batch = table(vec![
        (Field::new("a", DataType::Int8, true), Arc::new(Int8Array::from(vec![1]))),
        (Field::new("b", DataType::Utf8, true), Arc::new(StringArray::from(vec!["x"]))),
    ]);
    let options = ConvertOptions::new(Profile::Arrow);
    let file = arrow_file(&[batch]);
    let (file, _) = convert(&file, FileFormat::Arrow, FileFormat::Arrow, &options).unwrap();
    let bytes = file.as_slice();
    let end = bytes.len() - 10;
    let length = i32::from_le_bytes(bytes[end..end + 4].try_into().unwrap()) as usize;
    let footer = arrow::ipc::root_as_footer(&bytes[end - length..end]).unwrap();
    let block = footer.recordBatches().unwrap().get(0);
    let body = block.offset() + i64::from(block.metaDataLength());
    let message = arrow::ipc::root_as_message(&bytes[block.offset() as usize + 8..body as usize]).unwrap();
    for buffer in message.header_as_record_batch().unwrap().buffers().unwrap() {
        assert_eq!((body + buffer.offset()) % 64, 0);
    }
}

#[test]
fn only_the_wanted_columns_are_read() {
    let batch = table(vec![
        (Field::new("a", DataType::Int64, true), Arc::new(Int64Array::from(vec![1, 2]))),
        (Field::new("b", DataType::Utf8, true), Arc::new(StringArray::from(vec!["x", "y"]))),
        (Field::new("c", DataType::Boolean, true), Arc::new(BooleanArray::from(vec![true, false]))),
    ]);
    let mut options = ConvertOptions::new(Profile::Arrow);
    let arrow = arrow_file(std::slice::from_ref(&batch));
    for format in [FileFormat::Arrow, FileFormat::Parquet, FileFormat::Csv] {
        options.columns = None;
        let (file, _) = convert(&arrow, FileFormat::Arrow, format, &options).unwrap();
        let all = crunchbox_table::look(Input::Buffer(file.clone()), format, &options).unwrap();
        assert_eq!((all.rows, all.columns.len()), (2, 3));
        options.columns = Some(["c", "a", "gone"].map(str::to_owned).into());
        let (some, info) = convert(&file, format, FileFormat::Arrow, &options).unwrap();
        let names: Vec<_> = info.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["a", "c"], "in the table's order");
        assert_eq!(read_one(&some).column(0), batch.column(0));
    }
    // Whoever does not want a column does not mind what is in it.
    let mut damaged = arrow.as_slice().to_vec();
    let x = damaged.windows(2).position(|pair| pair == b"xy").unwrap();
    damaged[x] = 0xff;
    let damaged = Buffer::from_vec(damaged);
    convert(&damaged, FileFormat::Arrow, FileFormat::Arrow, &options).unwrap();
    options.columns = Some(["b".to_owned()].into());
    convert(&damaged, FileFormat::Arrow, FileFormat::Arrow, &options).unwrap_err();
}

#[test]
fn previews() {
    let batch = table(vec![
        (
            field("n", DataType::Int8, &[("format", "{:d}")]),
            Arc::new(Int8Array::from(vec![Some(1), None, Some(3)])),
        ),
        (Field::new("t", DataType::Utf8, true), Arc::new(StringArray::from(vec![Some("a"), Some(""), None]))),
    ]);
    let file = arrow_file(&[batch.clone(), batch]);
    let options = ConvertOptions::new(Profile::Arrow);
    for format in [FileFormat::Arrow, FileFormat::Parquet] {
        let (file, _) = convert(&file, FileFormat::Arrow, format, &options).unwrap();
        let look = |rows| {
            crunchbox_table::preview(Input::Buffer(file.clone()), format, rows, &TableLimits::default())
                .unwrap()
        };
        let preview = look(4);
        assert_eq!(preview.columns[0].format.as_deref(), Some("{:d}"));
        let some = |text: &str| Some(text.to_string());
        assert_eq!(
            preview.rows,
            [[some("1"), some("a")], [None, some("")], [some("3"), None], [some("1"), some("a")]]
        );
        assert_eq!(look(100).rows.len(), 6);
        assert!(look(0).rows.is_empty());
    }
}

#[test]
fn only_what_is_built_as_inputs_are_is_plain() {
    let numbers = |range: std::ops::Range<i64>| column(Arc::new(Int64Array::from_iter_values(range)));
    let is_plain = |file: &Buffer| validate_arrow(file).unwrap().plain;
    assert!(is_plain(&arrow_file(&[numbers(0..9)])));
    assert!(!is_plain(&arrow_file(&[numbers(0..9), numbers(9..12)])), "two batches");
    let words: DictionaryArray<Int32Type> = ["a", "b", "a"].into_iter().collect();
    assert!(!is_plain(&arrow_file(&[column(Arc::new(words.clone()))])), "a dictionary");
    let lists = ListArray::new(
        Arc::new(Field::new_list_field(words.data_type().clone(), true)),
        arrow::buffer::OffsetBuffer::from_lengths([2, 1]),
        Arc::new(words),
        None,
    );
    assert!(!is_plain(&arrow_file(&[column(Arc::new(lists))])), "a dictionary in a list");
    let (schema, columns, _) = numbers(0..9).into_parts();
    let noted = schema.as_ref().clone().with_metadata([("a".to_owned(), "b".to_owned())].into());
    assert!(!is_plain(&arrow_file(&[RecordBatch::try_new(Arc::new(noted), columns).unwrap()])), "metadata");
}

#[test]
fn memory_is_given_back_after_each_batch() {
    let table = arrow_file(&[from_csv("a\n1\n2\n"), from_csv("a\n3\n"), from_csv("a\n4\n")]);
    let times = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&times);
    let release = Release::new(move || {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    let (input, output) = (Input::Mapped(table, release), std::fs::File::create(&path).unwrap());
    let options = ConvertOptions::new(Profile::Arrow);
    crunchbox_table::convert(input, FileFormat::Arrow, FileFormat::Csv, output, &options).unwrap();
    assert_eq!(std::fs::read_to_string(path).unwrap(), "a\n1\n2\n3\n4\n");
    assert_eq!(times.load(Ordering::Relaxed), 3);
}

/// In memory several threads decode, from a file one does.
#[test]
fn columns_that_are_decoded_beside_each_other_are_the_same() {
    const ROWS: i64 = 200_000;
    let some = |row: i64, every: i64| (row % every != 0).then_some(row);
    let numbers: Int64Array = (0..ROWS).map(|row| some(row, 7)).collect();
    let words: StringArray =
        (0..ROWS).map(|row| some(row, 5).map(|row| "ab".repeat((row % 40) as usize))).collect();
    let texts: StringArray = (0..ROWS).map(|row| Some(format!("text {row}"))).collect();
    let lists = ListArray::from_iter_primitive::<Int64Type, _, _>(
        (0..ROWS).map(|row| some(row, 3).map(|row| (0..row % 4).map(Some))),
    );
    let pairs = StructArray::from(vec![
        (Arc::new(Field::new("x", DataType::Int64, true)), Arc::new(numbers.clone()) as ArrayRef),
        (Arc::new(Field::new("y", DataType::Utf8, true)), Arc::new(words.clone()) as ArrayRef),
    ]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("numbers", Arc::new(numbers)),
        ("words", Arc::new(words)),
        ("texts", Arc::new(texts)),
        ("lists", Arc::new(lists)),
        ("pairs", Arc::new(pairs)),
    ];
    let whole = RecordBatch::try_from_iter(columns).unwrap();
    let plain = ConvertOptions::new(Profile::Arrow);
    let (parquet, _) =
        convert(&arrow_file(&[whole]), FileFormat::Arrow, FileFormat::Parquet, &plain).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &parquet).unwrap();
    for columns in [None, Some(vec!["words", "numbers"]), Some(vec!["texts"]), Some(Vec::new())] {
        for rows in [None, Some(70_001..180_000), Some(3..9)] {
            let mut options = plain.clone();
            options.rows.clone_from(&rows);
            options.columns =
                columns.as_ref().map(|names| names.iter().map(|name| (*name).to_owned()).collect());
            let (beside, _) = convert(&parquet, FileFormat::Parquet, FileFormat::Arrow, &options).unwrap();
            let output = tempfile::NamedTempFile::new().unwrap();
            let input = Input::File(file.reopen().unwrap());
            let to = output.reopen().unwrap();
            crunchbox_table::convert(input, FileFormat::Parquet, FileFormat::Arrow, to, &options).unwrap();
            let alone = std::fs::read(output.path()).unwrap();
            assert!(beside.as_slice() == alone, "{columns:?} {rows:?}");
            let wanted = rows.clone().map_or(ROWS as usize, |rows| (rows.end - rows.start) as usize);
            assert_eq!(read_one(&beside).num_rows(), wanted);
        }
    }
}
