//! The frame of an Arrow IPC file: magic bytes, footer, and where the blocks lie.

use arrow::buffer::Buffer;
use arrow::ipc::{Block, Endianness, MessageHeader, MetadataVersion, root_as_footer_with_opts};
use flatbuffers::{ErrorTraceDetail, InvalidFlatbuffer, VerifierOptions};

use super::schema::{CheckedSchema, check_schema};
use super::{is_supported, message};
use crate::error::{Check, TableError};
use crunchbox_protocol::TableLimits;

const MAGIC: &[u8] = b"ARROW1";
/// The magic bytes and two of padding.
const HEAD_BYTES: usize = 8;
/// The footer's length as an i32, and the magic bytes.
const TAIL_BYTES: usize = 4 + MAGIC.len();

/// What the footer says, checked.
pub(super) struct Footer {
    pub(super) version: MetadataVersion,
    pub(super) schema: CheckedSchema,
    pub(super) dictionaries: Vec<Block>,
    pub(super) batches: Vec<Block>,
}

pub(super) fn read_footer(file: &Buffer, limits: &TableLimits) -> Result<Footer, TableError> {
    let bytes = file.as_slice();
    let no_magic = |what: &str| TableError::new(Check::ArrowMagic, format!("not an Arrow file: {what}"));
    if bytes.len() < HEAD_BYTES + TAIL_BYTES {
        return Err(no_magic(&format!("it has {} bytes, too few for one", bytes.len())));
    }
    if !bytes.starts_with(MAGIC) {
        return Err(no_magic("it does not begin with ARROW1"));
    }
    let Some((rest, tail)) = bytes.split_last_chunk::<TAIL_BYTES>().filter(|(_, tail)| tail.ends_with(MAGIC))
    else {
        return Err(no_magic("it does not end with ARROW1, so it may have been cut off"));
    };
    let declared = i32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]);
    let footer_error = |what: String| TableError::new(Check::ArrowFooter, what);
    let footer_bytes = usize::try_from(declared)
        .ok()
        .filter(|length| *length > 0 && *length <= rest.len() - HEAD_BYTES)
        .ok_or_else(|| footer_error(format!("a footer of {declared} bytes does not fit into the file")))?;
    let footer_start = rest.len() - footer_bytes;
    let options = verifier_options(footer_bytes, limits)?;
    let footer = root_as_footer_with_opts(&options, &rest[footer_start..])
        .map_err(|error| flatbuffer_error(Check::ArrowFooter, &error))?;

    if !is_supported(footer.version()) {
        let version = footer.version();
        return Err(footer_error(format!("metadata version {version:?}, where only V4 and V5 are read")));
    }
    let schema = footer.schema().ok_or_else(|| footer_error("it has no schema".into()))?;
    if !schema.endianness().equals_to_target_endianness() {
        let what =
            if schema.endianness() == Endianness::Big { "big-endian" } else { "of an unknown byte order" };
        return Err(TableError::new(
            Check::ArrowEndianness,
            format!("the data is {what}; write it little-endian"),
        ));
    }
    let mut schema = check_schema(schema, footer.version(), limits)?;
    // Metadata of the footer is a second place to hide what the schema's may not hold.
    schema.has_metadata |= footer.custom_metadata().is_some_and(|entries| !entries.is_empty());

    let Some(batches) = footer.recordBatches() else {
        return Err(footer_error("it has no list of record batches".into()));
    };
    let batches: Vec<Block> = batches.iter().copied().collect();
    let dictionaries: Vec<Block> =
        footer.dictionaries().map(|blocks| blocks.iter().copied().collect()).unwrap_or_default();

    let schema_end = check_schema_message(&bytes[..footer_start], footer.version(), &schema, limits)?;
    check_blocks(&dictionaries, &batches, schema_end as u64, footer_start as u64)?;
    Ok(Footer { version: footer.version(), schema, dictionaries, batches })
}

/// The two halves of a block.
pub(super) struct BlockBytes {
    pub(super) metadata: Buffer,
    pub(super) body: Buffer,
}

impl BlockBytes {
    /// A block of the file that [`read_footer`] was given: it has checked that the bytes are there.
    pub(super) fn new(file: &Buffer, block: &Block) -> Self {
        let metadata_length = block.metaDataLength() as usize;
        let start = block.offset() as usize;
        BlockBytes {
            metadata: file.slice_with_length(start, metadata_length),
            body: file.slice_with_length(start + metadata_length, block.bodyLength() as usize),
        }
    }
}

/// Limits for one flatbuffer of `length` bytes.
///
/// Its tables may share parts, so that a small one unfolds into a huge one: the apparent size is bounded too.
pub(super) fn verifier_options(length: usize, limits: &TableLimits) -> Result<VerifierOptions, TableError> {
    if length as u64 > limits.metadata_bytes {
        let what = "bytes of metadata in one message or footer";
        return Err(TableError::over(Check::MaxMetadataBytes, what, length as u64, limits.metadata_bytes));
    }
    Ok(VerifierOptions {
        // One table per level of nesting, and a few above and below.
        max_depth: usize::try_from(limits.nesting_depth).unwrap_or(usize::MAX).saturating_add(8),
        // A field takes at least its own table and its type's, and may have metadata.
        max_tables: usize::try_from(limits.fields).unwrap_or(usize::MAX).saturating_mul(16),
        max_apparent_size: length.saturating_mul(16).max(1 << 20),
        ignore_missing_null_terminator: false,
    })
}

pub(super) fn flatbuffer_error(check: Check, error: &InvalidFlatbuffer) -> TableError {
    match error {
        InvalidFlatbuffer::Utf8Error { error_trace, .. } => {
            let field = error_trace.as_ref().iter().find_map(|detail| match detail {
                ErrorTraceDetail::TableField { field_name, .. } => Some(field_name.as_ref()),
                _ => None,
            });
            match field {
                Some("name") => TableError::new(Check::ColumnNameUtf8, "a column name is not UTF-8"),
                Some("key" | "value") => TableError::new(Check::MetadataEntries, "metadata is not UTF-8"),
                _ => TableError::new(check, "a string is not UTF-8"),
            }
        }
        InvalidFlatbuffer::DepthLimitReached => {
            TableError::new(Check::MaxNestingDepth, "types are nested too deep")
        }
        InvalidFlatbuffer::TooManyTables => {
            TableError::new(Check::MaxFields, "the schema has too many parts")
        }
        InvalidFlatbuffer::ApparentSizeTooLarge => {
            TableError::new(Check::MaxMetadataBytes, "the schema repeats its own parts too often")
        }
        // The rest of the message is a trace through the buffer, of use to nobody who reads it.
        other => TableError::new(check, other.to_string().lines().next().unwrap_or("it is damaged")),
    }
}

/// Checks that the message a stream reader would begin with tells the same schema as the footer, and returns where it
/// ends.
fn check_schema_message(
    bytes: &[u8],
    version: MetadataVersion,
    expected: &CheckedSchema,
    limits: &TableLimits,
) -> Result<usize, TableError> {
    let differs = |what: String| TableError::new(Check::ArrowSchemaMessage, what);
    let mut start = HEAD_BYTES;
    // Writers that align to 64 bytes may pad before the first message too.
    while bytes.len() >= start + 8 && bytes[start..start + 8] == [0; 8] && start < 64 {
        start += 8;
    }
    let (message, metadata_bytes) = message::read_message(&bytes[start..], version, limits)?;
    let schema = (message.header_type() == MessageHeader::Schema)
        .then(|| message.header_as_schema())
        .flatten()
        .ok_or_else(|| differs("the file does not begin with a schema".into()))?;
    if message.bodyLength() != 0 {
        return Err(differs("the schema message has a body".into()));
    }
    if schema.endianness() != Endianness::Little {
        return Err(differs("its byte order is not the footer's".into()));
    }
    let found = check_schema(schema, version, limits)?;
    if found.arrow != expected.arrow || found.dictionary_ids != expected.dictionary_ids {
        return Err(differs("the schema at the start of the file is not the one in the footer".into()));
    }
    Ok(start + metadata_bytes)
}

/// Blocks lie between the schema and the footer, aligned, and none shares a byte with another: a file that
/// lists one batch a million times would otherwise grow a millionfold when read.
fn check_blocks(dictionaries: &[Block], batches: &[Block], start: u64, end: u64) -> Result<(), TableError> {
    let block_error = |what: String| TableError::new(Check::ArrowBlock, what);
    let mut spans = Vec::with_capacity(dictionaries.len() + batches.len());
    for (kind, blocks) in [("dictionary", dictionaries), ("record batch", batches)] {
        for (index, block) in blocks.iter().enumerate() {
            let place = (block.offset(), block.metaDataLength(), block.bodyLength());
            let outside = || {
                let (offset, metadata, body) = place;
                block_error(format!(
                    "{kind} {}: {metadata} + {body} bytes at {offset} do not lie between bytes {start} and {end}",
                    index + 1
                ))
            };
            let offset = u64::try_from(place.0).map_err(|_| outside())?;
            let metadata = u64::try_from(place.1).map_err(|_| outside())?;
            let body = u64::try_from(place.2).map_err(|_| outside())?;
            let block_end = offset
                .checked_add(metadata)
                .and_then(|sum| sum.checked_add(body))
                .filter(|sum| *sum <= end && offset >= start && metadata > 0)
                .ok_or_else(outside)?;
            if offset % 8 != 0 || metadata % 8 != 0 {
                return Err(TableError::new(
                    Check::ArrowAlignment,
                    format!(
                        "{kind} {} at {offset}, with {metadata} bytes of metadata, is not aligned to 8 bytes",
                        index + 1
                    ),
                ));
            }
            spans.push((offset, block_end));
        }
    }
    spans.sort_unstable();
    match spans.windows(2).find(|pair| pair[1].0 < pair[0].1) {
        Some(pair) => Err(block_error(format!("two blocks share the bytes at {}", pair[1].0))),
        None => Ok(()),
    }
}
