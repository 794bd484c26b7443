//! Writing an Arrow IPC file of as few record batches as can be, with little memory.
//!
//! Who maps such a file has each column in one piece, with nothing to put together. What arrives batch by batch is laid out by
//! its place in the file: as the number of rows is known beforehand, so is the place of everything of a fixed width. Text
//! comes behind that. The first column of text is written where it stays; that of the others waits, in the order in which it
//! came, far enough behind to be in nobody's way, and is moved up when all of it is there. The batch's header has a place kept
//! free for it, and comes last.

mod batch;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayData, ArrayRef, AsArray, DictionaryArray, Int32Array, RecordBatch, new_empty_array,
};
use arrow::datatypes::{ArrowNativeType, DataType, Int32Type, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::convert::IpcSchemaEncoder;
use arrow::ipc::writer::{
    DictionaryTracker, IpcDataGenerator, IpcWriteContext, IpcWriteOptions, write_message,
};
use arrow::ipc::{Block, FooterBuilder, MetadataVersion};
use flatbuffers::FlatBufferBuilder;

use self::batch::Batch;
use crate::error::{Check, TableError};
use crate::source::Dictionaries;

/// Buffers begin at multiples of this, in bytes.
pub(crate) const ALIGNMENT: u64 = 64;
const MAGIC: &[u8] = b"ARROW1";
/// What stands before each message's length.
const CONTINUATION_MARKER: [u8; 4] = [0xff; 4];
const VERSION: MetadataVersion = MetadataVersion::V5;

/// How much is written at once: as much as stays in a processor's cache between a look at it and its copying.
const WRITE_BYTES: usize = 1 << 20;
/// The least that a system maps.
const PAGE_BYTES: usize = 4096;

/// When a batch is full, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Full {
    /// All of it: a step has 4 GiB of addresses, and a batch has to go in there beside what the step does with it.
    batch: u64,
    /// What has a fixed width.
    fixed: u64,
    /// One column of text, whose offsets may have 32 bits.
    text: u64,
}

impl Default for Full {
    fn default() -> Self {
        Full { batch: 3 << 30, fixed: 2 << 30, text: i32::MAX as u64 }
    }
}

/// How a column lies in a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// Not at all.
    Null,
    /// One bit for each row.
    Bits,
    /// So many bytes for each row.
    Fixed(usize),
    /// Offsets of so many bytes each, and what they lead to.
    Text(usize),
}

impl Layout {
    /// `None` for what has other columns inside it, or a dictionary beside it that may be another one each time.
    fn of(data_type: &DataType, dictionaries: Dictionaries) -> Option<Layout> {
        Some(match data_type {
            DataType::Dictionary(..) if dictionaries == Dictionaries::Growing => {
                Layout::Fixed(size_of::<i32>())
            }
            DataType::Null => Layout::Null,
            DataType::Boolean => Layout::Bits,
            DataType::Utf8 | DataType::Binary => Layout::Text(size_of::<i32>()),
            DataType::LargeUtf8 | DataType::LargeBinary => Layout::Text(size_of::<i64>()),
            DataType::FixedSizeBinary(width) => Layout::Fixed(usize::try_from(*width).ok()?),
            DataType::Dictionary(..) | DataType::RunEndEncoded(..) => return None,
            other => Layout::Fixed(other.primitive_width()?),
        })
    }

    /// Bytes that so many rows of values or offsets take.
    fn value_bytes(self, rows: u64) -> u64 {
        match self {
            Layout::Null => 0,
            Layout::Bits => rows.div_ceil(8),
            Layout::Fixed(width) => rows * width as u64,
            Layout::Text(width) => (rows + 1) * width as u64,
        }
    }

    /// Bytes that the text of the first rows takes.
    fn text_bytes(self, array: &ArrayRef, rows: usize) -> u64 {
        fn span<O: ArrowNativeType>(data: &ArrayData, rows: usize) -> u64 {
            let offsets = data.buffer::<O>(0);
            (offsets[rows].as_usize() - offsets[0].as_usize()) as u64
        }
        match self {
            Layout::Text(4) => span::<i32>(&array.to_data(), rows),
            Layout::Text(_) => span::<i64>(&array.to_data(), rows),
            _ => 0,
        }
    }

    /// How many buffers it is.
    fn buffers(self) -> usize {
        match self {
            Layout::Null => 0,
            Layout::Bits | Layout::Fixed(_) => 2,
            Layout::Text(_) => 3,
        }
    }

    fn validity_bytes(self, rows: u64) -> u64 {
        if self == Layout::Null { 0 } else { rows.div_ceil(8) }
    }

    /// What a row takes, in bits.
    fn row_bits(self) -> u64 {
        match self {
            Layout::Null => 0,
            Layout::Bits => 2,
            Layout::Fixed(width) | Layout::Text(width) => width as u64 * 8 + 1,
        }
    }
}

/// Whether a column of this type can be in a file of this kind, and so beside dictionaries that grow.
pub(crate) fn is_flat(data_type: &DataType) -> bool {
    Layout::of(data_type, Dictionaries::Any).is_some()
}

fn aligned(bytes: u64) -> u64 {
    bytes.next_multiple_of(ALIGNMENT)
}

/// A file that is being written.
pub(crate) struct WideWriter {
    file: File,
    frame: Frame,
    layouts: Vec<Layout>,
    full: Full,
    /// Rows that are still to come.
    rows_left: u64,
    batch: Option<Batch>,
    /// Of each column the dictionary so far, if it has one.
    dictionaries: Vec<Option<ArrayRef>>,
    options: IpcWriteOptions,
}

impl WideWriter {
    /// Begins a file, or gives it back if the schema has a column that is not flat.
    ///
    /// * `rows`: how many there will be. If there are fewer, the file has holes; if there are more, it has more batches.
    pub(crate) fn begin(
        file: File,
        schema: &SchemaRef,
        options: &IpcWriteOptions,
        rows: u64,
        full: Full,
        dictionaries: Dictionaries,
    ) -> Result<Result<Self, File>, TableError> {
        let layouts = schema.fields().iter().map(|field| Layout::of(field.data_type(), dictionaries));
        let Some(layouts) = layouts.collect::<Option<Vec<_>>>() else { return Ok(Err(file)) };
        let frame = Frame::begin(&file, schema, options)?;
        let dictionaries = vec![None; layouts.len()];
        let options = options.clone();
        Ok(Ok(WideWriter { file, frame, layouts, full, rows_left: rows, batch: None, dictionaries, options }))
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), TableError> {
        for (dictionary, array) in self.dictionaries.iter_mut().zip(batch.columns()) {
            if let Some(array) = array.as_dictionary_opt::<Int32Type>() {
                *dictionary = Some(array.values().clone());
            }
        }
        let mut start = 0;
        while start < batch.num_rows() {
            let rest = batch.slice(start, batch.num_rows() - start);
            let open = match &mut self.batch {
                Some(open) => open,
                None => self.batch.insert(Batch::begin(
                    &self.layouts,
                    self.frame.end,
                    self.rows_left.max(rest.num_rows() as u64),
                    self.full,
                )),
            };
            let rows = open.room_for(&rest);
            if rows == 0 {
                self.close()?;
                continue;
            }
            open.append(&self.file, &rest.slice(0, rows))?;
            self.rows_left = self.rows_left.saturating_sub(rows as u64);
            start += rows;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), TableError> {
        if let Some(batch) = self.batch.take() {
            self.frame.add(batch.close(&self.file)?);
        }
        Ok(())
    }

    /// Completes the file. `true` if it has no more than one record batch, and no dictionary.
    pub(crate) fn finish(mut self) -> Result<(File, bool), TableError> {
        self.close()?;
        self.write_dictionaries()?;
        self.frame.finish(&self.file)?;
        let in_one = self.frame.blocks.len() <= 1 && self.frame.dictionaries.is_empty();
        Ok((self.file, in_one))
    }

    /// Writes the dictionaries of all batches behind them: now they are whole, and a footer tells where they are.
    fn write_dictionaries(&mut self) -> Result<(), TableError> {
        if self.dictionaries.iter().all(Option::is_none) {
            return Ok(());
        }
        let failed = |error: ArrowError| TableError::new(Check::Conversion, error.to_string());
        let columns = self.frame.schema.fields().iter().zip(&self.dictionaries);
        let columns = columns.map(|(field, values)| -> Result<ArrayRef, ArrowError> {
            Ok(match values {
                Some(values) => {
                    Arc::new(DictionaryArray::<Int32Type>::try_new(Int32Array::new_null(0), values.clone())?)
                }
                None => new_empty_array(field.data_type()),
            })
        });
        let columns = columns.collect::<Result<Vec<_>, _>>().map_err(failed)?;
        let batch = RecordBatch::try_new(self.frame.schema.clone(), columns).map_err(failed)?;
        // Their ids are those that the schema has.
        let mut tracker = DictionaryTracker::new(true);
        let generator = IpcDataGenerator::default();
        generator.schema_to_bytes_with_dictionary_tracker(batch.schema_ref(), &mut tracker, &self.options);
        let (encoded, _) = generator
            .encode(&batch, &mut tracker, &self.options, &mut IpcWriteContext::default())
            .map_err(failed)?;
        for dictionary in encoded {
            let at = aligned(self.frame.end);
            let mut message = Vec::new();
            let (header, body) = write_message(&mut message, dictionary, &self.options).map_err(failed)?;
            write_at(&self.file, &message, at)?;
            self.frame.add_dictionary(Block::new(at as i64, header as i32, body as i64));
        }
        Ok(())
    }
}

/// What is around the record batches of an Arrow file.
pub(crate) struct Frame {
    schema: SchemaRef,
    /// Where the next block begins.
    end: u64,
    blocks: Vec<Block>,
    dictionaries: Vec<Block>,
}

impl Frame {
    /// Begins a file.
    pub(crate) fn begin(
        file: &File,
        schema: &SchemaRef,
        options: &IpcWriteOptions,
    ) -> Result<Frame, TableError> {
        let mut head = MAGIC.to_vec();
        head.resize(ALIGNMENT as usize, 0);
        let mut tracker = DictionaryTracker::new(true);
        let message = IpcDataGenerator::default().schema_to_bytes_with_dictionary_tracker(
            schema,
            &mut tracker,
            options,
        );
        write_message(&mut head, message, options)
            .map_err(|error| TableError::new(Check::Conversion, error.to_string()))?;
        write_at(file, &head, 0)?;
        Ok(Frame {
            schema: schema.clone(),
            end: head.len() as u64,
            blocks: Vec::new(),
            dictionaries: Vec::new(),
        })
    }

    /// Goes on with a file that was complete: what follows takes the place of its footer.
    pub(crate) fn resume(schema: &SchemaRef, blocks: &[Block], end: u64) -> Frame {
        Frame { schema: schema.clone(), end, blocks: blocks.to_vec(), dictionaries: Vec::new() }
    }

    /// Where the next block may begin, at the earliest.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Takes down a block that was written.
    pub(crate) fn add(&mut self, block: Block) {
        self.end = end(&block);
        self.blocks.push(block);
    }

    fn add_dictionary(&mut self, block: Block) {
        self.end = end(&block);
        self.dictionaries.push(block);
    }

    /// Completes the file. What is behind its end is cut off.
    pub(crate) fn finish(&self, file: &File) -> Result<(), TableError> {
        let mut tail = CONTINUATION_MARKER.to_vec();
        tail.extend([0; 4]);
        let footer = footer(&self.schema, &self.dictionaries, &self.blocks);
        tail.extend(&footer);
        let length = i32::try_from(footer.len()).map_err(|_| {
            TableError::new(Check::MaxMetadataBytes, "the footer does not fit into an Arrow file")
        })?;
        tail.extend(length.to_le_bytes());
        tail.extend(MAGIC);
        write_at(file, &tail, self.end)?;
        file.set_len(self.end + tail.len() as u64).map_err(|error| TableError::write(&error))
    }
}

/// Where a block ends in its file.
pub(crate) fn end(block: &Block) -> u64 {
    block.offset() as u64 + block.metaDataLength() as u64 + block.bodyLength() as u64
}

fn footer(schema: &Schema, dictionaries: &[Block], blocks: &[Block]) -> Vec<u8> {
    let mut builder = FlatBufferBuilder::new();
    let dictionaries = builder.create_vector(dictionaries);
    let batches = builder.create_vector(blocks);
    let mut tracker = DictionaryTracker::new(true);
    let schema = IpcSchemaEncoder::new()
        .with_dictionary_tracker(&mut tracker)
        .schema_to_fb_offset(&mut builder, schema);
    let mut footer = FooterBuilder::new(&mut builder);
    footer.add_version(VERSION);
    footer.add_schema(schema);
    footer.add_dictionaries(dictionaries);
    footer.add_recordBatches(batches);
    let footer = footer.finish();
    builder.finish(footer, None);
    builder.finished_data().to_vec()
}

/// Writes bytes that may be those of a mapped file which nobody has looked at yet. Linux copies a piece by the megabyte into its
/// cache; at each page that it then finds missing it starts over, with smaller pieces: so each is looked at first.
pub(crate) fn write_at(file: &File, bytes: &[u8], mut at: u64) -> Result<(), TableError> {
    for piece in bytes.chunks(WRITE_BYTES) {
        for page in piece.chunks(PAGE_BYTES) {
            std::hint::black_box(page[0]);
        }
        file.write_all_at(piece, at).map_err(|error| TableError::write(&error))?;
        at += piece.len() as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use arrow::array::*;
    use arrow::buffer::Buffer;
    use arrow::datatypes::{Field, Int32Type};
    use proptest::prelude::*;

    use super::*;
    use crate::{Profile, TableLimits, validate};

    const COLUMNS: usize = 8;

    /// One row, null where a bit of the number is set.
    fn row() -> impl Strategy<Value = (u8, i64, String)> {
        (prop_oneof![Just(0), any::<u8>()], any::<i64>(), ".{0,12}")
    }

    fn table(rows: &[(u8, i64, String)]) -> RecordBatch {
        let some = |column: usize, nulls: u8| nulls & (1 << column) == 0;
        let numbers = rows.iter().map(|row| some(0, row.0).then_some(row.1)).collect::<Int64Array>();
        let bytes = rows.iter().map(|row| some(1, row.0).then_some(row.1 as i8)).collect::<Int8Array>();
        let bits = rows.iter().map(|row| some(2, row.0).then_some(row.1 > 0)).collect::<BooleanArray>();
        let text = rows.iter().map(|row| some(3, row.0).then_some(&row.2)).collect::<StringArray>();
        let large = rows.iter().map(|row| some(4, row.0).then_some(&row.2)).collect::<LargeStringArray>();
        let binary = rows.iter().map(|row| some(5, row.0).then_some(row.2.as_bytes()));
        let fixed = rows.iter().map(|row| some(6, row.0).then_some(row.1.to_le_bytes()));
        let fixed = FixedSizeBinaryArray::try_from_sparse_iter_with_size(fixed, 8).unwrap();
        let columns: [ArrayRef; COLUMNS] = [
            Arc::new(numbers),
            Arc::new(bytes),
            Arc::new(bits),
            Arc::new(text),
            Arc::new(large),
            Arc::new(binary.collect::<BinaryArray>()),
            Arc::new(fixed),
            Arc::new(NullArray::new(rows.len())),
        ];
        let field = |(index, array): (usize, &ArrayRef)| {
            Field::new(format!("c{index}"), array.data_type().clone(), true)
        };
        let fields: Vec<_> = columns.iter().enumerate().map(field).collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into()).unwrap()
    }

    fn options() -> IpcWriteOptions {
        IpcWriteOptions::try_new(ALIGNMENT as usize, false, VERSION).unwrap()
    }

    fn written(pieces: &[RecordBatch], rows: u64, full: Full) -> Buffer {
        let file = tempfile::tempfile().unwrap();
        let again = file.try_clone().unwrap();
        let begun =
            WideWriter::begin(file, &pieces[0].schema(), &options(), rows, full, Dictionaries::Any).unwrap();
        let mut writer = begun.unwrap_or_else(|_| panic!("all of it is flat"));
        pieces.iter().for_each(|piece| writer.write(piece).unwrap());
        writer.finish().unwrap();
        let mut bytes = vec![0; again.metadata().unwrap().len() as usize];
        again.read_exact_at(&mut bytes, 0).unwrap();
        bytes.into()
    }

    fn read(file: &Buffer) -> Vec<RecordBatch> {
        let cursor = std::io::Cursor::new(file.as_slice());
        arrow::ipc::reader::FileReader::try_new(cursor, None).unwrap().map(Result::unwrap).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_comes_in_pieces_is_read_as_one(
            rows in proptest::collection::vec(row(), 1..120),
            piece in 1usize..50,
            skipped in 0usize..3,
            promised in prop_oneof![Just(None), (0u64..200).prop_map(Some)],
            limit in prop_oneof![Just(u64::MAX), 1u64..8000],
        ) {
            let whole = table(&rows);
            let whole = whole.slice(skipped.min(rows.len() - 1), rows.len() - skipped.min(rows.len() - 1));
            let starts = (0..whole.num_rows()).step_by(piece);
            let pieces: Vec<_> =
                starts.map(|start| whole.slice(start, piece.min(whole.num_rows() - start))).collect();
            let full = match limit {
                u64::MAX => Full::default(),
                limit => Full { batch: limit * 2, fixed: limit, text: limit / 8 },
            };
            let promised = promised.unwrap_or(whole.num_rows() as u64);
            let file = written(&pieces, promised, full);
            let info = validate(&file, Profile::Arrow, &TableLimits::default()).unwrap();
            prop_assert_eq!(info.rows, whole.num_rows() as u64);
            let batches = read(&file);
            if limit == u64::MAX && promised >= info.rows {
                prop_assert_eq!(batches.len(), 1);
            }
            let together = arrow::compute::concat_batches(&whole.schema(), &batches).unwrap();
            prop_assert_eq!(&together, &whole);
            // A reader of streams finds the same.
            let stream = std::io::Cursor::new(&file.as_slice()[ALIGNMENT as usize..]);
            let stream = arrow::ipc::reader::StreamReader::try_new(stream, None).unwrap();
            prop_assert_eq!(stream.map(Result::unwrap).collect::<Vec<_>>(), batches);
        }
    }

    #[test]
    fn a_table_without_rows_has_no_batch() {
        let file = written(&[table(&[])], 0, Full::default());
        assert_eq!(validate(&file, Profile::Arrow, &TableLimits::default()).unwrap().rows, 0);
        assert!(read(&file).is_empty());
    }

    #[test]
    fn a_promise_of_many_rows_takes_no_room() {
        let file = tempfile::tempfile().unwrap();
        let again = file.try_clone().unwrap();
        let batch = table(&[(0, 1, "x".to_owned())]);
        let begun = WideWriter::begin(
            file,
            &batch.schema(),
            &options(),
            u64::MAX,
            Full::default(),
            Dictionaries::Any,
        );
        let mut writer = begun.unwrap().unwrap_or_else(|_| panic!("all of it is flat"));
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        let found = again.metadata().unwrap();
        assert!(found.len() <= 3 << 30, "{} bytes long", found.len());
        assert!(std::os::unix::fs::MetadataExt::blocks(&found) <= 2048, "all the rest is holes");
    }

    #[test]
    fn what_has_columns_inside_is_left_to_others() {
        let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1)])]);
        let field = Field::new("a", list.data_type().clone(), true);
        let schema = Arc::new(Schema::new(vec![field]));
        let begun = WideWriter::begin(
            tempfile::tempfile().unwrap(),
            &schema,
            &options(),
            1,
            Full::default(),
            Dictionaries::Any,
        );
        assert!(begun.unwrap().is_err());
    }
}
