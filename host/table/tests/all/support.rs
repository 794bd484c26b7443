//! Builds tables and files, good ones and those that no honest writer would make.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::buffer::Buffer;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::ipc;
use arrow::ipc::convert::IpcSchemaEncoder;
use arrow::ipc::writer::{DictionaryTracker, FileWriter};
use crunchbox_table::{
    Check, ConvertOptions, FileFormat, Input, Profile, TableError, TableInfo, TableLimits,
};
use flatbuffers::{FlatBufferBuilder, WIPOffset};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterPropertiesBuilder;

pub(crate) fn field(name: &str, data_type: DataType, metadata: &[(&str, &str)]) -> Field {
    let metadata: HashMap<String, String> =
        metadata.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    Field::new(name, data_type, true).with_metadata(metadata)
}

/// A table of one record batch.
pub(crate) fn table(columns: Vec<(Field, ArrayRef)>) -> RecordBatch {
    let (fields, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

/// A table of one column without metadata.
pub(crate) fn column(array: ArrayRef) -> RecordBatch {
    table(vec![(Field::new("A", array.data_type().clone(), true), array)])
}

/// A table of one number column, as profile workbench wants it.
pub(crate) fn number(array: ArrayRef) -> RecordBatch {
    table(vec![(field("A", array.data_type().clone(), &[("format", "{:,}")]), array)])
}

/// The batches as an Arrow file; they share a schema.
pub(crate) fn arrow_file(batches: &[RecordBatch]) -> Buffer {
    let mut writer = FileWriter::try_new(Vec::new(), &batches[0].schema()).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.finish().unwrap();
    Buffer::from_vec(writer.into_inner().unwrap())
}

/// A table as a Parquet file.
pub(crate) fn parquet_file(batch: &RecordBatch, properties: WriterPropertiesBuilder) -> Buffer {
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build())).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap().into()
}

/// A small generator of numbers, the same ones each time.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

pub(crate) fn validate_arrow(file: &Buffer) -> Result<TableInfo, TableError> {
    crunchbox_table::validate(file, Profile::Arrow, &TableLimits::default())
}

pub(crate) fn validate_workbench(file: &Buffer) -> Result<TableInfo, TableError> {
    crunchbox_table::validate(file, Profile::Workbench, &TableLimits::workbench())
}

/// The failed check and the column of a table that profile workbench refuses.
pub(crate) fn refused(file: &Buffer) -> (Check, Option<String>) {
    let error = validate_workbench(file).unwrap_err();
    (error.check(), error.column().map(str::to_string))
}

/// The check that refuses a file in profile arrow.
pub(crate) fn malformed(file: &Buffer) -> Check {
    validate_arrow(file).unwrap_err().check()
}

/// Converts in memory.
pub(crate) fn convert(
    input: &Buffer,
    from: FileFormat,
    to: FileFormat,
    options: &ConvertOptions,
) -> Result<(Buffer, TableInfo), TableError> {
    let output = tempfile::NamedTempFile::new().unwrap();
    let info =
        crunchbox_table::convert(Input::Buffer(input.clone()), from, to, output.reopen().unwrap(), options)?;
    let mut bytes = Vec::new();
    output.reopen().unwrap().read_to_end(&mut bytes).unwrap();
    assert_eq!(info.bytes, bytes.len() as u64);
    Ok((Buffer::from_vec(bytes), info))
}

/// The record batches of an Arrow file, by the arrow crate's own reader.
pub(crate) fn read_arrow(file: &Buffer) -> Vec<RecordBatch> {
    let cursor = std::io::Cursor::new(file.as_slice());
    arrow::ipc::reader::FileReader::try_new(cursor, None).unwrap().map(Result::unwrap).collect()
}

/// All rows of an Arrow file in one batch.
pub(crate) fn read_one(file: &Buffer) -> RecordBatch {
    let batches = read_arrow(file);
    let cursor = std::io::Cursor::new(file.as_slice());
    let schema = arrow::ipc::reader::FileReader::try_new(cursor, None).unwrap().schema();
    arrow::compute::concat_batches(&schema, &batches).unwrap()
}

/// A record batch or dictionary taken apart, for tests to bend before it is put together again.
#[derive(Clone)]
pub(crate) struct RawBlock {
    /// Id and whether it adds to one that is there; `None` for a record batch.
    pub(crate) dictionary: Option<(i64, bool)>,
    pub(crate) length: i64,
    /// Length and null count.
    pub(crate) nodes: Vec<(i64, i64)>,
    /// Offset and length.
    pub(crate) buffers: Vec<(i64, i64)>,
    pub(crate) variadic_counts: Vec<i64>,
    pub(crate) compression: Option<ipc::CompressionType>,
    pub(crate) body: Vec<u8>,
    pub(crate) version: ipc::MetadataVersion,
    /// Told by the message instead of the truth.
    pub(crate) body_length: Option<i64>,
}

/// An Arrow file taken apart.
pub(crate) struct RawFile {
    pub(crate) schema: Schema,
    /// Told at the start of the file instead of `schema`.
    pub(crate) schema_message: Option<Schema>,
    pub(crate) blocks: Vec<RawBlock>,
    pub(crate) version: ipc::MetadataVersion,
    /// Builds both schemas by hand.
    #[allow(clippy::type_complexity)]
    pub(crate) build_schema:
        Option<Box<dyn for<'a> Fn(&mut FlatBufferBuilder<'a>) -> WIPOffset<ipc::Schema<'a>>>>,
    /// Bends the footer's list of record batches.
    pub(crate) bend_blocks: fn(&mut Vec<ipc::Block>),
    /// Bends the bytes of a message's header after its length, the first one being the schema.
    pub(crate) footer_metadata: bool,
}

impl RawFile {
    pub(crate) fn new(batches: &[RecordBatch]) -> Self {
        let file = arrow_file(batches);
        let bytes = file.as_slice();
        let footer_end = bytes.len() - 10;
        let footer_length =
            i32::from_le_bytes(bytes[footer_end..footer_end + 4].try_into().unwrap()) as usize;
        let footer = ipc::root_as_footer(&bytes[footer_end - footer_length..footer_end]).unwrap();
        let mut blocks = Vec::new();
        for block in footer.dictionaries().into_iter().chain(footer.recordBatches()).flatten() {
            let body_start = block.offset() as usize + block.metaDataLength() as usize;
            let message = ipc::root_as_message(&bytes[block.offset() as usize + 8..body_start]).unwrap();
            let dictionary = message.header_as_dictionary_batch();
            let batch =
                dictionary.map_or_else(|| message.header_as_record_batch(), |batch| batch.data()).unwrap();
            blocks.push(RawBlock {
                dictionary: dictionary.map(|dictionary| (dictionary.id(), dictionary.isDelta())),
                length: batch.length(),
                nodes: batch.nodes().unwrap().iter().map(|node| (node.length(), node.null_count())).collect(),
                buffers: batch
                    .buffers()
                    .unwrap()
                    .iter()
                    .map(|buffer| (buffer.offset(), buffer.length()))
                    .collect(),
                variadic_counts: batch.variadicBufferCounts().into_iter().flatten().collect(),
                compression: None,
                body: bytes[body_start..body_start + block.bodyLength() as usize].to_vec(),
                version: ipc::MetadataVersion::V5,
                body_length: None,
            });
        }
        RawFile {
            schema: batches[0].schema().as_ref().clone(),
            schema_message: None,
            blocks,
            version: ipc::MetadataVersion::V5,
            build_schema: None,
            bend_blocks: |_| {},
            footer_metadata: false,
        }
    }

    /// A file without batches whose schema is made by hand.
    pub(crate) fn with_schema(
        build: impl for<'a> Fn(&mut FlatBufferBuilder<'a>) -> WIPOffset<ipc::Schema<'a>> + 'static,
    ) -> Self {
        let mut file = RawFile::new(&[RecordBatch::new_empty(Arc::new(Schema::empty()))]);
        file.blocks.clear();
        file.build_schema = Some(Box::new(build));
        file
    }

    /// The first record batch.
    pub(crate) fn batch(&mut self) -> &mut RawBlock {
        self.blocks.iter_mut().find(|block| block.dictionary.is_none()).unwrap()
    }

    /// The first dictionary.
    pub(crate) fn dictionary(&mut self) -> &mut RawBlock {
        self.blocks.iter_mut().find(|block| block.dictionary.is_some()).unwrap()
    }

    pub(crate) fn bytes(&self) -> Buffer {
        let mut bytes = b"ARROW1\0\0".to_vec();
        let mut fbb = FlatBufferBuilder::new();
        let schema = self.schema_offset(&mut fbb, self.schema_message.as_ref().unwrap_or(&self.schema));
        let header = (ipc::MessageHeader::Schema, schema.as_union_value());
        write_message(&mut bytes, fbb, self.version, header, 0);
        let mut dictionaries = Vec::new();
        let mut batches = Vec::new();
        for block in &self.blocks {
            let start = bytes.len() as i64;
            block.write(&mut bytes);
            let metadata = bytes.len() as i64 - start;
            bytes.extend_from_slice(&block.body);
            let place = ipc::Block::new(start, metadata as i32, block.body.len() as i64);
            if block.dictionary.is_some() {
                dictionaries.push(place)
            } else {
                batches.push(place)
            }
            bytes.resize(bytes.len().next_multiple_of(8), 0);
        }
        bytes.extend_from_slice(&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
        (self.bend_blocks)(&mut batches);

        let mut fbb = FlatBufferBuilder::new();
        let dictionaries = fbb.create_vector(&dictionaries);
        let batches = fbb.create_vector(&batches);
        let schema = self.schema_offset(&mut fbb, &self.schema);
        let metadata = self.footer_metadata.then(|| {
            ipc::convert::metadata_to_fb(&mut fbb, &HashMap::from([("k".to_string(), "v".to_string())]))
        });
        let mut footer = ipc::FooterBuilder::new(&mut fbb);
        footer.add_version(self.version);
        footer.add_schema(schema);
        footer.add_dictionaries(dictionaries);
        footer.add_recordBatches(batches);
        if let Some(metadata) = metadata {
            footer.add_custom_metadata(metadata);
        }
        let footer = footer.finish();
        fbb.finish(footer, None);
        bytes.extend_from_slice(fbb.finished_data());
        bytes.extend_from_slice(&(fbb.finished_data().len() as i32).to_le_bytes());
        bytes.extend_from_slice(b"ARROW1");
        Buffer::from_vec(bytes)
    }

    fn schema_offset<'a>(
        &self,
        fbb: &mut FlatBufferBuilder<'a>,
        schema: &Schema,
    ) -> WIPOffset<ipc::Schema<'a>> {
        match &self.build_schema {
            Some(build) => build(fbb),
            None => {
                let mut tracker = DictionaryTracker::new(false);
                IpcSchemaEncoder::new().with_dictionary_tracker(&mut tracker).schema_to_fb_offset(fbb, schema)
            }
        }
    }
}

impl RawBlock {
    fn write(&self, bytes: &mut Vec<u8>) {
        let mut fbb = FlatBufferBuilder::new();
        let nodes: Vec<_> =
            self.nodes.iter().map(|(length, nulls)| ipc::FieldNode::new(*length, *nulls)).collect();
        let buffers: Vec<_> =
            self.buffers.iter().map(|(offset, length)| ipc::Buffer::new(*offset, *length)).collect();
        let nodes = fbb.create_vector(&nodes);
        let buffers = fbb.create_vector(&buffers);
        let counts = (!self.variadic_counts.is_empty()).then(|| fbb.create_vector(&self.variadic_counts));
        let compression = self.compression.map(|codec| {
            let mut compression = ipc::BodyCompressionBuilder::new(&mut fbb);
            compression.add_method(ipc::BodyCompressionMethod::BUFFER);
            compression.add_codec(codec);
            compression.finish()
        });
        let mut batch = ipc::RecordBatchBuilder::new(&mut fbb);
        batch.add_length(self.length);
        batch.add_nodes(nodes);
        batch.add_buffers(buffers);
        if let Some(counts) = counts {
            batch.add_variadicBufferCounts(counts);
        }
        if let Some(compression) = compression {
            batch.add_compression(compression);
        }
        let batch = batch.finish();
        let header = match self.dictionary {
            Some((id, is_delta)) => {
                let mut dictionary = ipc::DictionaryBatchBuilder::new(&mut fbb);
                dictionary.add_id(id);
                dictionary.add_data(batch);
                dictionary.add_isDelta(is_delta);
                (ipc::MessageHeader::DictionaryBatch, dictionary.finish().as_union_value())
            }
            None => (ipc::MessageHeader::RecordBatch, batch.as_union_value()),
        };
        let body_length = self.body_length.unwrap_or(self.body.len() as i64);
        write_message(bytes, fbb, self.version, header, body_length);
    }

    /// The bytes of one of its buffers.
    pub(crate) fn buffer(&mut self, index: usize) -> &mut [u8] {
        let (offset, length) = self.buffers[index];
        &mut self.body[offset as usize..(offset + length) as usize]
    }

    /// Puts other bytes in place of one of its buffers.
    pub(crate) fn replace_buffer(&mut self, index: usize, bytes: &[u8]) {
        self.body.resize(self.body.len().next_multiple_of(64), 0);
        self.buffers[index] = (self.body.len() as i64, bytes.len() as i64);
        self.body.extend_from_slice(bytes);
        self.body.resize(self.body.len().next_multiple_of(8), 0);
    }
}

fn write_message(
    bytes: &mut Vec<u8>,
    mut fbb: FlatBufferBuilder<'_>,
    version: ipc::MetadataVersion,
    header: (ipc::MessageHeader, WIPOffset<flatbuffers::UnionWIPOffset>),
    body_length: i64,
) {
    let mut message = ipc::MessageBuilder::new(&mut fbb);
    message.add_version(version);
    message.add_header_type(header.0);
    message.add_header(header.1);
    message.add_bodyLength(body_length);
    let message = message.finish();
    fbb.finish(message, None);
    let data = fbb.finished_data();
    bytes.extend_from_slice(&[0xff; 4]);
    bytes.extend_from_slice(&(data.len().next_multiple_of(8) as i32).to_le_bytes());
    bytes.extend_from_slice(data);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
}
