//! Some rows of a table whose file has others too: of those nothing is shown, so a table may be larger than memory.

use std::ops::Range;

use arrow::array::{ArrayData, ArrayRef, BufferSpec, RecordBatch, layout};
use arrow::array::{RecordBatchOptions, make_array, new_empty_array};
use arrow::buffer::{BooleanBuffer, Buffer};
use arrow::datatypes::{ArrowNativeType, DataType};
use arrow::ipc::{self, root_as_footer, root_as_message};

use crate::Result;
use crate::input::{Input, column};
use crate::table::{footer, invalid, schema};

/// What a message of today's begins with; older ones begin with their length.
const CONTINUATION: [u8; 4] = [0xff; 4];

/// Reads these rows, as one batch. The host shows all rows of a file only if they are one batch of flat columns.
pub(crate) fn read(file: &Input, wanted: &Range<u64>) -> Result<RecordBatch> {
    let footer = footer(file.length(), |bytes| file.bytes(bytes))?;
    let footer = root_as_footer(&footer).map_err(|error| invalid(&error.to_string()))?;
    let schema = schema(&footer)?;
    let mut blocks = footer.recordBatches().into_iter().flatten();
    let (block, others) = (blocks.next(), blocks.count());
    let Some(block) = block else { return Ok(RecordBatch::new_empty(schema)) };
    if others > 0 || footer.dictionaries().is_some_and(|dictionaries| !dictionaries.is_empty()) {
        return Err(invalid("some rows of several batches, or of encoded text"));
    }
    let unsigned = |number: i64| u64::try_from(number).map_err(|_| invalid("a number is negative"));
    let start = unsigned(block.offset())?;
    let body = start.saturating_add(unsigned(block.metaDataLength().into())?);
    let message = file.bytes(start..body)?;
    let prefix = if message.starts_with(&CONTINUATION) { 8 } else { 4 };
    let header = root_as_message(message.get(prefix..).unwrap_or_default());
    let header = header.map_err(|error| invalid(&error.to_string()))?;
    let header = header.header_as_record_batch().ok_or_else(|| invalid("a block is no record batch"))?;
    if header.compression().is_some() {
        return Err(invalid("some rows of a compressed batch"));
    }
    let last = unsigned(header.length())?;
    let start = wanted.start.min(last);
    let count = usize::try_from(wanted.end.min(last).saturating_sub(start));
    let rows = Rows { start, count: count.map_err(|_| invalid("there are too many rows"))? };
    let mut buffers = header.buffers().into_iter().flatten().map(|buffer| place(buffer, body));
    let nodes = header.nodes().into_iter().flatten();
    let fields = schema.fields().iter().zip(nodes);
    let columns = fields.map(|(field, node)| Column::of(field.data_type(), node, &mut buffers, rows));
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let arrays = arrays(file, columns, rows)?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows.count));
    Ok(RecordBatch::try_new_with_options(schema, arrays, &options)?)
}

/// Where in the file a buffer is.
fn place(buffer: &ipc::Buffer, body: u64) -> Result<Range<u64>> {
    let place = || {
        let start = body.checked_add(u64::try_from(buffer.offset()).ok()?)?;
        Some(start..start.checked_add(u64::try_from(buffer.length()).ok()?)?)
    };
    place().ok_or_else(|| invalid("a buffer is nowhere"))
}

/// The rows that are wanted. What they take is counted in 64 bits: the file may be larger than all addresses.
#[derive(Clone, Copy)]
struct Rows {
    start: u64,
    count: usize,
}

impl Rows {
    fn end(self) -> u64 {
        self.start + self.count as u64
    }

    /// Which bytes of a buffer their values are.
    fn values(self, byte_width: usize) -> Range<u64> {
        let width = byte_width as u64;
        self.start.saturating_mul(width)..self.end().saturating_mul(width)
    }

    /// Which bytes of a buffer have their bits.
    fn bits(self) -> Range<u64> {
        self.start / 8..self.end().div_ceil(8)
    }

    /// Their bits, of those bytes.
    fn bits_of(self, bytes: Buffer) -> Buffer {
        BooleanBuffer::new(bytes, (self.start % 8) as usize, self.count).sliced()
    }
}

/// Where in the file the rows of a column are.
struct Column<'s> {
    data_type: &'s DataType,
    /// Bits, if some of all rows are null.
    validity: Option<Range<u64>>,
    /// Values, bits or the offsets of text.
    values: Option<Range<u64>>,
    /// The text of all rows.
    text: Option<Range<u64>>,
}

impl<'s> Column<'s> {
    fn of(
        data_type: &'s DataType,
        node: &ipc::FieldNode,
        buffers: &mut impl Iterator<Item = Result<Range<u64>>>,
        rows: Rows,
    ) -> Result<Column<'s>> {
        let layout = layout(data_type);
        let unfit = || invalid(&format!("some rows of a column of {data_type}"));
        if data_type.is_nested() || layout.variadic || matches!(data_type, DataType::Dictionary(..)) {
            return Err(unfit());
        }
        let mut next = || buffers.next().unwrap_or_else(|| Err(invalid("a buffer is missing")));
        let validity = layout.can_contain_null_mask.then(&mut next).transpose()?;
        let validity = validity.filter(|_| node.null_count() > 0);
        let validity = validity.map(|validity| some(&validity, rows.bits())).transpose()?;
        let (values, text) = match &layout.buffers[..] {
            [] => (None, None),
            [BufferSpec::BitMap] => (Some(some(&next()?, rows.bits())?), None),
            [BufferSpec::FixedWidth { byte_width, .. }] => {
                (Some(some(&next()?, rows.values(*byte_width))?), None)
            }
            [BufferSpec::FixedWidth { byte_width, .. }, BufferSpec::VariableWidth] => {
                // One more than rows.
                let offsets = Rows { count: rows.count + 1, ..rows };
                (Some(some(&next()?, offsets.values(*byte_width))?), Some(next()?))
            }
            _ => return Err(unfit()),
        };
        Ok(Column { data_type, validity, values, text })
    }
}

/// Reads the rows of these columns.
fn arrays(file: &Input, columns: Vec<Column<'_>>, rows: Rows) -> Result<Vec<ArrayRef>> {
    if rows.count == 0 {
        return Ok(columns.iter().map(|column| new_empty_array(column.data_type)).collect());
    }
    let of_all: Vec<_> =
        columns.iter().flat_map(|column| [&column.validity, &column.values]).flatten().cloned().collect();
    let mut of_all = file.several(&of_all)?.into_iter();
    let mut next = |wanted: Option<Range<u64>>| wanted.and_then(|_| of_all.next());
    let mut texts = Vec::new();
    let mut arrays = Vec::with_capacity(columns.len());
    for Column { data_type, validity, values, text } in columns {
        let validity = next(validity).map(|bytes| rows.bits_of(bytes));
        let values = match (next(values), &text) {
            // Only now the offsets tell where text is.
            (Some(offsets), Some(text)) => {
                let (ends, offsets) = match data_type {
                    DataType::Utf8 | DataType::Binary => from_nothing::<i32>(offsets),
                    _ => from_nothing::<i64>(offsets),
                };
                texts.push(some(text, ends)?);
                Some(offsets)
            }
            (Some(bytes), None) if *data_type == DataType::Boolean => Some(rows.bits_of(bytes)),
            (values, _) => values,
        };
        let data = ArrayData::builder(data_type.clone()).len(rows.count).null_bit_buffer(validity);
        arrays.push((data, values, text.is_some()));
    }
    let mut texts = file.several(&texts)?.into_iter();
    let arrays = arrays.into_iter().map(|(data, values, has_text)| {
        let text = if has_text { texts.next() } else { None };
        make_array(column(data.buffers(values.into_iter().chain(text).collect())))
    });
    Ok(arrays.collect())
}

/// Some bytes of a buffer.
fn some(buffer: &Range<u64>, bytes: Range<u64>) -> Result<Range<u64>> {
    let (start, end) = (buffer.start.saturating_add(bytes.start), buffer.start.saturating_add(bytes.end));
    if start > end || end > buffer.end { Err(invalid("a buffer is too short")) } else { Ok(start..end) }
}

/// Which bytes of text some offsets lead to, and the same offsets, the first being 0.
fn from_nothing<T: ArrowNativeType + std::ops::Sub<Output = T>>(offsets: Buffer) -> (Range<u64>, Buffer) {
    let places = offsets.typed_data::<T>();
    let first = places.first().copied().unwrap_or_default();
    let last = places.last().copied().unwrap_or_default();
    let end = |place: T| place.to_i64().and_then(|place| u64::try_from(place).ok()).unwrap_or_default();
    let ends = end(first)..end(last);
    if first == T::default() {
        return (ends, offsets);
    }
    (ends, places.iter().map(|place| *place - first).collect::<Vec<_>>().into())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;

    use arrow::array::*;
    use arrow::compute::concat_batches;
    use arrow::datatypes::{Field, Int32Type, Schema};
    use arrow::ipc::writer::{FileWriter, IpcWriteOptions};
    use proptest::prelude::*;

    use super::*;
    use crate::table;

    /// Of every kind of layout one, with nulls in some of them and rows of all lengths.
    fn all_kinds(rows: usize) -> RecordBatch {
        let some = |row: usize| !row.is_multiple_of(5);
        let text = |row: usize| "é".repeat(row % 4) + &row.to_string();
        let texts = (0..rows).map(|row| some(row).then(|| text(row)));
        let bytes = (0..rows).map(text).collect::<Vec<_>>();
        let fixed = (0..rows).map(|row| some(row).then(|| (row as u32).to_le_bytes()));
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("none", Arc::new(NullArray::new(rows))),
            (
                "bits",
                Arc::new((0..rows).map(|row| some(row).then_some(row % 3 == 0)).collect::<BooleanArray>()),
            ),
            ("byte", Arc::new(UInt8Array::from_iter_values((0..rows).map(|row| row as u8)))),
            (
                "float",
                Arc::new((0..rows).map(|row| some(row).then_some(row as f64)).collect::<Float64Array>()),
            ),
            ("text", Arc::new(texts.clone().collect::<StringArray>())),
            ("large", Arc::new(texts.collect::<LargeStringArray>())),
            ("bytes", Arc::new(BinaryArray::from_iter_values(bytes.iter().map(String::as_bytes)))),
            ("fixed", Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(fixed, 4).unwrap())),
            ("wide", Arc::new(Decimal128Array::from_iter_values((0..rows).map(|row| row as i128)))),
        ];
        RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, column)| (name, column, true)),
        )
        .unwrap()
    }

    fn written(batches: &[RecordBatch], options: IpcWriteOptions) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut writer =
            FileWriter::try_new_with_options(file.reopen().unwrap(), &batches[0].schema(), options).unwrap();
        batches.iter().for_each(|batch| writer.write(batch).unwrap());
        writer.finish().unwrap();
        file
    }

    fn rows_of(file: &tempfile::NamedTempFile, rows: Range<u64>) -> Result<RecordBatch> {
        table::read(file.path(), Some(&rows))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn parts_make_up_the_table(
            rows in prop_oneof![0usize..300, Just(70_000)],
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        ) {
            let whole = all_kinds(rows);
            let file = written(std::slice::from_ref(&whole), IpcWriteOptions::default());
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.index(rows + 1)).collect();
            cuts.extend([0, rows]);
            cuts.sort_unstable();
            let parts = cuts.windows(2).map(|cut| rows_of(&file, cut[0] as u64..cut[1] as u64).unwrap());
            let parts: Vec<_> = parts.collect();
            for (part, cut) in parts.iter().zip(cuts.windows(2)) {
                prop_assert_eq!(part, &whole.slice(cut[0], cut[1] - cut[0]));
                part.columns().iter().for_each(|column| column.to_data().validate_full().unwrap());
            }
            prop_assert_eq!(concat_batches(&whole.schema(), &parts).unwrap(), whole);
        }
    }

    #[test]
    fn rows_past_the_end_are_none() {
        let file = written(&[all_kinds(10)], IpcWriteOptions::default());
        assert_eq!(rows_of(&file, 8..20).unwrap(), all_kinds(10).slice(8, 2));
        assert_eq!(rows_of(&file, 30..40).unwrap().num_rows(), 0);
        assert_eq!(rows_of(&file, 3..u64::MAX).unwrap().num_rows(), 7);
    }

    #[test]
    fn what_is_built_otherwise_is_an_error() {
        let flat = all_kinds(10);
        let several = written(&[flat.clone(), flat], IpcWriteOptions::default());
        let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1)])]);
        let encoded: DictionaryArray<Int32Type> = ["x", "y"].into_iter().collect();
        let of = |column: ArrayRef| {
            let field = Field::new("a", column.data_type().clone(), true);
            let batch = RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![column]).unwrap();
            written(&[batch], IpcWriteOptions::default())
        };
        for (file, what) in [
            (several, "several batches"),
            (of(Arc::new(list)), "a column of List"),
            (of(Arc::new(encoded)), "encoded text"),
            (of(Arc::new(StringViewArray::from(vec!["x"]))), "a column of Utf8View"),
        ] {
            let error = rows_of(&file, 0..1).unwrap_err().to_string();
            assert!(error.contains(what), "{what}: {error}");
        }
    }

    #[test]
    fn a_file_that_ends_too_early_is_an_error() {
        let file = written(&[all_kinds(1000)], IpcWriteOptions::default());
        let bytes = fs::read(file.path()).unwrap();
        for length in [1, 9, 10, 40, bytes.len() / 2, bytes.len() - 1] {
            fs::write(file.path(), &bytes[..length]).unwrap();
            rows_of(&file, 0..10).unwrap_err();
        }
        fs::write(file.path(), []).unwrap();
        assert_eq!(rows_of(&file, 0..10).unwrap().num_columns(), 0);
    }
}
