//! Arrow files that are broken below the level of any profile.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::*;
use arrow::ipc;
use arrow::ipc::writer::{FileWriter, IpcWriteOptions};
use crunchbox_table::{Check, ConvertOptions, FileFormat, Profile, TableLimits};

use crate::support::*;

fn numbers() -> RecordBatch {
    column(Arc::new(Int32Array::from(vec![Some(1), None, Some(3)])))
}

fn texts() -> RecordBatch {
    column(Arc::new(StringArray::from(vec!["ab", "cd"])))
}

fn categories() -> RecordBatch {
    let keys = Int32Array::from(vec![Some(0), None, Some(1)]);
    column(Arc::new(DictionaryArray::new(keys, Arc::new(StringArray::from(vec!["a", "b"])))))
}

/// The check that refuses a table after `bend` has been at it.
fn bent(batch: RecordBatch, bend: impl FnOnce(&mut RawFile)) -> Check {
    let mut file = RawFile::new(&[batch]);
    validate_arrow(&file.bytes()).expect("it is good before it is bent");
    bend(&mut file);
    malformed(&file.bytes())
}

#[test]
fn every_beginning_of_a_file_is_refused() {
    let file = arrow_file(&[categories()]);
    for length in 0..file.len() {
        assert!(validate_arrow(&file.slice_with_length(0, length)).is_err(), "{length} bytes");
    }
    let mut longer = file.to_vec();
    longer.push(0);
    assert_eq!(malformed(&longer.into()), Check::ArrowMagic);
}

#[test]
fn magic_bytes_at_both_ends() {
    let good = arrow_file(&[numbers()]);
    for place in [0, good.len() - 1] {
        let mut bytes = good.to_vec();
        bytes[place] ^= 1;
        assert_eq!(malformed(&bytes.into()), Check::ArrowMagic);
    }
}

#[test]
fn footer_length() {
    let good = arrow_file(&[numbers()]);
    let at = good.len() - 10;
    for length in [-1, 0, i32::MIN, i32::MAX, good.len() as i32, good.len() as i32 - 17] {
        let mut bytes = good.to_vec();
        bytes[at..at + 4].copy_from_slice(&length.to_le_bytes());
        assert_eq!(malformed(&bytes.into()), Check::ArrowFooter, "{length}");
    }
}

#[test]
fn blocks_lie_in_the_file_and_apart() {
    let bend = |bend_blocks: fn(&mut Vec<ipc::Block>)| bent(numbers(), |file| file.bend_blocks = bend_blocks);
    assert_eq!(bend(|blocks| blocks[0].set_offset(-8)), Check::ArrowBlock);
    assert_eq!(bend(|blocks| blocks[0].set_offset(i64::MAX)), Check::ArrowBlock);
    assert_eq!(bend(|blocks| blocks[0].set_offset(0)), Check::ArrowBlock);
    assert_eq!(
        bend(|blocks| {
            let offset = blocks[0].offset();
            blocks[0].set_offset(offset + 4);
        }),
        Check::ArrowAlignment
    );
    assert_eq!(bend(|blocks| blocks[0].set_metaDataLength(-8)), Check::ArrowBlock);
    assert_eq!(bend(|blocks| blocks[0].set_metaDataLength(0)), Check::ArrowBlock);
    assert_eq!(bend(|blocks| blocks[0].set_metaDataLength(i32::MAX)), Check::ArrowBlock);
    assert_eq!(bend(|blocks| blocks[0].set_metaDataLength(8)), Check::ArrowMessage);
    assert_eq!(bend(|blocks| blocks[0].set_bodyLength(-1)), Check::ArrowBlock);
    assert_eq!(bend(|blocks| blocks[0].set_bodyLength(i64::MAX)), Check::ArrowBlock);
    assert_eq!(bend(|blocks| blocks[0].set_bodyLength(8)), Check::ArrowMessage);
    // One batch that counts many times.
    assert_eq!(bend(|blocks| *blocks = vec![blocks[0]; 1000]), Check::ArrowBlock);
}

#[test]
fn messages_are_what_the_footer_promises() {
    assert_eq!(bent(numbers(), |file| file.batch().body_length = Some(0)), Check::ArrowMessage);
    assert_eq!(bent(numbers(), |file| file.batch().body_length = Some(-1)), Check::ArrowMessage);
    assert_eq!(bent(numbers(), |file| file.batch().version = ipc::MetadataVersion::V4), Check::ArrowMessage);
    assert_eq!(bent(numbers(), |file| file.version = ipc::MetadataVersion::V3), Check::ArrowFooter);

    let mut bytes = arrow_file(&[categories()]).to_vec();
    let marker = bytes.windows(4).rposition(|bytes| bytes == [0xff; 4]).unwrap();
    let block = bytes[..marker].windows(4).rposition(|bytes| bytes == [0xff; 4]).unwrap();
    bytes[block] = 0;
    assert_eq!(malformed(&bytes.into()), Check::ArrowMessage);

    // The schema in the list of batches.
    assert_eq!(
        bent(numbers(), |file| file.bend_blocks = |blocks| blocks[0].set_offset(8)),
        Check::ArrowBlock
    );
}

#[test]
fn the_schema_is_told_the_same_twice() {
    let other = Schema::new(vec![Field::new("B", DataType::Int32, true)]);
    assert_eq!(bent(numbers(), |file| file.schema_message = Some(other)), Check::ArrowSchemaMessage);
}

#[test]
fn lengths_and_counts_of_a_batch() {
    assert_eq!(bent(numbers(), |file| file.batch().length = -1), Check::ArrowBuffers);
    assert_eq!(bent(numbers(), |file| file.batch().length = 4), Check::ArrowBuffers);
    assert_eq!(bent(numbers(), |file| file.batch().nodes[0].0 = -3), Check::ArrowBuffers);
    assert_eq!(bent(numbers(), |file| file.batch().nodes.clear()), Check::ArrowBuffers);
    assert_eq!(bent(numbers(), |file| file.batch().nodes.push((0, 0))), Check::ArrowBuffers);
    assert_eq!(bent(numbers(), |file| file.batch().buffers.truncate(1)), Check::ArrowBuffers);
    assert_eq!(bent(numbers(), |file| file.batch().buffers.push((0, 0))), Check::ArrowBuffers);
    assert_eq!(bent(numbers(), |file| file.batch().variadic_counts.push(1)), Check::ArrowBuffers);
    let long = |file: &mut RawFile| {
        let batch = file.batch();
        (batch.length, batch.nodes[0]) = (1 << 40, (1 << 40, 0));
        batch.buffers[0].1 = 0;
    };
    assert_eq!(bent(numbers(), long), Check::MaxRows);
}

#[test]
fn buffers_lie_in_the_body_and_apart() {
    assert_eq!(bent(numbers(), |file| file.batch().buffers[1].0 = -64), Check::ArrowBuffers);
    assert_eq!(bent(numbers(), |file| file.batch().buffers[1].1 = -1), Check::ArrowBuffers);
    assert_eq!(bent(numbers(), |file| file.batch().buffers[1].1 = 1 << 40), Check::ArrowBuffers);
    assert_eq!(bent(numbers(), |file| file.batch().buffers[1].0 = i64::MAX), Check::ArrowBuffers);
    assert_eq!(bent(numbers(), |file| file.batch().buffers[1].0 += 4), Check::ArrowAlignment);
    assert_eq!(bent(numbers(), |file| file.batch().buffers[1].0 = 0), Check::ArrowBuffers);
    // Too short for its rows.
    assert_eq!(bent(numbers(), |file| file.batch().buffers[1].1 = 8), Check::ArrowValues);
    assert_eq!(bent(numbers(), |file| file.batch().buffers[0].1 = 0), Check::ArrowBuffers);
}

#[test]
fn null_counts() {
    assert_eq!(bent(numbers(), |file| file.batch().nodes[0].1 = 2), Check::ArrowNullCount);
    assert_eq!(bent(numbers(), |file| file.batch().nodes[0].1 = -1), Check::ArrowNullCount);
    assert_eq!(bent(numbers(), |file| file.batch().nodes[0].1 = 4), Check::ArrowNullCount);
    // The reader would take this for a column without nulls, another reader for one with a null.
    assert_eq!(bent(numbers(), |file| file.batch().nodes[0].1 = 0), Check::ArrowNullCount);
    let nulls = column(Arc::new(NullArray::new(3)));
    assert_eq!(bent(nulls, |file| file.batch().nodes[0].1 = 1), Check::ArrowNullCount);
}

#[test]
fn nulls_in_a_column_that_has_none() {
    let mut file = RawFile::new(&[numbers()]);
    file.schema = Schema::new(vec![Field::new("A", DataType::Int32, false)]);
    assert_eq!(malformed(&file.bytes()), Check::ArrowValues);
}

#[test]
fn offsets() {
    let offsets = |offsets: [i32; 3]| {
        bent(texts(), |file| {
            let bytes: Vec<u8> = offsets.iter().flat_map(|offset| offset.to_le_bytes()).collect();
            file.batch().buffer(1)[..12].copy_from_slice(&bytes);
        })
    };
    assert_eq!(offsets([0, 2, 5]), Check::ArrowValues);
    assert_eq!(offsets([0, 3, 2]), Check::ArrowValues);
    assert_eq!(offsets([-1, 2, 4]), Check::ArrowValues);
    assert_eq!(offsets([0, i32::MIN, 4]), Check::ArrowValues);
    assert_eq!(bent(texts(), |file| file.batch().buffers[1].1 = 8), Check::ArrowValues);
    assert_eq!(bent(texts(), |file| file.batch().buffers[1].1 = 11), Check::ArrowBuffers);

    let lists =
        || column(Arc::new(ListArray::from_iter_primitive::<Int8Type, _, _>(vec![Some(vec![Some(1)]); 2])));
    assert_eq!(bent(lists(), |file| file.batch().buffer(1)[8] = 3), Check::ArrowValues);
    assert_eq!(bent(lists(), |file| file.batch().nodes[1] = (1, 0)), Check::ArrowValues);
    assert_eq!(bent(lists(), |file| file.batch().nodes[1] = (1 << 33, 0)), Check::ArrowBuffers);
}

#[test]
fn dictionaries() {
    let index = |index: i32| {
        bent(categories(), |file| file.batch().buffer(1)[..4].copy_from_slice(&index.to_le_bytes()))
    };
    assert_eq!(index(2), Check::ArrowValues);
    assert_eq!(index(-1), Check::ArrowValues);
    let repeat = |file: &mut RawFile| {
        let again = file.dictionary().clone();
        file.blocks.insert(0, again);
    };
    assert_eq!(bent(categories(), repeat), Check::ArrowDictionary);
    assert_eq!(
        bent(categories(), |file| file.dictionary().dictionary = Some((7, false))),
        Check::ArrowDictionary
    );
    assert_eq!(
        bent(categories(), |file| file.dictionary().dictionary = Some((0, true))),
        Check::ArrowDictionary
    );
    assert_eq!(bent(categories(), |file| drop(file.blocks.remove(0))), Check::ArrowValues);
    assert_eq!(bent(categories(), |file| file.dictionary().length = 3), Check::ArrowBuffers);

    // Adding to a dictionary is what the format allows.
    let mut file = RawFile::new(&[categories()]);
    let mut more = file.dictionary().clone();
    more.dictionary = Some((0, true));
    file.blocks.insert(1, more);
    file.batch().buffer(1)[..4].copy_from_slice(&3i32.to_le_bytes());
    validate_arrow(&file.bytes()).unwrap();
    let mut limits = TableLimits::default();
    limits.dictionary_values = 3;
    let error = crunchbox_table::validate(&file.bytes(), Profile::Arrow, &limits).unwrap_err();
    assert_eq!((error.check(), error.column()), (Check::MaxDictionaryValues, Some("A")));
}

#[test]
fn views() {
    let views =
        || column(Arc::new(StringViewArray::from(vec!["short", "a text that is too long for a view"])));
    validate_arrow(&arrow_file(&[views()])).unwrap();
    let byte = |at: usize, value: u8| bent(views(), |file| file.batch().buffer(1)[at] = value);
    // The second view: length, prefix, buffer, offset.
    assert_eq!(byte(16 + 3, 1), Check::ArrowValues);
    assert_eq!(byte(16 + 4, b'b'), Check::ArrowValues);
    assert_eq!(byte(16 + 8, 1), Check::ArrowValues);
    assert_eq!(byte(16 + 12, 200), Check::ArrowValues);
    // Bytes behind a short text.
    assert_eq!(byte(12, 1), Check::ArrowValues);
    assert_eq!(bent(views(), |file| file.batch().variadic_counts.clear()), Check::ArrowBuffers);
    assert_eq!(bent(views(), |file| file.batch().variadic_counts = vec![-1]), Check::ArrowBuffers);
    assert_eq!(bent(views(), |file| file.batch().variadic_counts = vec![i64::MAX]), Check::ArrowBuffers);
    assert_eq!(bent(views(), |file| file.batch().variadic_counts = vec![1, 0]), Check::ArrowBuffers);
}

#[test]
fn unions() {
    let fields: UnionFields = [
        (0, Arc::new(Field::new("a", DataType::Int8, true))),
        (5, Arc::new(Field::new("b", DataType::Int8, true))),
    ]
    .into_iter()
    .collect();
    let children: Vec<ArrayRef> =
        vec![Arc::new(Int8Array::from(vec![1, 2])), Arc::new(Int8Array::from(vec![3]))];
    let ids = ScalarBuffer::from(vec![0i8, 5, 0]);
    let offsets = ScalarBuffer::from(vec![0, 0, 1]);
    let dense = || {
        let union = UnionArray::try_new(fields.clone(), ids.clone(), Some(offsets.clone()), children.clone());
        column(Arc::new(union.unwrap()))
    };
    assert_eq!(bent(dense(), |file| file.batch().buffer(0)[1] = 4), Check::ArrowValues);
    assert_eq!(bent(dense(), |file| file.batch().buffer(0)[1] = 0x80), Check::ArrowValues);
    assert_eq!(bent(dense(), |file| file.batch().buffer(1)[0] = 2), Check::ArrowValues);
    assert_eq!(bent(dense(), |file| file.batch().buffers[0].1 = 2), Check::ArrowBuffers);
    assert_eq!(bent(dense(), |file| file.batch().buffers[1].1 = 8), Check::ArrowBuffers);
    assert_eq!(bent(dense(), |file| file.batch().nodes[0].1 = 1), Check::ArrowNullCount);
    let old = |file: &mut RawFile| {
        file.version = ipc::MetadataVersion::V4;
        file.batch().version = ipc::MetadataVersion::V4;
    };
    assert_eq!(bent(dense(), old), Check::ArrowSchema);

    let same = vec![children[0].clone(), children[0].clone()];
    let union = UnionArray::try_new(fields.clone(), vec![0i8, 5].into(), None, same).unwrap();
    let sparse = column(Arc::new(union));
    assert_eq!(bent(sparse, |file| file.batch().nodes[2] = (1, 0)), Check::ArrowValues);
}

#[test]
fn runs() {
    let runs = || {
        let ends = Int32Array::from(vec![2, 3]);
        column(Arc::new(RunArray::try_new(&ends, &StringArray::from(vec!["a", "b"])).unwrap()))
    };
    assert_eq!(bent(runs(), |file| file.batch().buffer(1)[0] = 3), Check::ArrowValues);
    assert_eq!(bent(runs(), |file| file.batch().buffer(1)[4] = 2), Check::ArrowValues);
    assert_eq!(bent(runs(), |file| file.batch().buffer(1)[3] = 0x80), Check::ArrowValues);
    assert_eq!(bent(runs(), |file| file.batch().nodes[2] = (1, 0)), Check::ArrowValues);
    assert_eq!(bent(runs(), |file| file.batch().nodes[0].1 = 1), Check::ArrowNullCount);
}

#[test]
fn structs_and_fixed_size_lists() {
    let fields = Fields::from(vec![Field::new("x", DataType::Int8, false)]);
    let structs = StructArray::new(fields, vec![Arc::new(Int8Array::from(vec![1, 2]))], None);
    let structs = column(Arc::new(structs));
    assert_eq!(bent(structs.clone(), |file| file.batch().nodes[1].0 = 1), Check::ArrowValues);
    let null = |file: &mut RawFile| {
        file.batch().replace_buffer(1, &[0b01]);
        file.batch().nodes[1].1 = 1;
    };
    assert_eq!(bent(structs, null), Check::ArrowValues);

    let item = Arc::new(Field::new_list_field(DataType::Int8, true));
    let lists = FixedSizeListArray::new(item, 2, Arc::new(Int8Array::from(vec![1, 2, 3, 4])), None);
    assert_eq!(bent(column(Arc::new(lists)), |file| file.batch().nodes[1].0 = 3), Check::ArrowValues);
}

#[test]
fn decimals_and_times_of_day() {
    let decimals = Decimal128Array::from(vec![99, -99]).with_precision_and_scale(2, 1).unwrap();
    let too_long = |file: &mut RawFile| file.batch().buffer(1)[0] = 100;
    assert_eq!(bent(column(Arc::new(decimals)), too_long), Check::ArrowDecimalPrecision);

    let last = 24 * 60 * 60 - 1;
    let times = || column(Arc::new(Time32SecondArray::from(vec![0, last])));
    let second =
        |time: i32| bent(times(), |file| file.batch().buffer(1)[4..8].copy_from_slice(&time.to_le_bytes()));
    assert_eq!(second(last + 1), Check::ArrowTimeRange);
    assert_eq!(second(-1), Check::ArrowTimeRange);
    // Inside other types too.
    let values = Time64NanosecondArray::from(vec![i64::MAX]);
    let list = ListArray::new(
        Arc::new(Field::new_list_field(values.data_type().clone(), true)),
        OffsetBuffer::from_lengths([1]),
        Arc::new(values),
        None,
    );
    let error = validate_arrow(&arrow_file(&[column(Arc::new(list))])).unwrap_err();
    assert_eq!((error.check(), error.column()), (Check::ArrowTimeRange, Some("A")));
}

fn compressed(batch: &RecordBatch, codec: ipc::CompressionType) -> Buffer {
    let options = IpcWriteOptions::default().try_with_compression(Some(codec)).unwrap();
    let mut writer = FileWriter::try_new_with_options(Vec::new(), &batch.schema(), options).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    writer.into_inner().unwrap().into()
}

#[test]
fn compressed_files_are_inputs_only() {
    let batch = column(Arc::new(Int64Array::from(vec![7; 10_000])));
    for codec in [ipc::CompressionType::ZSTD, ipc::CompressionType::LZ4_FRAME] {
        let file = compressed(&batch, codec);
        assert!(file.len() < 10_000);
        assert_eq!(malformed(&file), Check::ArrowUncompressed);
        let options = ConvertOptions::new(Profile::Arrow);
        let (plain, _) = convert(&file, FileFormat::Arrow, FileFormat::Arrow, &options).unwrap();
        validate_arrow(&plain).unwrap();
        assert_eq!(read_one(&plain), batch);
    }
}

#[test]
fn decompression_bombs() {
    let batch = column(Arc::new(Int64Array::from(vec![7; 100_000])));
    let mut options = ConvertOptions::new(Profile::Arrow);
    options.limits.decoded_bytes = 700_000;
    for codec in [ipc::CompressionType::ZSTD, ipc::CompressionType::LZ4_FRAME] {
        let file = compressed(&batch, codec);
        let error = convert(&file, FileFormat::Arrow, FileFormat::Arrow, &options).unwrap_err();
        assert_eq!(error.check(), Check::MaxDecodedBytes);
    }
    // Liars: a length that is not that of the data.
    for codec in [ipc::CompressionType::ZSTD, ipc::CompressionType::LZ4_FRAME] {
        for (declared, expected) in [
            (8i64, Check::ArrowDecompression),
            (800_001, Check::ArrowDecompression),
            (-2, Check::ArrowDecompression),
            (i64::MAX, Check::MaxDecodedBytes),
        ] {
            let mut file = compressed(&batch, codec).to_vec();
            let honest = 800_000i64.to_le_bytes();
            let place = file.windows(8).position(|bytes| bytes == honest).unwrap();
            file[place..place + 8].copy_from_slice(&declared.to_le_bytes());
            let options = ConvertOptions::new(Profile::Arrow);
            let error = convert(&file.into(), FileFormat::Arrow, FileFormat::Arrow, &options).unwrap_err();
            // The decoder of ZSTD finds out by itself.
            let found = error.check();
            let zstd = codec == ipc::CompressionType::ZSTD && found == Check::ArrowValues;
            assert!(found == expected || zstd, "{codec:?} {declared}: {error}");
        }
    }
}

/// A schema of one field, made by hand.
fn hand_made(
    kind: ipc::Type,
    build: for<'a> fn(
        &mut flatbuffers::FlatBufferBuilder<'a>,
    ) -> flatbuffers::WIPOffset<flatbuffers::UnionWIPOffset>,
    children: usize,
) -> Buffer {
    RawFile::with_schema(move |fbb| {
        let mut child_fields = Vec::new();
        for _ in 0..children {
            let null = ipc::NullBuilder::new(fbb).finish().as_union_value();
            let mut child = ipc::FieldBuilder::new(fbb);
            child.add_type_type(ipc::Type::Null);
            child.add_type_(null);
            child_fields.push(child.finish());
        }
        let child_fields = fbb.create_vector(&child_fields);
        let name = fbb.create_string("A");
        let settings = build(fbb);
        let mut field = ipc::FieldBuilder::new(fbb);
        field.add_name(name);
        field.add_type_type(kind);
        field.add_type_(settings);
        field.add_children(child_fields);
        let field = field.finish();
        let fields = fbb.create_vector(&[field]);
        let mut schema = ipc::SchemaBuilder::new(fbb);
        schema.add_fields(fields);
        schema.finish()
    })
    .bytes()
}

#[test]
fn types_that_do_not_exist() {
    macro_rules! settings {
        ($builder:ident, $($set:ident = $value:expr),*) => {
            |fbb| {
                #[allow(unused_mut)]
                let mut settings = ipc::$builder::new(fbb);
                $(settings.$set($value);)*
                settings.finish().as_union_value()
            }
        };
    }
    let good = hand_made(ipc::Type::Int, settings!(IntBuilder, add_bitWidth = 8), 0);
    validate_arrow(&good).unwrap();
    let bad = [
        hand_made(ipc::Type::Int, settings!(IntBuilder, add_bitWidth = 7), 0),
        hand_made(ipc::Type::Int, settings!(IntBuilder, add_bitWidth = -8), 0),
        hand_made(ipc::Type::Int, settings!(IntBuilder, add_bitWidth = 8), 1),
        hand_made(
            ipc::Type::FloatingPoint,
            settings!(FloatingPointBuilder, add_precision = ipc::Precision(9)),
            0,
        ),
        hand_made(ipc::Type::FixedSizeBinary, settings!(FixedSizeBinaryBuilder, add_byteWidth = -1), 0),
        hand_made(ipc::Type::Date, settings!(DateBuilder, add_unit = ipc::DateUnit(5)), 0),
        hand_made(
            ipc::Type::Time,
            settings!(TimeBuilder, add_bitWidth = 64, add_unit = ipc::TimeUnit::SECOND),
            0,
        ),
        hand_made(ipc::Type::Timestamp, settings!(TimestampBuilder, add_unit = ipc::TimeUnit(7)), 0),
        hand_made(ipc::Type::Duration, settings!(DurationBuilder, add_unit = ipc::TimeUnit(-1)), 0),
        hand_made(ipc::Type::Interval, settings!(IntervalBuilder, add_unit = ipc::IntervalUnit(3)), 0),
        hand_made(ipc::Type::Decimal, settings!(DecimalBuilder, add_precision = 0), 0),
        hand_made(ipc::Type::Decimal, settings!(DecimalBuilder, add_precision = 39), 0),
        hand_made(ipc::Type::Decimal, settings!(DecimalBuilder, add_precision = 300), 0),
        hand_made(ipc::Type::Decimal, settings!(DecimalBuilder, add_precision = 5, add_scale = 200), 0),
        hand_made(ipc::Type::Decimal, settings!(DecimalBuilder, add_precision = 5, add_bitWidth = 77), 0),
        hand_made(ipc::Type::List, settings!(ListBuilder,), 0),
        hand_made(ipc::Type::List, settings!(ListBuilder,), 2),
        hand_made(ipc::Type::FixedSizeList, settings!(FixedSizeListBuilder, add_listSize = -1), 1),
        hand_made(ipc::Type::Map, settings!(MapBuilder,), 1),
        hand_made(ipc::Type::RunEndEncoded, settings!(RunEndEncodedBuilder,), 2),
        hand_made(ipc::Type::RunEndEncoded, settings!(RunEndEncodedBuilder,), 1),
        hand_made(ipc::Type::Union, settings!(UnionBuilder, add_mode = ipc::UnionMode(4)), 1),
        hand_made(ipc::Type::Union, settings!(UnionBuilder,), 128),
        hand_made(ipc::Type(99), settings!(NullBuilder,), 0),
    ];
    for (index, file) in bad.iter().enumerate() {
        let error = validate_arrow(file).unwrap_err();
        assert_eq!((error.check(), error.column()), (Check::ArrowSchema, Some("A")), "case {index}: {error}");
    }
}

#[test]
fn a_dictionary_inside_itself_and_one_of_two_types() {
    // Dictionary 7 holds lists of what dictionary 7 holds.
    let file = RawFile::with_schema(|fbb| {
        let mut inner: Option<flatbuffers::WIPOffset<ipc::Field>> = None;
        for _ in 0..2 {
            let children = inner.map(|inner| fbb.create_vector(&[inner]));
            let name = fbb.create_string("A");
            let mut index = ipc::IntBuilder::new(fbb);
            index.add_bitWidth(8);
            let index = index.finish();
            let mut dictionary = ipc::DictionaryEncodingBuilder::new(fbb);
            dictionary.add_id(7);
            dictionary.add_indexType(index);
            let dictionary = dictionary.finish();
            let settings = match inner {
                Some(_) => ipc::ListBuilder::new(fbb).finish().as_union_value(),
                None => ipc::Utf8Builder::new(fbb).finish().as_union_value(),
            };
            let mut field = ipc::FieldBuilder::new(fbb);
            field.add_name(name);
            field.add_type_type(if inner.is_some() { ipc::Type::List } else { ipc::Type::Utf8 });
            field.add_type_(settings);
            field.add_dictionary(dictionary);
            if let Some(children) = children {
                field.add_children(children);
            }
            inner = Some(field.finish());
        }
        let fields = fbb.create_vector(&[inner.unwrap()]);
        let mut schema = ipc::SchemaBuilder::new(fbb);
        schema.add_fields(fields);
        schema.finish()
    });
    assert_eq!(malformed(&file.bytes()), Check::ArrowDictionary);
}

#[test]
fn schemas_that_are_too_much() {
    let without_batches = |schema: Schema| {
        let mut file = RawFile::new(&[RecordBatch::new_empty(Arc::new(Schema::empty()))]);
        file.blocks.clear();
        file.schema = schema;
        file.bytes()
    };
    let nested = |levels: usize| {
        let data_type = (1..levels).fold(DataType::Int8, |inner, _| {
            DataType::Struct(Fields::from(vec![Field::new("x", inner, true)]))
        });
        without_batches(Schema::new(vec![Field::new("A", data_type, true)]))
    };
    let judge = |levels: usize| {
        let mut limits = TableLimits::default();
        limits.nesting_depth = 60;
        crunchbox_table::validate(&nested(levels), Profile::Arrow, &limits).map_err(|error| error.check())
    };
    judge(60).unwrap();
    assert!(read_arrow(&nested(60)).is_empty(), "what passes can be read");
    for levels in [61, 100, 250] {
        assert_eq!(judge(levels), Err(Check::MaxNestingDepth), "{levels}");
    }

    let names = |count: usize| {
        let fields: Vec<_> =
            (0..count).map(|index| Field::new(index.to_string(), DataType::Null, true)).collect();
        without_batches(Schema::new(fields))
    };
    validate_arrow(&names(10_000)).unwrap();
    assert_eq!(malformed(&names(10_001)), Check::MaxColumns);
    let mut limits = TableLimits::default();
    limits.fields = 10;
    let error = crunchbox_table::validate(&names(11), Profile::Arrow, &limits).unwrap_err();
    assert_eq!(error.check(), Check::MaxFields);
    let mut limits = TableLimits::default();
    limits.metadata_bytes = 100;
    let error = crunchbox_table::validate(&names(11), Profile::Arrow, &limits).unwrap_err();
    assert_eq!(error.check(), Check::MaxMetadataBytes);

    let long = |bytes: usize| {
        table(vec![(Field::new("x".repeat(bytes), DataType::Null, true), Arc::new(NullArray::new(1)))])
    };
    validate_arrow(&arrow_file(&[long(64 << 10)])).unwrap();
    assert_eq!(malformed(&arrow_file(&[long((64 << 10) + 1)])), Check::ColumnNameMaxBytes);
}

#[test]
fn big_endian_data() {
    let file = RawFile::with_schema(|fbb| {
        let fields = fbb.create_vector::<flatbuffers::ForwardsUOffset<ipc::Field>>(&[]);
        let mut schema = ipc::SchemaBuilder::new(fbb);
        schema.add_fields(fields);
        schema.add_endianness(ipc::Endianness::Big);
        schema.finish()
    });
    assert_eq!(malformed(&file.bytes()), Check::ArrowEndianness);
}

#[test]
fn metadata_keys_twice() {
    let file = RawFile::with_schema(|fbb| {
        let entries: Vec<_> = ["one", "two"]
            .iter()
            .map(|value| {
                let key = fbb.create_string("format");
                let value = fbb.create_string(value);
                let mut entry = ipc::KeyValueBuilder::new(fbb);
                entry.add_key(key);
                entry.add_value(value);
                entry.finish()
            })
            .collect();
        let entries = fbb.create_vector(&entries);
        let fields = fbb.create_vector::<flatbuffers::ForwardsUOffset<ipc::Field>>(&[]);
        let mut schema = ipc::SchemaBuilder::new(fbb);
        schema.add_fields(fields);
        schema.add_custom_metadata(entries);
        schema.finish()
    });
    assert_eq!(malformed(&file.bytes()), Check::MetadataEntries);
}

#[test]
fn columns_are_named_in_errors() {
    let batch = table(vec![
        (Field::new("good", DataType::Utf8, true), Arc::new(StringArray::from(vec!["x"]))),
        (Field::new("bad\u{1b}", DataType::Utf8, true), Arc::new(StringArray::from(vec!["x"]))),
    ]);
    let mut file = RawFile::new(&[batch]);
    file.batch().buffer(5)[0] = 0xff;
    let error = validate_arrow(&file.bytes()).unwrap_err();
    assert_eq!((error.check(), error.column()), (Check::ArrowValues, Some("bad\\u{1b}")));
    assert!(error.detail().ends_with("(record batch 1)"), "{error}");
}

#[test]
fn every_kind_of_column_passes() {
    let text: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None, Some("ccc")]));
    let nulls = NullBuffer::from(vec![true, false, true]);
    let map = {
        let mut builder = MapBuilder::new(None, StringBuilder::new(), Int8Builder::new());
        for _ in 0..3 {
            builder.keys().append_value("k");
            builder.values().append_null();
            builder.append(true).unwrap();
        }
        builder.finish()
    };
    let item = Arc::new(Field::new_list_field(DataType::Utf8, true));
    let columns: Vec<ArrayRef> = vec![
        text.clone(),
        Arc::new(LargeStringArray::from(vec![Some("a"), None, Some("b")])),
        Arc::new(BinaryArray::from_vec(vec![b"\xff", b"", b"x"])),
        Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
        Arc::new(NullArray::new(3)),
        Arc::new(Float16Array::from(vec![half::f16::NAN; 3])),
        Arc::new(Decimal256Array::from(vec![None, None, Some(i256::from_i128(5))])),
        Arc::new(IntervalMonthDayNanoArray::from(vec![IntervalMonthDayNano::new(1, 2, 3); 3])),
        Arc::new(FixedSizeBinaryArray::try_from_iter([[1u8, 2], [3, 4], [5, 6]].iter()).unwrap()),
        Arc::new(ListArray::new(
            item.clone(),
            OffsetBuffer::from_lengths([1, 0, 2]),
            text.clone(),
            Some(nulls.clone()),
        )),
        Arc::new(LargeListArray::new(
            item.clone(),
            OffsetBuffer::from_lengths([1, 0, 2]),
            text.clone(),
            None,
        )),
        Arc::new(ListViewArray::new(
            item.clone(),
            vec![2, 0, 1].into(),
            vec![1, 1, 0].into(),
            text.clone(),
            None,
        )),
        Arc::new(FixedSizeListArray::new(item, 1, text.clone(), Some(nulls.clone()))),
        Arc::new(StructArray::new(
            Fields::from(vec![Field::new("x", DataType::Utf8, true)]),
            vec![text.clone()],
            Some(nulls),
        )),
        Arc::new(StructArray::new_empty_fields(3, None)),
        Arc::new(map),
        Arc::new(BinaryViewArray::from_iter_values(["x", "y", "something longer than that"])),
    ];
    let batch = table(
        columns
            .into_iter()
            .enumerate()
            .map(|(index, array)| (Field::new(index.to_string(), array.data_type().clone(), true), array))
            .collect(),
    );
    let metadata = HashMap::from([("pandas".to_string(), "{}".to_string())]);
    let schema = Arc::new(batch.schema().as_ref().clone().with_metadata(metadata));
    let batch = batch.with_schema(schema).unwrap();
    let info = validate_arrow(&arrow_file(&[batch.clone(), batch.slice(1, 2)])).unwrap();
    assert_eq!(info.rows, 5);
    assert_eq!(info.columns[0].type_name, "text");
    assert_eq!(info.columns[3].type_name, "Boolean");
}
