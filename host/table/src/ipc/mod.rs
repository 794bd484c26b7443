//! Arrow IPC files.
//!
//! The `arrow` crate's reader is built for files from a friend: it takes lengths from the file as they are, and
//! panics on much of what does not fit. So everything that it takes on trust is judged here first: the frame of the
//! file (`frame`), the schema (`schema`), each message and the place of its buffers (`message`). Only then does its
//! own decoder read a block, with validation on, which checks offsets, UTF-8, indices and the like in full. What it
//! doesn't check of the values comes last (`values`).

mod frame;
mod message;
mod rows;
mod schema;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::buffer::Buffer;
use arrow::datatypes::{Field, SchemaRef};
use arrow::ipc::reader::{RecordBatchDecoder, read_dictionary};
use arrow::ipc::{Block, MetadataVersion};

use crate::error::{Check, TableError, guarded};
use crate::values;
use crunchbox_protocol::TableLimits;

/// Whether compressed record batches are welcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bodies {
    /// Only plain buffers: what steps hand on.
    Uncompressed,
    /// LZ4 and ZSTD too: what users upload.
    AnyCompression,
}

/// So much of a block, or more, makes a piece.
const PIECE_BYTES: u128 = 1 << 20;

/// An Arrow IPC file whose frame, schema and dictionaries are valid; each batch is checked when it is read.
pub(crate) struct IpcFile {
    buffer: Buffer,
    schema: SchemaRef,
    /// The columns that are wanted, and the schema of those; all of them at first.
    projection: Option<Vec<usize>>,
    projected: SchemaRef,
    /// The rows that are wanted, and the one that the next batch begins with.
    wanted: Range<u64>,
    position: u64,
    rules: message::Rules,
    batches: Vec<Block>,
    next: usize,
    /// How many of some rows of a block are read at a time.
    piece_rows: usize,
    /// The rows of the last block that are still to be read.
    left: Option<Range<usize>>,
    dictionaries: HashMap<i64, ArrayRef>,
    has_dictionaries: bool,
    has_schema_metadata: bool,
    rows: u64,
}

impl IpcFile {
    /// Reads and checks all but the record batches.
    pub(crate) fn open(buffer: Buffer, limits: &TableLimits, bodies: Bodies) -> Result<Self, TableError> {
        guarded(|| {
            let footer = frame::read_footer(&buffer, limits)?;
            let mut file = IpcFile {
                buffer,
                schema: footer.schema.arrow.clone(),
                projection: None,
                projected: footer.schema.arrow,
                wanted: 0..u64::MAX,
                position: 0,
                rules: message::Rules::new(footer.version, bodies, limits),
                batches: footer.batches,
                next: 0,
                piece_rows: usize::MAX,
                left: None,
                dictionaries: HashMap::new(),
                has_dictionaries: !footer.schema.dictionaries.is_empty(),
                has_schema_metadata: footer.schema.has_metadata,
                rows: 0,
            };
            let mut seen = message::Dictionaries::new(footer.schema.dictionaries);
            for block in &footer.dictionaries {
                file.read_dictionary(block, &mut seen)?;
            }
            Ok(file)
        })
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// From here on, batches have these columns only, and only those are looked at.
    pub(crate) fn project(&mut self, columns: Vec<usize>) -> Result<(), TableError> {
        let projected = self.schema.project(&columns).map_err(|error| values_error(&error))?;
        self.projected = Arc::new(projected);
        self.projection = Some(columns);
        Ok(())
    }

    /// From here on, batches have these rows only, and only those are looked at.
    pub(crate) fn select(&mut self, rows: Range<u64>) {
        self.wanted = rows;
    }

    /// From here on, some rows of a block are in batches of no more than this, where all columns are flat. A block of which all are
    /// wanted is one batch still.
    pub(crate) fn in_pieces(&mut self, rows: usize) {
        if self.is_flat() {
            self.piece_rows = rows.max(1);
        }
    }

    /// Where the record batches are in the file.
    pub(crate) fn blocks(&self) -> &[Block] {
        &self.batches
    }

    /// Whether its blocks may stand in a file that we write.
    pub(crate) fn is_of_our_version(&self) -> bool {
        self.rules.version() == MetadataVersion::V5
    }

    /// Whether it says that it is built as inputs are: one record batch or none, no dictionaries, no metadata of the schema.
    pub(crate) fn is_plain(&self) -> bool {
        self.batches.len() <= 1 && !self.has_dictionaries && !self.has_schema_metadata
    }

    /// Whether it says that some of its rows can be read without the others: all columns are flat.
    pub(crate) fn is_flat(&self) -> bool {
        self.schema.fields().iter().all(|field| rows::is_flat(field.data_type()))
    }

    /// Whether a column is dictionary-encoded, or has one inside that is.
    pub(crate) fn has_dictionaries(&self) -> bool {
        self.has_dictionaries
    }

    /// The schema of the columns that are wanted.
    pub(crate) fn projected(&self) -> &SchemaRef {
        &self.projected
    }

    /// The rows that all batches say they have. One that can't be read says nothing: it is told when it is read.
    pub(crate) fn declared_rows(&self) -> u64 {
        let rows = |block| {
            let block = frame::BlockBytes::new(&self.buffer, block);
            let header = guarded(|| self.rules.declared_rows(&block));
            header.unwrap_or(0)
        };
        self.batches.iter().map(rows).fold(0, u64::saturating_add)
    }

    /// Whether the schema or the footer has metadata of its own, even without an entry in it.
    pub(crate) fn has_schema_metadata(&self) -> bool {
        self.has_schema_metadata
    }

    /// The dictionary of a top-level column, if the file has one for it. Needed when no record batch shows it.
    pub(crate) fn dictionary(&self, field: &Field) -> Option<&ArrayRef> {
        // The id is not part of arrow's own types any more, and still the only way from a field to its dictionary.
        #[allow(deprecated)]
        field.dict_id().and_then(|id| self.dictionaries.get(&id))
    }

    /// The next record batch, or `None` after the last.
    pub(crate) fn next_batch(&mut self) -> Result<Option<RecordBatch>, TableError> {
        loop {
            let is_begun = self.left.is_some();
            let Some(block) = self.batches.get(self.next - usize::from(is_begun)).copied() else {
                return Ok(None);
            };
            self.next += usize::from(!is_begun);
            let batch = guarded(|| self.read_block(&block)).map_err(|error| error.at_batch(self.next))?;
            if batch.is_some() {
                return Ok(batch);
            }
        }
    }

    /// The rows of a block that are wanted, or the next piece of them; `None` if none are.
    fn read_block(&mut self, block: &Block) -> Result<Option<RecordBatch>, TableError> {
        let block = frame::BlockBytes::new(&self.buffer, block);
        let declared = self.rules.declared_rows(&block)?;
        let rows = match self.left.take() {
            Some(left) => Some(left),
            None => {
                let start = self.position;
                self.position = start.saturating_add(declared);
                let wanted = self.wanted.start.max(start)..self.wanted.end.min(self.position);
                let is_whole = wanted == (start..self.position);
                if wanted.is_empty() && !is_whole {
                    return Ok(None);
                }
                // Its length is a number of 64 bits, and its rows are in memory.
                let within = (wanted.start - start) as usize..(wanted.end - start) as usize;
                let rows = (!is_whole).then_some(within);
                self.check_batch(&block, rows.as_ref())?;
                rows
            }
        };
        // Rows may take nothing, and any number of them be declared.
        let with_bytes = (PIECE_BYTES * u128::from(declared)).div_ceil(block.body.len().max(1) as u128);
        let piece_rows = self.piece_rows.max(usize::try_from(with_bytes).unwrap_or(usize::MAX));
        let piece = rows.map(|mut rows| {
            let end = rows.start.saturating_add(piece_rows);
            if end < rows.end {
                self.left = Some(end..rows.end);
                rows.end = end;
            }
            rows
        });
        self.read_batch(&block, piece).map(Some)
    }

    /// Checks a batch's header, and that there are not too many rows; of all rows, or of some.
    fn check_batch(
        &mut self,
        block: &frame::BlockBytes,
        rows: Option<&Range<usize>>,
    ) -> Result<(), TableError> {
        // One by one, parts would else take a look at all bits each.
        let looked_at = rows.filter(|_| self.is_flat());
        let header = self.rules.record_batch(block, &self.schema, looked_at)?;
        let count = rows.map_or(header.length() as u64, |rows| rows.len() as u64);
        self.rows = self.rows.saturating_add(count);
        if self.rows > self.rules.limits().rows {
            return Err(TableError::over(
                Check::MaxRows,
                "rows or more",
                self.rows,
                self.rules.limits().rows,
            ));
        }
        Ok(())
    }

    /// Reads a batch whose header has been checked, or some of its rows.
    fn read_batch(
        &self,
        block: &frame::BlockBytes,
        rows: Option<Range<usize>>,
    ) -> Result<RecordBatch, TableError> {
        let header = self.rules.header(block)?;
        let decode = |columns: Option<&[usize]>| {
            guarded(|| {
                let version = self.rules.version();
                RecordBatchDecoder::try_new(
                    &block.body,
                    header,
                    self.schema.clone(),
                    &self.dictionaries,
                    &version,
                )
                .and_then(|decoder| decoder.with_projection(columns).read_record_batch())
                .map_err(|error| values_error(&error))
            })
        };
        let part = rows.as_ref().and_then(|rows| {
            let columns = self.projection.as_deref();
            rows::read(header, &block.body, &self.schema, columns, &self.projected, rows)
        });
        let whole = || match (part, rows) {
            (Some(part), _) => part.map_err(|error| values_error(&error)),
            (None, Some(rows)) => {
                decode(self.projection.as_deref()).map(|batch| batch.slice(rows.start, rows.len()))
            }
            (None, None) => decode(self.projection.as_deref()),
        };
        let batch = whole().map_err(|error| {
            // The decoder doesn't say where it failed: ask it column by column.
            let fields = self.schema.fields().iter().enumerate();
            fields
                .filter(|(index, _)| self.projection.as_ref().is_none_or(|places| places.contains(index)))
                .filter_map(|(index, field)| {
                    decode(Some(&[index])).err().map(|error| error.in_column(field.name()))
                })
                .next()
                .unwrap_or(error)
        })?;
        for (field, array) in self.projected.fields().iter().zip(batch.columns()) {
            values::check(&array.to_data()).map_err(|error| error.in_column(field.name()))?;
        }
        Ok(batch)
    }

    fn read_dictionary(&mut self, block: &Block, seen: &mut message::Dictionaries) -> Result<(), TableError> {
        let block = frame::BlockBytes::new(&self.buffer, block);
        let header = self.rules.dictionary(&block, seen)?;
        let column = seen.column(header.id());
        guarded(|| {
            let version = self.rules.version();
            read_dictionary(&block.body, header, &self.schema, &mut self.dictionaries, &version)
                .map_err(|error| values_error(&error))?;
            match self.dictionaries.get(&header.id()) {
                Some(values) => values::check(&values.to_data()),
                None => Ok(()),
            }
        })
        .map_err(|error| error.in_column(column))
    }
}

/// The version that files have been written in since Arrow 1.0, and the one before.
fn is_supported(version: MetadataVersion) -> bool {
    matches!(version, MetadataVersion::V4 | MetadataVersion::V5)
}

pub(crate) fn values_error(error: &arrow::error::ArrowError) -> TableError {
    TableError::new(Check::ArrowValues, error.to_string())
}
