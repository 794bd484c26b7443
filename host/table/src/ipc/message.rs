//! The messages of an Arrow IPC file: their headers, and whether the buffers they list lie in their bodies.

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;

use arrow::buffer::{BooleanBuffer, Buffer};
use arrow::datatypes::{DataType, Field, Schema, UnionMode};
use arrow::ipc::{
    BodyCompressionMethod, CompressionType, DictionaryBatch, FieldNode, Message, MessageHeader,
    MetadataVersion, RecordBatch, root_as_message_with_opts,
};

use super::Bodies;
use super::frame::{BlockBytes, flatbuffer_error, verifier_options};
use super::schema::Dictionary;
use crate::error::{Check, TableError};
use crunchbox_protocol::TableLimits;

/// What stands before each message: a continuation marker and the header's length as an i32.
const PREFIX_BYTES: usize = 8;
const CONTINUATION_MARKER: [u8; 4] = [0xff; 4];

/// A compressed buffer begins with its decompressed length as an i64.
const COMPRESSED_PREFIX_BYTES: usize = 8;
/// Stands for that length when the buffer was not worth compressing.
const STORED_PLAIN: i64 = -1;

/// Longest array inside another one. Some arrays take no bytes however long they are.
const MAX_NESTED_LENGTH: i64 = u32::MAX as i64;

/// Reads the message that `bytes` begin with, and the length of its prefix and header.
pub(super) fn read_message<'a>(
    bytes: &'a [u8],
    version: MetadataVersion,
    limits: &TableLimits,
) -> Result<(Message<'a>, usize), TableError> {
    let Some((prefix, rest)) = bytes.split_first_chunk::<PREFIX_BYTES>() else {
        return Err(message_error("a message is cut off"));
    };
    let [marker @ .., a, b, c, d] = *prefix;
    if marker != CONTINUATION_MARKER {
        return Err(message_error("a message does not begin with the continuation marker"));
    }
    let declared = i32::from_le_bytes([a, b, c, d]);
    let header = usize::try_from(declared)
        .ok()
        .and_then(|length| rest.get(..length))
        .ok_or_else(|| message_error(&format!("a message header of {declared} bytes does not fit")))?;
    let message = root_as_message_with_opts(&verifier_options(header.len(), limits)?, header)
        .map_err(|error| flatbuffer_error(Check::ArrowMessage, &error))?;
    if message.version() != version {
        let found = message.version();
        return Err(message_error(&format!("metadata version {found:?} in a file of version {version:?}")));
    }
    Ok((message, PREFIX_BYTES + header.len()))
}

/// What messages are judged by, and how much they have asked for so far.
pub(super) struct Rules {
    version: MetadataVersion,
    bodies: Bodies,
    limits: TableLimits,
    decoded_bytes: u64,
}

/// The dictionaries that the schema asks for, and those that came so far.
pub(super) struct Dictionaries {
    wanted: BTreeMap<i64, Dictionary>,
    /// By id: values and bytes so far.
    seen: BTreeMap<i64, (u64, u64)>,
}

impl Dictionaries {
    pub(super) fn new(wanted: BTreeMap<i64, Dictionary>) -> Self {
        Dictionaries { wanted, seen: BTreeMap::new() }
    }

    /// The first column that uses a dictionary.
    pub(super) fn column(&self, id: i64) -> &str {
        self.wanted.get(&id).map(|dictionary| dictionary.column.as_str()).unwrap_or_default()
    }
}

impl Rules {
    pub(super) fn new(version: MetadataVersion, bodies: Bodies, limits: &TableLimits) -> Self {
        Rules { version, bodies, limits: limits.clone(), decoded_bytes: 0 }
    }

    pub(super) fn version(&self) -> MetadataVersion {
        self.version
    }

    pub(super) fn limits(&self) -> &TableLimits {
        &self.limits
    }

    /// Checks a record batch and gives its header.
    ///
    /// * `rows`: those whose bits are to be looked at, `None` for all. With some only, all columns are flat.
    pub(super) fn record_batch<'a>(
        &mut self,
        block: &'a BlockBytes,
        schema: &Schema,
        rows: Option<&Range<usize>>,
    ) -> Result<RecordBatch<'a>, TableError> {
        let batch = self.header(block)?;
        self.check(batch, schema.fields().iter().map(AsRef::as_ref), &block.body, rows)?;
        Ok(batch)
    }

    /// The header of a record batch, which says of its buffers what it likes.
    pub(super) fn header<'a>(&self, block: &'a BlockBytes) -> Result<RecordBatch<'a>, TableError> {
        let message = self.message(block)?;
        message.header_as_record_batch().ok_or_else(|| wrong_kind(&message, "a record batch"))
    }

    /// The rows that a record batch says it has.
    pub(super) fn declared_rows(&self, block: &BlockBytes) -> Result<u64, TableError> {
        let batch = self.message(block)?.header_as_record_batch();
        Ok(batch.and_then(|batch| u64::try_from(batch.length()).ok()).unwrap_or(0))
    }

    /// Checks a dictionary and gives its header.
    pub(super) fn dictionary<'a>(
        &mut self,
        block: &'a BlockBytes,
        dictionaries: &mut Dictionaries,
    ) -> Result<DictionaryBatch<'a>, TableError> {
        let message = self.message(block)?;
        let dictionary =
            message.header_as_dictionary_batch().ok_or_else(|| wrong_kind(&message, "a dictionary"))?;
        let id = dictionary.id();
        let dictionary_error = |what: String| TableError::new(Check::ArrowDictionary, what);
        let wanted = dictionaries
            .wanted
            .get(&id)
            .ok_or_else(|| dictionary_error(format!("no column uses dictionary {id}")))?;
        let batch =
            dictionary.data().ok_or_else(|| dictionary_error(format!("dictionary {id} has no data")))?;
        let before = dictionaries.seen.get(&id).copied();
        if before.is_some() != dictionary.isDelta() {
            let what = if dictionary.isDelta() { "is added to before it is there" } else { "is there twice" };
            return Err(dictionary_error(format!("dictionary {id} {what}")).in_column(&wanted.column));
        }
        let field = Field::new("", wanted.values.clone(), true);
        let bytes = self
            .check(batch, std::iter::once(&field), &block.body, None)
            .map_err(|error| error.in_column(&wanted.column))?;
        let (values_before, bytes_before) = before.unwrap_or_default();
        // Each addition copies what was there: many small ones to a large dictionary count for what they cost.
        self.spend(bytes_before)?;
        let values = values_before.saturating_add(batch.length() as u64);
        if values > self.limits.dictionary_values {
            let what = "values or more in a dictionary";
            let error =
                TableError::over(Check::MaxDictionaryValues, what, values, self.limits.dictionary_values);
            return Err(error.in_column(&wanted.column));
        }
        dictionaries.seen.insert(id, (values, bytes_before.saturating_add(bytes)));
        Ok(dictionary)
    }

    fn message<'a>(&self, block: &'a BlockBytes) -> Result<Message<'a>, TableError> {
        let (message, length) = read_message(&block.metadata, self.version, &self.limits)?;
        // Readers of streams find the body behind the header, readers of files by the footer: both have to agree.
        if length != block.metadata.len() {
            let (declared, footer) = (length, block.metadata.len());
            return Err(message_error(&format!(
                "a header of {declared} bytes, where the footer says {footer}"
            )));
        }
        if usize::try_from(message.bodyLength()).ok() != Some(block.body.len()) {
            let (declared, footer) = (message.bodyLength(), block.body.len());
            return Err(message_error(&format!(
                "a body of {declared} bytes, where the footer says {footer}"
            )));
        }
        Ok(message)
    }

    /// Checks everything that a batch's header says about its body, and returns the bytes that it decodes to.
    fn check<'f>(
        &mut self,
        batch: RecordBatch<'_>,
        fields: impl Iterator<Item = &'f Field>,
        body: &Buffer,
        rows: Option<&Range<usize>>,
    ) -> Result<u64, TableError> {
        if batch.length() < 0 {
            return Err(buffers_error(format!("a batch of {} rows", batch.length())));
        }
        let compression = match batch.compression() {
            None => None,
            Some(_) if self.bodies == Bodies::Uncompressed => {
                return Err(TableError::new(
                    Check::ArrowUncompressed,
                    "the data is compressed; write it without compression",
                ));
            }
            Some(compression) => {
                let codec = compression.codec();
                let known = matches!(codec, CompressionType::LZ4_FRAME | CompressionType::ZSTD);
                if !known || compression.method() != BodyCompressionMethod::BUFFER {
                    return Err(TableError::new(Check::ArrowDecompression, "an unknown kind of compression"));
                }
                Some(codec)
            }
        };
        let missing = || buffers_error("a batch without its lists of buffers and field nodes".into());
        let mut layout = Layout {
            nodes: batch.nodes().ok_or_else(missing)?.iter().copied().collect::<Vec<_>>().into_iter(),
            buffers: buffer_spans(&batch, body.len())?.into_iter(),
            variadic_counts: batch
                .variadicBufferCounts()
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .into_iter(),
            body,
            compressed: compression.is_some(),
            rows,
        };
        let spans = layout.buffers.as_slice().to_vec();
        for field in fields {
            layout
                .array(field.data_type(), Some(batch.length()))
                .map_err(|error| error.in_column(field.name()))?;
        }
        if layout.nodes.len() + layout.buffers.len() + layout.variadic_counts.len() != 0 {
            return Err(buffers_error(format!(
                "{} field nodes and {} buffers more than the schema has a place for",
                layout.nodes.len(),
                layout.buffers.len()
            )));
        }
        let mut decoded = 0;
        for (start, length) in spans {
            let bytes = match compression {
                Some(codec) if length > 0 => self.declared_bytes(codec, &body[start..start + length])?,
                _ => length as u64,
            };
            self.spend(bytes)?;
            decoded += bytes;
        }
        Ok(decoded)
    }

    /// What a compressed buffer decompresses to, by its own account; LZ4's is put to the test, since the decoder
    /// would go on past it.
    fn declared_bytes(&self, codec: CompressionType, buffer: &[u8]) -> Result<u64, TableError> {
        let bad = |what: String| TableError::new(Check::ArrowDecompression, what);
        let Some((prefix, data)) = buffer.split_first_chunk::<COMPRESSED_PREFIX_BYTES>() else {
            return Err(bad("a compressed buffer is too short to hold its own length".into()));
        };
        let declared = i64::from_le_bytes(*prefix);
        if declared == STORED_PLAIN {
            return Ok(data.len() as u64);
        }
        let length =
            u64::try_from(declared).map_err(|_| bad(format!("a buffer that unfolds to {declared} bytes")))?;
        self.check_affordable(length)?;
        if codec == CompressionType::LZ4_FRAME && length > 0 {
            let mut decoder = lz4_flex::frame::FrameDecoder::new(data).take(length.saturating_add(1));
            let found = std::io::copy(&mut decoder, &mut std::io::sink())
                .map_err(|error| bad(format!("LZ4 data is damaged: {error}")))?;
            if found != length {
                return Err(bad(format!("LZ4 data does not unfold to the {length} bytes it declares")));
            }
        }
        Ok(length)
    }

    fn check_affordable(&self, bytes: u64) -> Result<(), TableError> {
        let total = self.decoded_bytes.saturating_add(bytes);
        if total > self.limits.decoded_bytes {
            let what = "bytes of decoded data or more";
            return Err(TableError::over(Check::MaxDecodedBytes, what, total, self.limits.decoded_bytes));
        }
        Ok(())
    }

    fn spend(&mut self, bytes: u64) -> Result<(), TableError> {
        self.check_affordable(bytes)?;
        self.decoded_bytes += bytes;
        Ok(())
    }
}

/// Start and length of a batch's buffers, each inside the body, aligned, and none on top of another.
fn buffer_spans(batch: &RecordBatch<'_>, body_length: usize) -> Result<Vec<(usize, usize)>, TableError> {
    let Some(buffers) = batch.buffers() else {
        return Err(buffers_error("a batch without a list of buffers".into()));
    };
    let mut spans = Vec::with_capacity(buffers.len());
    for (index, buffer) in buffers.iter().enumerate() {
        let (offset, length) = (buffer.offset(), buffer.length());
        let outside = || {
            buffers_error(format!("buffer {index}: {length} bytes at {offset} in a body of {body_length}"))
        };
        let start = usize::try_from(offset).map_err(|_| outside())?;
        let length = usize::try_from(length).map_err(|_| outside())?;
        start.checked_add(length).filter(|end| *end <= body_length).ok_or_else(outside)?;
        if length > 0 && start % 8 != 0 {
            let what = format!("buffer {index} begins at {start}, not a multiple of 8 bytes");
            return Err(TableError::new(Check::ArrowAlignment, what));
        }
        spans.push((start, length));
    }
    let mut filled: Vec<_> = spans.iter().filter(|(_, length)| *length > 0).collect();
    filled.sort_unstable();
    match filled.windows(2).find(|pair| pair[1].0 < pair[0].0 + pair[0].1) {
        Some(pair) => Err(buffers_error(format!("two buffers share the bytes at {}", pair[1].0))),
        None => Ok(spans),
    }
}

/// What is left of a batch's lists while the schema is walked alongside them.
struct Layout<'a> {
    nodes: std::vec::IntoIter<FieldNode>,
    buffers: std::vec::IntoIter<(usize, usize)>,
    variadic_counts: std::vec::IntoIter<i64>,
    body: &'a Buffer,
    compressed: bool,
    /// Those whose bits are to be looked at; `None` for all.
    rows: Option<&'a Range<usize>>,
}

impl Layout<'_> {
    /// Takes what one array needs. `length` is the number of rows, if it is known from outside.
    fn array(&mut self, data_type: &DataType, length: Option<i64>) -> Result<(), TableError> {
        let node = self.nodes.next().ok_or_else(|| buffers_error("too few field nodes".into()))?;
        if length.is_some_and(|length| length != node.length()) || node.length() < 0 {
            return Err(buffers_error(format!(
                "a column of {} rows in another number of rows",
                node.length()
            )));
        }
        if length.is_none() && node.length() > MAX_NESTED_LENGTH {
            return Err(buffers_error(format!("{} values inside a column", node.length())));
        }
        if !(0..=node.length()).contains(&node.null_count()) {
            let what = format!("{} nulls in {} values", node.null_count(), node.length());
            return Err(TableError::new(Check::ArrowNullCount, what));
        }
        let values = node.length() as usize;
        match data_type {
            DataType::Null => {
                if node.null_count() != node.length() {
                    let what =
                        format!("{} nulls in {} values of type null", node.null_count(), node.length());
                    return Err(TableError::new(Check::ArrowNullCount, what));
                }
            }
            DataType::Utf8 | DataType::Binary => {
                self.validity(&node)?;
                self.whole(4)?;
                self.skip(1)?;
            }
            DataType::LargeUtf8 | DataType::LargeBinary => {
                self.validity(&node)?;
                self.whole(8)?;
                self.skip(1)?;
            }
            DataType::Utf8View | DataType::BinaryView => {
                self.validity(&node)?;
                let count = self.variadic_counts.next().and_then(|count| usize::try_from(count).ok());
                let count =
                    count.ok_or_else(|| buffers_error("a column of views without a buffer count".into()))?;
                self.whole(16)?;
                self.skip(count)?;
            }
            DataType::List(child) | DataType::LargeList(child) | DataType::Map(child, _) => {
                self.validity(&node)?;
                self.whole(if matches!(data_type, DataType::LargeList(_)) { 8 } else { 4 })?;
                self.array(child.data_type(), None)?;
            }
            DataType::ListView(child) | DataType::LargeListView(child) => {
                self.validity(&node)?;
                let width = if matches!(data_type, DataType::LargeListView(_)) { 8 } else { 4 };
                self.whole(width)?;
                self.whole(width)?;
                self.array(child.data_type(), None)?;
            }
            DataType::FixedSizeList(child, _) => {
                self.validity(&node)?;
                self.array(child.data_type(), None)?;
            }
            DataType::Struct(children) => {
                self.validity(&node)?;
                for child in children {
                    self.array(child.data_type(), None)?;
                }
            }
            DataType::RunEndEncoded(run_ends, run_values) => {
                self.no_nulls(&node)?;
                self.array(run_ends.data_type(), None)?;
                self.array(run_values.data_type(), None)?;
            }
            DataType::Union(children, mode) => {
                self.no_nulls(&node)?;
                self.at_least(values)?;
                if *mode == UnionMode::Dense {
                    self.at_least(values.saturating_mul(4))?;
                }
                for (_, child) in children.iter() {
                    self.array(child.data_type(), None)?;
                }
            }
            DataType::Dictionary(indices, _) => {
                self.validity(&node)?;
                self.whole(indices.primitive_width().unwrap_or(1))?;
            }
            fixed_width => {
                self.validity(&node)?;
                self.whole(fixed_width.primitive_width().unwrap_or(1))?;
            }
        }
        Ok(())
    }

    /// Takes a validity bitmap. It may be left out when there are no nulls; if it is there it has to agree with the
    /// count, as some readers go by the one and some by the other.
    fn validity(&mut self, node: &FieldNode) -> Result<(), TableError> {
        let (start, bytes) = self.next_buffer()?;
        if self.compressed || (node.null_count() == 0 && bytes == 0) {
            return Ok(());
        }
        let values = node.length() as usize;
        if bytes < values.div_ceil(8) {
            return Err(buffers_error(format!("a validity bitmap of {bytes} bytes for {values} values")));
        }
        let Range { start: first, end } = self.rows.map_or(0..values, Range::clone);
        let (first, end) = (first.min(values), end.min(values));
        let bitmap = BooleanBuffer::new(self.body.slice_with_length(start, bytes), first, end - first);
        let nulls = (end - first - bitmap.count_set_bits()) as i64;
        let agrees =
            if self.rows.is_none() { nulls == node.null_count() } else { nulls <= node.null_count() };
        if !agrees {
            let what = format!("{} nulls are declared, and there are {nulls}", node.null_count());
            return Err(TableError::new(Check::ArrowNullCount, what));
        }
        Ok(())
    }

    fn no_nulls(&self, node: &FieldNode) -> Result<(), TableError> {
        if node.null_count() != 0 {
            let what = format!("{} nulls in a type that marks none itself", node.null_count());
            return Err(TableError::new(Check::ArrowNullCount, what));
        }
        Ok(())
    }

    fn at_least(&mut self, needed: usize) -> Result<(), TableError> {
        let (_, bytes) = self.next_buffer()?;
        if !self.compressed && bytes < needed {
            return Err(buffers_error(format!("a buffer of {bytes} bytes, where {needed} are needed")));
        }
        Ok(())
    }

    /// Takes a buffer of values that have `width` bytes each.
    fn whole(&mut self, width: usize) -> Result<(), TableError> {
        let (_, bytes) = self.next_buffer()?;
        if !self.compressed && bytes % width != 0 {
            return Err(buffers_error(format!("a buffer of {bytes} bytes for values of {width} bytes each")));
        }
        Ok(())
    }

    fn skip(&mut self, count: usize) -> Result<(), TableError> {
        if count > self.buffers.len() {
            return Err(buffers_error(format!("too few buffers: {count} more are needed")));
        }
        self.buffers.by_ref().take(count).for_each(drop);
        Ok(())
    }

    fn next_buffer(&mut self) -> Result<(usize, usize), TableError> {
        self.buffers.next().ok_or_else(|| buffers_error("too few buffers".into()))
    }
}

fn wrong_kind(message: &Message<'_>, expected: &str) -> TableError {
    let found = match message.header_type() {
        MessageHeader::Schema => "a schema",
        MessageHeader::DictionaryBatch => "a dictionary",
        MessageHeader::RecordBatch => "a record batch",
        _ => "something else",
    };
    message_error(&format!("the footer promises {expected}, and there is {found}"))
}

fn message_error(what: &str) -> TableError {
    TableError::new(Check::ArrowMessage, what)
}

fn buffers_error(what: String) -> TableError {
    TableError::new(Check::ArrowBuffers, what)
}
