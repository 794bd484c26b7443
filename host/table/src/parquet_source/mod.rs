//! Parquet files.
//!
//! The `parquet` crate decodes; what it would take on trust, at the cost of memory or stack, is looked at before it
//! sees the file: how deep the schema nests, what each page unfolds to, and how many values it claims (`scan`).
//! Text is decoded as views into the pages, so that a dictionary's long value that a million rows repeat is counted
//! before it is copied a million times.

mod columns;
mod dictionaries;
mod scan;
mod text;

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::buffer::Buffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::file::reader::ChunkReader;

use crate::ahead::ahead;
use crate::error::{Check, TableError, guarded};
use crate::input::Input;
use crate::pieces::Pieces;
use crate::source::{BATCH_BYTES, BATCH_ROWS, Batches, Dictionaries, Source, batch_of, wanted};
use crate::values;
use crate::wide::is_flat;
use crunchbox_protocol::TableLimits;

/// Row groups of fewer rows are decoded as one, and so without their dictionaries.
const SMALL_GROUP_ROWS: u64 = 1 << 14;

/// Field metadata that the reader makes up from the file's own numbering.
const READER_METADATA_PREFIX: &str = "PARQUET:";

pub(crate) fn open(
    input: Input,
    limits: &TableLimits,
    columns: Option<&BTreeSet<String>>,
    only: Option<&Range<u64>>,
    dictionaries: bool,
) -> Result<Source, TableError> {
    match input {
        // Who reads a file moves its one cursor.
        Input::File(file) => open_reader(file, |_| None, limits, columns, only, dictionaries),
        Input::Buffer(buffer) | Input::Mapped(buffer, _) => {
            let bytes = bytes::Bytes::from_owner(Owner(buffer));
            open_reader(bytes, |bytes| Some(bytes.clone()), limits, columns, only, dictionaries)
        }
    }
}

struct Owner(Buffer);

impl AsRef<[u8]> for Owner {
    fn as_ref(&self) -> &[u8] {
        self.0.as_slice()
    }
}

/// * `again`: another reader of the same bytes that may be used beside it, if there can be one.
fn open_reader<R: ChunkReader + 'static>(
    reader: R,
    again: fn(&R) -> Option<R>,
    limits: &TableLimits,
    columns: Option<&BTreeSet<String>>,
    only: Option<&Range<u64>>,
    dictionaries: bool,
) -> Result<Source, TableError> {
    guarded(|| {
        scan::check_footer(&reader, limits)?;
        let options = ArrowReaderOptions::new();
        let metadata =
            ArrowReaderMetadata::load(&reader, options.clone()).map_err(|error| parquet_error(&error))?;
        let rows = check_counts(&metadata, limits)?;
        let mut viewed: Vec<Field> = metadata.schema().fields().iter().map(as_view).collect();
        let places = match columns {
            Some(columns) => wanted(metadata.schema(), columns),
            None => (0..viewed.len()).collect(),
        };
        let span = select(&metadata, only.cloned().unwrap_or(0..rows), rows);
        let (groups, rows) = (&span.groups, span.rows);
        let is_worth_it = rows > BATCH_ROWS as u64 && rows / groups.len().max(1) as u64 >= SMALL_GROUP_ROWS;
        let all_flat = || places.iter().all(|place| is_flat(as_plain_type(viewed[*place].data_type())));
        if dictionaries && is_worth_it && again(&reader).is_some() && all_flat() {
            for place in &places {
                if has_small_dictionaries(&reader, &metadata, groups, *place, &viewed[*place]) {
                    let field = viewed[*place].clone();
                    viewed[*place] = field.with_data_type(dictionaries::data_type());
                }
            }
        }
        let viewed = Arc::new(Schema::new(viewed));
        let plain_fields = places.iter().map(|place| as_plain(&viewed.fields()[*place]));
        let schema = Arc::new(Schema::new(plain_fields.collect::<Vec<_>>()));
        let metadata =
            ArrowReaderMetadata::try_new(metadata.metadata().clone(), options.with_schema(viewed.clone()))
                .map_err(|error| parquet_error(&error))?;

        let (schema_of_pages, limits) = (schema.clone(), limits.clone());
        let pages = Pages {
            metadata,
            viewed: Arc::new(
                viewed
                    .project(&places)
                    .map_err(|error| TableError::new(Check::Parquet, format!("cannot be read: {error}")))?,
            ),
            places,
            span,
            schema: schema_of_pages,
            limits,
        };
        let batches = lazily(move || pages.decode(reader, again));
        Ok(Source { schema, rows, dictionaries: Dictionaries::Growing, plain: false, batches })
    })
}

/// Batches that are opened when the first is asked for.
fn lazily(open: impl FnOnce() -> Result<Batches, TableError> + Send + 'static) -> Batches {
    let opened = std::iter::once_with(|| guarded(open));
    Box::new(opened.flat_map(|opened| {
        opened.unwrap_or_else(|error| -> Batches { Box::new(std::iter::once(Err(error))) })
    }))
}

/// The pages of the columns that are wanted, not looked at yet.
struct Pages {
    metadata: ArrowReaderMetadata,
    /// As they are decoded.
    viewed: SchemaRef,
    places: Vec<usize>,
    span: Span,
    schema: SchemaRef,
    limits: TableLimits,
}

impl Pages {
    fn decode<R: ChunkReader + 'static>(
        self,
        reader: R,
        again: fn(&R) -> Option<R>,
    ) -> Result<Batches, TableError> {
        let decoded_bytes = scan::check_headers(
            &reader,
            self.metadata.metadata(),
            &self.span.groups,
            &self.places,
            &self.limits,
        )?;
        let all_rows = self.span.rows.saturating_add(self.span.skipped);
        let row_bytes = decoded_bytes.checked_div(all_rows).unwrap_or(0).max(1);
        let batch_rows = (BATCH_BYTES as u64 / row_bytes).clamp(1024, BATCH_ROWS as u64) as usize;
        let decoded = self.columns(reader, again, batch_rows);
        let Pages { span: Span { rows, .. }, schema, limits, .. } = self;
        let mut batches =
            Pieces::new(decoded, limits.decoded_bytes.saturating_sub(decoded_bytes), Dictionaries::Growing)
                .map(move |batch| guarded(|| plain(&schema, &batch?)));
        let mut missing = rows;
        let batches = std::iter::from_fn(move || match batches.next() {
            Some(batch) => {
                let found = batch.as_ref().map_or(missing, |batch| batch.num_rows() as u64);
                missing = missing.saturating_sub(found);
                Some(batch)
            }
            // Its place was kept free for rows that don't come.
            None if missing > 0 => {
                let what = format!(
                    "{rows} rows are declared, and the last {} are not there",
                    std::mem::take(&mut missing)
                );
                Some(Err(TableError::new(Check::Parquet, what)))
            }
            None => None,
        });
        Ok(Box::new(batches))
    }

    /// All columns as they are decoded: if there are many rows, on several threads.
    fn columns<R: ChunkReader + 'static>(
        &self,
        reader: R,
        again: fn(&R) -> Option<R>,
        batch_rows: usize,
    ) -> Batches {
        let divided = match self.span.rows > BATCH_ROWS as u64 {
            true => columns::divide(self.metadata.metadata(), &self.span.groups, &self.places),
            false => Vec::new(),
        };
        let readers: Option<Vec<R>> = divided.iter().map(|_| again(&reader)).collect();
        let Some(readers) = readers.filter(|readers| readers.len() > 1) else {
            return self.some(reader, again, &self.places, batch_rows);
        };
        let mut parts = Vec::with_capacity(divided.len());
        for (places, reader) in divided.iter().zip(readers) {
            let in_batch = places.iter().filter_map(|place| self.places.binary_search(place).ok());
            parts.push((in_batch.collect(), ahead(self.some(reader, again, places, batch_rows))));
        }
        columns::side_by_side(self.viewed.clone(), parts)
    }

    /// Some columns as they are decoded.
    fn some<R: ChunkReader + 'static>(
        &self,
        reader: R,
        again: fn(&R) -> Option<R>,
        places: &[usize],
        batch_rows: usize,
    ) -> Batches {
        let (metadata, places) = (self.metadata.clone(), places.to_vec());
        let mut growing = dictionaries::Growing::default();
        let mut reader = Some(reader);
        let spans = self.spans();
        let last = spans.len().saturating_sub(1);
        let decoded = spans.into_iter().enumerate().flat_map(move |(index, span)| {
            let reader = if index == last { reader.take() } else { reader.as_ref().and_then(again) };
            let (metadata, places) = (metadata.clone(), places.clone());
            // By whoever asks for the first batch, beside the other columns.
            lazily(move || {
                let reader = reader.ok_or_else(|| TableError::new(Check::Parquet, "cannot be read twice"))?;
                scan::check_lengths(&reader, metadata.metadata(), &span.groups, &places)?;
                span.decode(reader, metadata, places, batch_rows)
            })
        });
        Box::new(decoded.map(move |batch| text::write_out(&growing.unify(batch?)?)))
    }

    /// Where to begin to decode. Row groups have dictionaries of their own: no batch is to reach from one into another then.
    fn spans(&self) -> Vec<Span> {
        let has_dictionaries =
            self.schema.fields().iter().any(|field| *field.data_type() == dictionaries::data_type());
        if !has_dictionaries {
            return vec![self.span.clone()];
        }
        let (mut skipped, mut left) = (self.span.skipped, self.span.rows);
        let spans = self.span.groups.iter().map(|group| {
            let skipped = std::mem::take(&mut skipped);
            let rows = u64::try_from(self.metadata.metadata().row_group(*group).num_rows()).unwrap_or(0);
            let rows = rows.saturating_sub(skipped).min(left);
            left -= rows;
            Span { groups: vec![*group], skipped, rows }
        });
        spans.collect()
    }
}

/// Row groups, how many rows come first in them that are not wanted, and how many are.
#[derive(Clone)]
struct Span {
    groups: Vec<usize>,
    skipped: u64,
    rows: u64,
}

impl Span {
    fn decode<R: ChunkReader + 'static>(
        self,
        reader: R,
        metadata: ArrowReaderMetadata,
        places: Vec<usize>,
        batch_rows: usize,
    ) -> Result<Batches, TableError> {
        let mask = ProjectionMask::roots(metadata.parquet_schema(), places);
        let decoded = ParquetRecordBatchReaderBuilder::new_with_metadata(reader, metadata)
            .with_batch_size(batch_rows)
            .with_projection(mask)
            .with_row_groups(self.groups)
            .with_offset(usize::try_from(self.skipped).unwrap_or(usize::MAX))
            .with_limit(usize::try_from(self.rows).unwrap_or(usize::MAX))
            .build()
            .map_err(|error| parquet_error(&error))?;
        Ok(Box::new(decoded.map(|batch| batch.map_err(|error| cannot_decode(&error)))))
    }
}

/// Whether a column is plain text that the file has as numbers of a few texts.
fn has_small_dictionaries<R: ChunkReader>(
    reader: &R,
    metadata: &ArrowReaderMetadata,
    groups: &[usize],
    place: usize,
    field: &Field,
) -> bool {
    let schema = metadata.parquet_schema();
    let leaf = (0..schema.num_columns()).find(|leaf| schema.get_column_root_idx(*leaf) == place);
    *field.data_type() == DataType::Utf8View
        && leaf.is_some_and(|leaf| scan::has_small_dictionaries(reader, metadata.metadata(), groups, leaf))
}

/// The row groups that hold the rows that are wanted of those that there are.
fn select(metadata: &ArrowReaderMetadata, only: Range<u64>, rows: u64) -> Span {
    let wanted = only.start.min(rows)..only.end.min(rows);
    let mut groups = Vec::new();
    let (mut start, mut skipped) = (0u64, 0);
    for (index, group) in metadata.metadata().row_groups().iter().enumerate() {
        let end = start.saturating_add(u64::try_from(group.num_rows()).unwrap_or(0));
        if wanted.start.max(start) < wanted.end.min(end) {
            if groups.is_empty() {
                skipped = wanted.start - start;
            }
            groups.push(index);
        }
        start = end;
    }
    Span { groups, skipped, rows: wanted.end.saturating_sub(wanted.start) }
}

/// Checks the numbers of columns and rows, and gives the latter.
fn check_counts(metadata: &ArrowReaderMetadata, limits: &TableLimits) -> Result<u64, TableError> {
    let columns = metadata.schema().fields().len() as u64;
    if columns > limits.columns {
        return Err(TableError::over(Check::MaxColumns, "columns", columns, limits.columns));
    }
    let mut sum = 0u64;
    for group in metadata.metadata().row_groups() {
        let rows = u64::try_from(group.num_rows()).map_err(|_| {
            TableError::new(Check::Parquet, format!("a row group of {} rows", group.num_rows()))
        })?;
        sum = sum.saturating_add(rows);
    }
    if sum > limits.rows {
        return Err(TableError::over(Check::MaxRows, "rows", sum, limits.rows));
    }
    Ok(sum)
}

/// The field as it is decoded: text as views, and no dictionaries, since each batch would have its own.
fn as_view(field: &Arc<Field>) -> Field {
    let data_type = match without_dictionaries(field.data_type()) {
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        DataType::Binary | DataType::LargeBinary => DataType::BinaryView,
        other => other,
    };
    field.as_ref().clone().with_data_type(data_type)
}

fn without_dictionaries(data_type: &DataType) -> DataType {
    let inner = |field: &Arc<Field>| {
        let data_type = without_dictionaries(field.data_type());
        Arc::new(field.as_ref().clone().with_data_type(data_type))
    };
    match data_type {
        DataType::Dictionary(_, values) => without_dictionaries(values),
        DataType::List(field) => DataType::List(inner(field)),
        DataType::LargeList(field) => DataType::LargeList(inner(field)),
        DataType::FixedSizeList(field, size) => DataType::FixedSizeList(inner(field), *size),
        DataType::Map(field, sorted) => DataType::Map(inner(field), *sorted),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(inner).collect()),
        other => other.clone(),
    }
}

/// The field as it is handed on.
fn as_plain(field: &Arc<Field>) -> Field {
    let mut metadata = field.metadata().clone();
    metadata.retain(|key, _| !key.starts_with(READER_METADATA_PREFIX));
    let data_type = as_plain_type(field.data_type()).clone();
    field.as_ref().clone().with_data_type(data_type).with_metadata(metadata)
}

fn as_plain_type(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Utf8View => &DataType::Utf8,
        DataType::BinaryView => &DataType::Binary,
        other => other,
    }
}

/// Turns views into plain text, and sees that values are what their types say: the decoder takes the file's word.
fn plain(schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch, TableError> {
    let mut columns = Vec::with_capacity(batch.num_columns());
    for (field, array) in schema.fields().iter().zip(batch.columns()) {
        let array = if array.data_type() == field.data_type() {
            array.clone()
        } else {
            cast(array, field.data_type()).map_err(|error| {
                TableError::new(Check::Conversion, error.to_string()).in_column(field.name())
            })?
        };
        values::check(&array.to_data()).map_err(|error| error.in_column(field.name()))?;
        columns.push(array);
    }
    batch_of(schema.clone(), columns, batch.num_rows()).map_err(|error| cannot_decode(&error))
}

/// A batch of columns whose types may be others than the schema's: of text some batches hold views, and others not.
fn retyped(schema: &Schema, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch, TableError> {
    let fields = schema.fields().iter().zip(&columns);
    let fields =
        fields.map(|(field, array)| field.as_ref().clone().with_data_type(array.data_type().clone()));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    batch_of(schema, columns, rows).map_err(|error| cannot_decode(&error))
}

fn cannot_decode(error: &dyn Display) -> TableError {
    TableError::new(Check::Parquet, format!("cannot be decoded: {error}"))
}

fn parquet_error(error: &parquet::errors::ParquetError) -> TableError {
    TableError::new(Check::Parquet, format!("cannot be read: {error}"))
}
