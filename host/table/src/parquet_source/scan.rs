//! A first look at a Parquet file: just enough of the Thrift compact protocol to learn how deep the schema nests and what
//! each page says it unfolds to. Pages whose decompressor would go on past that are put to the test, a few kilobytes at
//! a time.

use std::io::Read;

use parquet::basic::{Compression, Type};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::reader::ChunkReader;

use super::parquet_error;
use crate::error::{Check, TableError};
use crunchbox_protocol::TableLimits;

const MAGIC: &[u8] = b"PAR1";
/// The footer's length as a u32, and the magic bytes.
const TAIL_BYTES: u64 = 8;

/// Levels of a Parquet schema that one level of an Arrow schema takes at most: a list is three.
const LEVELS_PER_LEVEL: u64 = 3;

/// What is read of a page at first, and at most, to find its header: statistics in it may be long.
const PAGE_HEADER_GUESS_BYTES: usize = 512;
const MAX_PAGE_HEADER_BYTES: usize = 1 << 20;

/// Structs inside structs in the metadata. Those of the format's definition stay far below.
const MAX_THRIFT_DEPTH: u32 = 32;

/// The codec called LZ4 has no frames by definition, but old writers made them and the decompressor takes them.
const LZ4_FRAME_MAGIC: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];

/// The dictionaries of all row groups together are small up to here.
const SMALL_DICTIONARY_VALUES: u64 = 1 << 16;
const SMALL_DICTIONARY_BYTES: u64 = 1 << 20;

/// Field numbers of the format's definition, `parquet.thrift`.
const FILE_METADATA_SCHEMA: i16 = 2;
const SCHEMA_ELEMENT_NUM_CHILDREN: i16 = 5;
const PAGE_HEADER_TYPE: i16 = 1;
const PAGE_HEADER_UNCOMPRESSED_SIZE: i16 = 2;
const PAGE_HEADER_COMPRESSED_SIZE: i16 = 3;
const PAGE_HEADER_DATA: i16 = 5;
const PAGE_HEADER_DICTIONARY: i16 = 7;
const PAGE_HEADER_DATA_V2: i16 = 8;
const NUM_VALUES: i16 = 1;
const V1_ENCODING: i16 = 2;
const V2_ENCODING: i16 = 4;
/// Numbers of the values of a dictionary: `PLAIN_DICTIONARY`, as old writers called it, and `RLE_DICTIONARY`.
const DICTIONARY_ENCODINGS: [i64; 2] = [2, 8];
const V2_DEFINITION_LEVELS_BYTES: i16 = 5;
const V2_REPETITION_LEVELS_BYTES: i16 = 6;
const V2_IS_COMPRESSED: i16 = 7;
const DICTIONARY_PAGE: i64 = 2;

/// Checks magic bytes, the footer's length, and the shape of the schema.
pub(super) fn check_footer<R: ChunkReader>(file: &R, limits: &TableLimits) -> Result<(), TableError> {
    let length = file.len();
    if length < MAGIC.len() as u64 + TAIL_BYTES {
        return Err(bad(format!("not a Parquet file: it has {length} bytes, too few for one")));
    }
    let head = file.get_bytes(0, MAGIC.len()).map_err(|error| parquet_error(&error))?;
    let tail =
        file.get_bytes(length - TAIL_BYTES, TAIL_BYTES as usize).map_err(|error| parquet_error(&error))?;
    if head != MAGIC || tail[4..] != *MAGIC {
        return Err(bad(
            "not a Parquet file (or an encrypted or incomplete one): it lacks PAR1 at its ends".into()
        ));
    }
    let footer_bytes = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    if footer_bytes > limits.metadata_bytes {
        let what = "bytes of metadata";
        return Err(TableError::over(Check::MaxMetadataBytes, what, footer_bytes, limits.metadata_bytes));
    }
    let start = (length - TAIL_BYTES - MAGIC.len() as u64)
        .checked_sub(footer_bytes)
        .ok_or_else(|| bad(format!("a footer of {footer_bytes} bytes does not fit into the file")))?
        + MAGIC.len() as u64;
    let footer = file.get_bytes(start, footer_bytes as usize).map_err(|error| parquet_error(&error))?;
    let mut compact = Compact { bytes: &footer };
    let mut last = 0;
    while let Some((id, kind)) = compact.field(&mut last)? {
        if id == FILE_METADATA_SCHEMA && kind == Kind::List {
            check_schema(&mut compact, limits)?;
        } else {
            compact.skip(kind, MAX_THRIFT_DEPTH)?;
        }
    }
    Ok(())
}

/// The schema is a tree, written depth first; each element tells how many of those that follow are its children.
fn check_schema(compact: &mut Compact<'_>, limits: &TableLimits) -> Result<(), TableError> {
    let (kind, elements) = compact.list()?;
    if kind != Kind::Struct {
        return Err(bad("a schema of an unknown kind".into()));
    }
    if elements > limits.fields.saturating_mul(LEVELS_PER_LEVEL) {
        return Err(TableError::over(Check::MaxFields, "elements in the schema", elements, limits.fields));
    }
    let max_depth = limits.nesting_depth.saturating_mul(LEVELS_PER_LEVEL) + 1;
    // How many children are still to come, for each element that we are inside of.
    let mut open: Vec<u64> = Vec::new();
    for _ in 0..elements {
        let mut children = 0;
        let mut last = 0;
        while let Some((id, kind)) = compact.field(&mut last)? {
            if id == SCHEMA_ELEMENT_NUM_CHILDREN && kind == Kind::Integer {
                let count = compact.integer()?;
                children = u64::try_from(count)
                    .map_err(|_| bad(format!("a schema element with {count} children")))?;
            } else {
                compact.skip(kind, MAX_THRIFT_DEPTH)?;
            }
        }
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        if children > 0 {
            open.push(children);
            if open.len() as u64 > max_depth {
                let what = "levels in the schema or more";
                return Err(TableError::over(Check::MaxNestingDepth, what, open.len() as u64, max_depth));
            }
        }
        while open.last() == Some(&0) {
            open.pop();
        }
    }
    Ok(())
}

/// Checks the header of every page of these row groups and columns, and returns what all of them decode to, by their own account, in
/// bytes; text that repeats a dictionary's is not in it yet.
pub(super) fn check_headers<R: ChunkReader>(
    file: &R,
    metadata: &ParquetMetaData,
    groups: &[usize],
    columns: &[usize],
    limits: &TableLimits,
) -> Result<u64, TableError> {
    let mut total = 0;
    each_column(metadata, groups, columns, |column| check_column(file, column, limits, &mut total))?;
    Ok(total)
}

/// Checks that every page of these row groups and columns, whose headers have been checked, unfolds to what it says.
pub(super) fn check_lengths<R: ChunkReader>(
    file: &R,
    metadata: &ParquetMetaData,
    groups: &[usize],
    columns: &[usize],
) -> Result<(), TableError> {
    each_column(metadata, groups, columns, |column| {
        each_page(file, column, |page| check_decompression(file, column.compression(), page))
    })
}

/// Whether all of a column, whose place among the file's own this is, are numbers of a few texts' dictionaries. Its headers are checked
/// later.
pub(super) fn has_small_dictionaries<R: ChunkReader>(
    file: &R,
    metadata: &ParquetMetaData,
    groups: &[usize],
    column: usize,
) -> bool {
    let mut sum = (0u64, 0u64);
    groups.iter().filter_map(|group| metadata.row_groups().get(*group)).all(|group| {
        let mut is_numbers = true;
        let seen = each_page(file, group.column(column), |Page { header, .. }| {
            if header.is_dictionary {
                sum = (sum.0.saturating_add(header.values), sum.1.saturating_add(header.uncompressed));
            }
            is_numbers &= header.is_dictionary || header.is_numbers;
            Ok(())
        });
        seen.is_ok() && is_numbers && sum.0 <= SMALL_DICTIONARY_VALUES && sum.1 <= SMALL_DICTIONARY_BYTES
    })
}

fn each_column(
    metadata: &ParquetMetaData,
    groups: &[usize],
    columns: &[usize],
    mut check: impl FnMut(&ColumnChunkMetaData) -> Result<(), TableError>,
) -> Result<(), TableError> {
    let schema = metadata.file_metadata().schema_descr();
    for group in groups.iter().filter_map(|group| metadata.row_groups().get(*group)) {
        for (index, column) in group.columns().iter().enumerate() {
            if columns.binary_search(&schema.get_column_root_idx(index)).is_ok() {
                check(column).map_err(|error| error.in_column(&column.column_path().string()))?;
            }
        }
    }
    Ok(())
}

fn each_page<R: ChunkReader>(
    file: &R,
    column: &ColumnChunkMetaData,
    mut check: impl FnMut(&Page) -> Result<(), TableError>,
) -> Result<(), TableError> {
    let outside = || bad("its pages lie outside the file".into());
    let first = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
    let mut position = u64::try_from(first).map_err(|_| outside())?;
    let length = u64::try_from(column.compressed_size()).map_err(|_| outside())?;
    let end = position.checked_add(length).filter(|end| *end <= file.len()).ok_or_else(outside)?;
    while position < end {
        let header = read_page_header(file, position, end)?;
        let start = position.checked_add(header.header_bytes);
        let next = start.and_then(|start| start.checked_add(header.compressed)).filter(|next| *next <= end);
        let (Some(start), Some(next)) = (start, next) else {
            return Err(bad(format!("a page of {} bytes reaches past its column", header.compressed)));
        };
        check(&Page { start, header })?;
        position = next;
    }
    Ok(())
}

fn check_column<R: ChunkReader>(
    file: &R,
    column: &ColumnChunkMetaData,
    limits: &TableLimits,
    total: &mut u64,
) -> Result<(), TableError> {
    let value_bytes = match column.column_type() {
        Type::BOOLEAN => 1,
        Type::INT32 | Type::FLOAT => 4,
        Type::INT64 | Type::DOUBLE => 8,
        Type::INT96 => 12,
        // A view.
        Type::BYTE_ARRAY => 16,
        Type::FIXED_LEN_BYTE_ARRAY => u64::try_from(column.column_descr().type_length()).unwrap_or(0),
    };
    each_page(file, column, |Page { header: page, .. }| {
        // Each value of a dictionary takes at least a byte: the decoder takes memory for as many as are declared.
        if page.is_dictionary && page.values > page.uncompressed {
            return Err(bad(format!(
                "a dictionary of {} values in {} bytes",
                page.values, page.uncompressed
            )));
        }
        *total =
            total.saturating_add(page.uncompressed).saturating_add(page.values.saturating_mul(value_bytes));
        if *total > limits.decoded_bytes {
            let what = "bytes of decoded data or more";
            return Err(TableError::over(Check::MaxDecodedBytes, what, *total, limits.decoded_bytes));
        }
        Ok(())
    })
}

/// Decompresses a page without keeping anything of it, to see that it is as long as it says. The decompressors left out
/// write into memory of that length and stop at its end.
fn check_decompression<R: ChunkReader>(
    file: &R,
    codec: Compression,
    Page { start, header: page }: &Page,
) -> Result<(), TableError> {
    let goes_on = matches!(
        codec,
        Compression::GZIP(_) | Compression::BROTLI(_) | Compression::ZSTD(_) | Compression::LZ4
    );
    if !goes_on || !page.is_compressed {
        return Ok(());
    }
    let levels = page.plain_levels;
    let lengths = page.compressed.checked_sub(levels).zip(page.uncompressed.checked_sub(levels));
    let (compressed, expected) =
        lengths.ok_or_else(|| bad(format!("a page with {levels} bytes of levels, longer than itself")))?;
    if compressed == 0 || expected == 0 {
        return Ok(());
    }
    let length = usize::try_from(compressed).map_err(|_| bad(format!("a page of {compressed} bytes")))?;
    let data = file.get_bytes(start + levels, length).map_err(|error| parquet_error(&error))?;
    let damaged = |error: std::io::Error| bad(format!("a compressed page is damaged: {error}"));
    let decoder: Box<dyn Read> = match codec {
        Compression::GZIP(_) => Box::new(flate2::read::MultiGzDecoder::new(data.as_ref())),
        Compression::BROTLI(_) => Box::new(brotli::Decompressor::new(data.as_ref(), 1 << 12)),
        Compression::LZ4 if data.starts_with(&LZ4_FRAME_MAGIC) => {
            Box::new(lz4_flex::frame::FrameDecoder::new(data.as_ref()))
        }
        Compression::LZ4 => return Ok(()),
        _ => Box::new(zstd::Decoder::with_buffer(data.as_ref()).map_err(damaged)?),
    };
    let found = std::io::copy(&mut decoder.take(expected + 1), &mut std::io::sink()).map_err(damaged)?;
    if found != expected {
        return Err(bad(format!("a compressed page does not unfold to the {expected} bytes it declares")));
    }
    Ok(())
}

/// A page that lies in its column.
struct Page {
    /// Where its bytes begin, behind its header.
    start: u64,
    header: PageHeader,
}

struct PageHeader {
    is_dictionary: bool,
    /// It holds numbers of a dictionary's values.
    is_numbers: bool,
    header_bytes: u64,
    compressed: u64,
    uncompressed: u64,
    values: u64,
    /// Bytes in front of the values that are never compressed.
    plain_levels: u64,
    is_compressed: bool,
}

fn read_page_header<R: ChunkReader>(file: &R, start: u64, end: u64) -> Result<PageHeader, TableError> {
    let available = usize::try_from(end - start).unwrap_or(usize::MAX).min(MAX_PAGE_HEADER_BYTES);
    let mut guess = PAGE_HEADER_GUESS_BYTES.min(available);
    loop {
        let bytes = file.get_bytes(start, guess).map_err(|error| parquet_error(&error))?;
        match parse_page_header(&bytes) {
            Err(_) if guess < available => guess = guess.saturating_mul(8).min(available),
            result => return result,
        }
    }
}

fn parse_page_header(bytes: &[u8]) -> Result<PageHeader, TableError> {
    let mut compact = Compact { bytes };
    let (mut kind_of_page, mut compressed, mut uncompressed, mut values) = (None, None, None, 0);
    let (mut definition_levels, mut repetition_levels, mut is_compressed) = (0, 0, true);
    let mut encoding = None;
    let mut last = 0;
    while let Some((id, kind)) = compact.field(&mut last)? {
        match (id, kind) {
            (PAGE_HEADER_TYPE, Kind::Integer) => kind_of_page = Some(compact.integer()?),
            (PAGE_HEADER_UNCOMPRESSED_SIZE, Kind::Integer) => uncompressed = Some(compact.integer()?),
            (PAGE_HEADER_COMPRESSED_SIZE, Kind::Integer) => compressed = Some(compact.integer()?),
            (PAGE_HEADER_DATA | PAGE_HEADER_DICTIONARY | PAGE_HEADER_DATA_V2, Kind::Struct) => {
                let is_v2 = id == PAGE_HEADER_DATA_V2;
                let mut last = 0;
                while let Some((id, kind)) = compact.field(&mut last)? {
                    match (id, kind) {
                        (NUM_VALUES, Kind::Integer) => values = compact.integer()?,
                        (V1_ENCODING, Kind::Integer) if !is_v2 => encoding = Some(compact.integer()?),
                        (V2_ENCODING, Kind::Integer) if is_v2 => encoding = Some(compact.integer()?),
                        (V2_DEFINITION_LEVELS_BYTES, Kind::Integer) if is_v2 => {
                            definition_levels = compact.integer()?
                        }
                        (V2_REPETITION_LEVELS_BYTES, Kind::Integer) if is_v2 => {
                            repetition_levels = compact.integer()?
                        }
                        (V2_IS_COMPRESSED, Kind::False) if is_v2 => is_compressed = false,
                        _ => compact.skip(kind, MAX_THRIFT_DEPTH)?,
                    }
                }
            }
            _ => compact.skip(kind, MAX_THRIFT_DEPTH)?,
        }
    }
    let count = |what: &str, number: Option<i64>| {
        number
            .and_then(|number| u64::try_from(number).ok())
            .ok_or_else(|| bad(format!("a page header without a sound {what}")))
    };
    Ok(PageHeader {
        is_dictionary: kind_of_page == Some(DICTIONARY_PAGE),
        is_numbers: encoding.is_some_and(|encoding| DICTIONARY_ENCODINGS.contains(&encoding)),
        header_bytes: (bytes.len() - compact.bytes.len()) as u64,
        compressed: count("compressed size", compressed)?,
        uncompressed: count("uncompressed size", uncompressed)?,
        values: count("number of values", Some(values))?,
        plain_levels: count("length of its levels", Some(definition_levels))?
            .saturating_add(count("length of its levels", Some(repetition_levels))?),
        is_compressed,
    })
}

fn bad(what: String) -> TableError {
    TableError::new(Check::Parquet, what)
}

/// Types of the Thrift compact protocol, as far as they are skipped in different ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// In a field the type is the value; in a list a boolean takes a byte.
    True,
    False,
    Byte,
    /// Of 16, 32 or 64 bits: all are written alike.
    Integer,
    Double,
    Binary,
    List,
    Map,
    Struct,
    Uuid,
}

impl Kind {
    fn of(nibble: u8) -> Result<Self, TableError> {
        Ok(match nibble {
            1 => Kind::True,
            2 => Kind::False,
            3 => Kind::Byte,
            4..=6 => Kind::Integer,
            7 => Kind::Double,
            8 => Kind::Binary,
            9 | 10 => Kind::List,
            11 => Kind::Map,
            12 => Kind::Struct,
            13 => Kind::Uuid,
            other => return Err(bad(format!("metadata has a field of the unknown type {other}"))),
        })
    }
}

/// Bytes of the Thrift compact protocol that are still to be read.
struct Compact<'a> {
    bytes: &'a [u8],
}

impl Compact<'_> {
    fn take(&mut self, count: u64) -> Result<(), TableError> {
        let rest = usize::try_from(count).ok().and_then(|count| self.bytes.get(count..));
        self.bytes = rest.ok_or_else(|| bad("metadata is cut off".into()))?;
        Ok(())
    }

    fn byte(&mut self) -> Result<u8, TableError> {
        let (first, rest) = self.bytes.split_first().ok_or_else(|| bad("metadata is cut off".into()))?;
        self.bytes = rest;
        Ok(*first)
    }

    fn unsigned(&mut self) -> Result<u64, TableError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(bad("a number in the metadata is too long".into()))
    }

    /// Zigzag: the sign is the lowest bit.
    fn integer(&mut self) -> Result<i64, TableError> {
        let number = self.unsigned()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// The next field's number and type, or `None` at the end of the struct.
    fn field(&mut self, last: &mut i16) -> Result<Option<(i16, Kind)>, TableError> {
        let byte = self.byte()?;
        if byte == 0 {
            return Ok(None);
        }
        let kind = Kind::of(byte & 0x0f)?;
        *last = match byte >> 4 {
            0 => i16::try_from(self.integer()?).map_err(|_| bad("a field number is out of range".into()))?,
            step => last.wrapping_add(i16::from(step)),
        };
        Ok(Some((*last, kind)))
    }

    /// Type and number of a list's elements.
    fn list(&mut self) -> Result<(Kind, u64), TableError> {
        let byte = self.byte()?;
        let kind = Kind::of(byte & 0x0f)?;
        match byte >> 4 {
            15 => Ok((kind, self.unsigned()?)),
            count => Ok((kind, u64::from(count))),
        }
    }

    fn skip(&mut self, kind: Kind, depth: u32) -> Result<(), TableError> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(bad("metadata is nested too deep".into()));
        };
        match kind {
            Kind::True | Kind::False => Ok(()),
            Kind::Byte => self.take(1),
            Kind::Integer => self.unsigned().map(drop),
            Kind::Double => self.take(8),
            Kind::Uuid => self.take(16),
            Kind::Binary => {
                let length = self.unsigned()?;
                self.take(length)
            }
            Kind::List => {
                let (kind, count) = self.list()?;
                (0..count).try_for_each(|_| self.skip_element(kind, depth))
            }
            Kind::Map => {
                let count = self.unsigned()?;
                if count == 0 {
                    return Ok(());
                }
                let kinds = self.byte()?;
                let (key, value) = (Kind::of(kinds >> 4)?, Kind::of(kinds & 0x0f)?);
                (0..count).try_for_each(|_| {
                    self.skip_element(key, depth)?;
                    self.skip_element(value, depth)
                })
            }
            Kind::Struct => {
                let mut last = 0;
                while let Some((_, kind)) = self.field(&mut last)? {
                    self.skip(kind, depth)?;
                }
                Ok(())
            }
        }
    }

    /// Every element takes at least a byte, so that a long list ends with the bytes.
    fn skip_element(&mut self, kind: Kind, depth: u32) -> Result<(), TableError> {
        if matches!(kind, Kind::True | Kind::False) { self.take(1) } else { self.skip(kind, depth) }
    }
}
