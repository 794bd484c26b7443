//! Random tables and random damage.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::*;
use arrow::buffer::Buffer;
use arrow::datatypes::*;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use crunchbox_table::{
    Check, ConvertOptions, FileFormat, Input, Profile, TableError, TableInfo, TableLimits,
};
use proptest::prelude::*;

use crate::support::*;

/// Time that each of the tests that damage files may take.
const DAMAGE_TIME: Duration = Duration::from_secs(4);

fn cells<T: std::fmt::Debug + Clone>(
    rows: usize,
    value: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Vec<Option<T>>> {
    proptest::collection::vec(proptest::option::of(value), rows)
}

fn days_of_4_centuries() -> std::ops::Range<i32> {
    -73_000..73_000
}

type Metadata = Vec<(&'static str, &'static str)>;

/// A column of profile workbench.
fn workbench_column(rows: usize) -> BoxedStrategy<(Metadata, ArrayRef)> {
    let number = [("format", "{:,.2f}")].to_vec();
    let array = |array: ArrayRef| array;
    prop_oneof![
        cells(rows, ".{0,12}").prop_map(|cells| (vec![], Arc::new(StringArray::from(cells)) as ArrayRef)),
        cells(rows, any::<i64>()).prop_map({
            let number = number.clone();
            move |cells| (number.clone(), array(Arc::new(Int64Array::from(cells))))
        }),
        cells(rows, any::<u8>()).prop_map({
            let number = number.clone();
            move |cells| (number.clone(), array(Arc::new(UInt8Array::from(cells))))
        }),
        cells(rows, -1e300..1e300)
            .prop_map(move |cells| (number.clone(), array(Arc::new(Float64Array::from(cells))))),
        cells(rows, days_of_4_centuries())
            .prop_map(move |cells| (vec![("unit", "day")], array(Arc::new(Date32Array::from(cells))))),
        cells(rows, any::<i64>())
            .prop_map(move |cells| (vec![], array(Arc::new(TimestampNanosecondArray::from(cells))))),
    ]
    .boxed()
}

/// Any other kind of column.
fn other_column(rows: usize) -> BoxedStrategy<ArrayRef> {
    let array = |array: ArrayRef| array;
    prop_oneof![
        cells(rows, any::<bool>()).prop_map(move |cells| array(Arc::new(BooleanArray::from(cells)))),
        cells(rows, ".{0,20}").prop_map(move |cells| array(Arc::new(LargeStringArray::from(cells)))),
        cells(rows, ".{0,20}").prop_map(move |cells| array(Arc::new(StringViewArray::from(cells)))),
        cells(rows, proptest::collection::vec(any::<u8>(), 0..5)).prop_map(move |cells| {
            array(Arc::new(BinaryArray::from_opt_vec(cells.iter().map(Option::as_deref).collect())))
        }),
        cells(rows, "[ab]").prop_map(move |cells| {
            array(Arc::new(cells.iter().map(Option::as_deref).collect::<DictionaryArray<Int8Type>>()))
        }),
        cells(rows, proptest::collection::vec(proptest::option::of(any::<i32>()), 0..4))
            .prop_map(move |cells| array(Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(cells)))),
        cells(rows, any::<f32>()).prop_map(move |cells| {
            let child: ArrayRef = Arc::new(Float32Array::from(cells));
            let fields = Fields::from(vec![Field::new("x", DataType::Float32, true)]);
            array(Arc::new(StructArray::new(fields, vec![child], None)))
        }),
        cells(rows, -99_999i128..99_999).prop_map(move |cells| {
            array(Arc::new(Decimal128Array::from(cells).with_precision_and_scale(5, 2).unwrap()))
        }),
        Just(array(Arc::new(NullArray::new(rows)))),
    ]
    .boxed()
}

fn workbench_table() -> impl Strategy<Value = RecordBatch> {
    (0usize..20).prop_flat_map(|rows| {
        proptest::collection::vec(workbench_column(rows), 1..5).prop_map(|columns| {
            let columns = columns.into_iter().enumerate();
            table(
                columns
                    .map(|(index, (metadata, array))| {
                        (field(&format!("c{index}"), array.data_type().clone(), &metadata), array)
                    })
                    .collect(),
            )
        })
    })
}

fn any_table() -> impl Strategy<Value = RecordBatch> {
    (0usize..20).prop_flat_map(|rows| {
        proptest::collection::vec(other_column(rows), 1..5).prop_map(|columns| {
            let columns = columns.into_iter().enumerate();
            table(
                columns
                    .map(|(index, array)| {
                        (Field::new(format!("c{index}"), array.data_type().clone(), true), array)
                    })
                    .collect(),
            )
        })
    })
}

/// The file of all parts.
fn joined(parts: &[Buffer], limits: &TableLimits) -> Result<Buffer, TableError> {
    use std::os::unix::fs::FileExt;
    let frame = tempfile::tempfile().unwrap();
    let bytes = || {
        let mut bytes = vec![0; frame.metadata().unwrap().len() as usize];
        frame.read_exact_at(&mut bytes, 0).unwrap();
        bytes
    };
    let mut places = Vec::new();
    for part in parts {
        let place = crunchbox_table::place(part, bytes().into(), &frame, limits)?;
        places.push(place);
    }
    let mut all = bytes();
    let mut end = 0;
    for (part, place) in parts.iter().zip(places) {
        assert!(place.at >= end, "it lies on top of another");
        end = place.at + place.bytes;
        all[place.at as usize..end as usize]
            .copy_from_slice(&part[place.start as usize..][..place.bytes as usize]);
    }
    Ok(all.into())
}

#[test]
fn parts_that_differ_are_not_put_together() {
    let limits = TableLimits::default();
    let numbers = |name: &str| {
        arrow_file(&[table(vec![(
            Field::new(name, DataType::Int8, true),
            Arc::new(Int8Array::from(vec![1])),
        )])])
    };
    joined(&[numbers("A"), numbers("A")], &limits).unwrap();
    let other = joined(&[numbers("A"), numbers("B")], &limits);
    assert_eq!(other.unwrap_err().check(), Check::ArrowSchema);
    let dictionary = column(Arc::new(["x"].into_iter().map(Some).collect::<DictionaryArray<Int8Type>>()));
    let dictionary = arrow_file(&[dictionary]);
    let both = joined(&[dictionary.clone(), dictionary], &limits);
    assert_eq!(both.unwrap_err().check(), Check::ArrowDictionary);
}

/// The table in two batches.
fn in_two(batch: &RecordBatch) -> Buffer {
    let half = batch.num_rows() / 2;
    arrow_file(&[batch.slice(0, half), batch.slice(half, batch.num_rows() - half)])
}

fn text_of(batch: &RecordBatch) -> Vec<Vec<Option<String>>> {
    let options = FormatOptions::new();
    let columns: Vec<_> = batch
        .columns()
        .iter()
        .map(|array| ArrayFormatter::try_new(array.as_ref(), &options).unwrap())
        .collect();
    let cell = |row: usize, column: usize| {
        (!batch.column(column).is_null(row)).then(|| columns[column].value(row).to_string())
    };
    (0..batch.num_rows()).map(|row| (0..columns.len()).map(|column| cell(row, column)).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn some_rows_are_those_rows(
        (batch, profile) in prop_oneof![
            workbench_table().prop_map(|batch| (batch, Profile::Workbench)),
            any_table().prop_map(|batch| (batch, Profile::Arrow)),
        ],
        start in 0usize..22,
        count in 0usize..22,
        wanted in proptest::option::of(0usize..5),
    ) {
        let file = in_two(&batch);
        let mut options = ConvertOptions::new(profile);
        options.columns = wanted.map(|wanted| [format!("c{wanted}")].into());
        let mut sources = vec![(FileFormat::Arrow, file.clone())];
        if profile == Profile::Workbench {
            let whole = ConvertOptions::new(profile);
            sources.push((FileFormat::Parquet, convert(&file, FileFormat::Arrow, FileFormat::Parquet, &whole).unwrap().0));
        }
        for (format, source) in sources {
            let (all, _) = convert(&source, format, FileFormat::Arrow, &options).unwrap();
            let all = read_one(&all);
            options.rows = Some(start as u64..(start + count) as u64);
            let (some, info) = convert(&source, format, FileFormat::Arrow, &options).unwrap();
            options.rows = None;
            let first = start.min(all.num_rows());
            let expected = all.slice(first, count.min(all.num_rows() - first));
            prop_assert_eq!(info.rows, expected.num_rows() as u64);
            prop_assert_eq!(read_one(&some), expected);
        }
    }

    #[test]
    fn parts_put_together_are_the_whole(batch in workbench_table(), part_rows in 1usize..8) {
        let mut parts = Vec::new();
        let mut start = 0;
        while start < batch.num_rows() || parts.is_empty() {
            let rows = part_rows.min(batch.num_rows() - start);
            let part = batch.slice(start, rows);
            // Some in several record batches.
            parts.push(if rows % 3 == 0 { in_two(&part) } else { arrow_file(&[part]) });
            start += rows;
        }
        let all = joined(&parts, &TableLimits::workbench()).unwrap();
        prop_assert_eq!(validate_workbench(&all).unwrap().rows, batch.num_rows() as u64);
        prop_assert_eq!(read_one(&all), batch.clone());
        // A reader of streams finds the same.
        let stream = std::io::Cursor::new(&all[64..]);
        let stream = arrow::ipc::reader::StreamReader::try_new(stream, None).unwrap();
        let batches: Vec<_> = stream.map(Result::unwrap).collect();
        prop_assert_eq!(arrow::compute::concat_batches(&batch.schema(), &batches).unwrap(), batch);
    }

    #[test]
    fn workbench_tables_come_back_as_they_were(batch in workbench_table()) {
        let options = ConvertOptions::new(Profile::Workbench);
        let file = in_two(&batch);
        validate_workbench(&file).unwrap();
        for format in [FileFormat::Arrow, FileFormat::Parquet] {
            let (there, _) = convert(&file, FileFormat::Arrow, format, &options).unwrap();
            let (back, info) = convert(&there, format, FileFormat::Arrow, &options).unwrap();
            let judged = validate_workbench(&back).unwrap();
            prop_assert!(judged.plain, "the engine builds inputs so");
            prop_assert_eq!(&judged, &TableInfo { plain: true, ..info });
            prop_assert_eq!(&read_one(&back), &batch);
        }
    }

    #[test]
    fn any_table_comes_back_with_the_same_values(batch in any_table()) {
        let options = ConvertOptions::new(Profile::Arrow);
        let file = arrow_file(std::slice::from_ref(&batch));
        validate_arrow(&file).unwrap();
        for format in [FileFormat::Arrow, FileFormat::Parquet] {
            let (there, _) = convert(&file, FileFormat::Arrow, format, &options).unwrap();
            let (back, _) = convert(&there, format, FileFormat::Arrow, &options).unwrap();
            validate_arrow(&back).unwrap();
            prop_assert_eq!(text_of(&read_one(&back)), text_of(&batch));
        }
        convert(&file, FileFormat::Arrow, FileFormat::Csv, &options).unwrap();
    }

    #[test]
    fn csv_comes_back_cell_by_cell(rows in proptest::collection::vec(("[^\u{0}]{0,8}", any::<i32>(), -1e9..1e9), 1..20)) {
        let text: StringArray = rows.iter().map(|(text, _, _)| Some(format!("x{text}"))).collect();
        let batch = table(vec![
            (Field::new("t", DataType::Utf8, true), Arc::new(text)),
            (Field::new("i", DataType::Int64, true), Arc::new(rows.iter().map(|row| i64::from(row.1)).collect::<Int64Array>())),
            (Field::new("f", DataType::Float64, true), Arc::new(rows.iter().map(|row| row.2).collect::<Float64Array>())),
        ]);
        let options = ConvertOptions::new(Profile::Arrow);
        let (csv, _) = convert(&arrow_file(std::slice::from_ref(&batch)), FileFormat::Arrow, FileFormat::Csv, &options).unwrap();
        let (back, _) = convert(&csv, FileFormat::Csv, FileFormat::Arrow, &options).unwrap();
        prop_assert_eq!(read_one(&back), batch);
    }

    #[test]
    fn any_bytes_are_judged(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let buffer = Buffer::from_vec(bytes);
        prop_assert!(validate_arrow(&buffer).is_err());
        for format in [FileFormat::Parquet, FileFormat::Csv] {
            let _ = crunchbox_table::preview(Input::Buffer(buffer.clone()), format, 10, &TableLimits::default());
        }
    }
}

fn samples() -> Vec<Buffer> {
    let text: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None, Some("ccc")]));
    let item = Arc::new(Field::new_list_field(DataType::Utf8, true));
    let offsets = arrow::buffer::OffsetBuffer::from_lengths([1, 0, 2]);
    let unions: UnionFields = [
        (0, Arc::new(Field::new("a", DataType::Int8, true))),
        (5, Arc::new(Field::new("b", DataType::Int8, true))),
    ]
    .into_iter()
    .collect();
    let children: Vec<ArrayRef> =
        vec![Arc::new(Int8Array::from(vec![1, 2])), Arc::new(Int8Array::from(vec![3]))];
    let union =
        UnionArray::try_new(unions, vec![0i8, 5, 0].into(), Some(vec![0, 0, 1].into()), children).unwrap();
    let runs = RunArray::try_new(&Int32Array::from(vec![2, 3]), &StringArray::from(vec!["a", "b"])).unwrap();
    let columns: Vec<ArrayRef> = vec![
        text.clone(),
        Arc::new(DictionaryArray::new(Int8Array::from(vec![Some(0), None, Some(2)]), text.clone())),
        Arc::new(ListArray::new(item.clone(), offsets, text.clone(), None)),
        Arc::new(ListViewArray::new(
            item.clone(),
            vec![2, 0, 1].into(),
            vec![1, 1, 0].into(),
            text.clone(),
            None,
        )),
        Arc::new(FixedSizeListArray::new(item, 1, text.clone(), None)),
        Arc::new(StringViewArray::from(vec!["a", "b", "longer than a view may be"])),
        Arc::new(Decimal128Array::from(vec![1, 2, 3])),
        Arc::new(Int64Array::from(vec![Some(1), None, Some(3)])),
        Arc::new(union),
        Arc::new(runs),
    ];
    columns.into_iter().map(|array| arrow_file(&[column(array)])).collect()
}

#[test]
fn damaged_arrow_files_are_refused_or_sound() {
    let start = Instant::now();
    let samples = samples();
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let (mut refused, mut sound) = (0, 0);
    while start.elapsed() < DAMAGE_TIME && refused + sound < 20_000 {
        for sample in &samples {
            let mut bytes = sample.to_vec();
            for _ in 0..=numbers.below(3) {
                let place = numbers.below(bytes.len());
                bytes[place] = match numbers.below(4) {
                    0 => 0xff,
                    1 => 0,
                    2 => bytes[place] ^ (1 << numbers.below(8)),
                    _ => numbers.below(256) as u8,
                };
            }
            let file = Buffer::from_vec(bytes);
            if validate_arrow(&file).is_err() {
                refused += 1;
                continue;
            }
            // What passed can be read to the last value, by a reader that knows nothing of us.
            sound += 1;
            for batch in read_arrow(&file) {
                text_of(&batch);
            }
        }
    }
    assert!(refused > 100 && sound > 100, "{refused} refused, {sound} sound");
}

#[test]
fn damaged_parquet_and_csv_files_are_refused_or_read() {
    let start = Instant::now();
    let options = ConvertOptions::new(Profile::Arrow);
    let batch = table(vec![
        (Field::new("n", DataType::Int64, true), Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]))),
        (Field::new("t", DataType::Utf8, true), Arc::new(StringArray::from(vec!["a", "b", "a"]))),
        (
            Field::new_list("l", Arc::new(Field::new_list_field(DataType::Int32, true)), true),
            Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(vec![
                Some(vec![Some(1), None]),
                None,
                Some(vec![]),
            ])),
        ),
    ]);
    let samples = [FileFormat::Parquet, FileFormat::Csv].map(|format| {
        let file = arrow_file(std::slice::from_ref(&batch));
        (format, convert(&file, FileFormat::Arrow, format, &options).unwrap().0)
    });
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    let mut limits = TableLimits::default();
    limits.decoded_bytes = 64 << 20;
    let (mut refused, mut read) = (0, 0);
    while start.elapsed() < DAMAGE_TIME && refused + read < 20_000 {
        for (format, sample) in &samples {
            let mut bytes = sample.to_vec();
            for _ in 0..=numbers.below(3) {
                let place = numbers.below(bytes.len());
                bytes[place] = numbers.below(256) as u8;
            }
            match crunchbox_table::preview(Input::Buffer(bytes.into()), *format, 100, &limits) {
                Ok(_) => read += 1,
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > 100 && read > 100, "{refused} refused, {read} read");
}
