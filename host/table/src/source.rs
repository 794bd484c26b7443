//! A table as a schema and a run of record batches, whatever file it comes from.

use std::collections::BTreeSet;
use std::ops::Range;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;

use crate::error::TableError;
use crate::input::Input;
use crate::ipc::{Bodies, IpcFile};
use crate::{csv_source, parquet_source};
use crunchbox_protocol::FileFormat;
use crunchbox_protocol::TableLimits;

/// Rows of a record batch that we make ourselves: few enough to hold in memory, many enough to be quick.
pub(crate) const BATCH_ROWS: usize = 65_536;
/// Bytes of text in one column or row group of such a batch, after which it is closed early.
pub(crate) const BATCH_BYTES: usize = 32 << 20;

pub(crate) type Batches = Box<dyn Iterator<Item = Result<RecordBatch, TableError>> + Send>;

/// What is known of the dictionaries of a table's batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dictionaries {
    /// Each batch may have its own.
    Any,
    /// Their values are text, their keys of 32 bits, and each begins with that of the batch before. Each text is in it once, and
    /// some row has it.
    Growing,
}

/// A batch of these columns, of which there may be none.
pub(crate) fn batch_of(
    schema: SchemaRef,
    columns: Vec<ArrayRef>,
    rows: usize,
) -> Result<RecordBatch, ArrowError> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(schema, columns, &options)
}

/// A table that is being read. Its batches are well-formed; the rules of a profile are yet to be applied.
pub(crate) struct Source {
    pub(crate) schema: SchemaRef,
    /// How many rows there will be, by what the file says of itself.
    pub(crate) rows: u64,
    pub(crate) dictionaries: Dictionaries,
    /// It says of itself that it is an Arrow file built as inputs are, and those of which some rows are wanted.
    pub(crate) plain: bool,
    /// Nothing of the rows is read before the first is asked for, except from CSV, whose types only they tell.
    pub(crate) batches: Batches,
}

impl Source {
    /// * `columns`: the names of those that are wanted; `None` for all.
    /// * `only`: the rows that are wanted; `None` for all. Those of CSV are all that there are.
    /// * `dictionaries`: whether text of few values may be dictionary-encoded, where a Parquet file has it so.
    pub(crate) fn open(
        input: Input,
        format: FileFormat,
        limits: &TableLimits,
        columns: Option<&BTreeSet<String>>,
        only: Option<&Range<u64>>,
        dictionaries: bool,
    ) -> Result<Self, TableError> {
        match format {
            FileFormat::Arrow => {
                let buffer = input.into_buffer(limits.decoded_bytes)?;
                let mut file = IpcFile::open(buffer, limits, Bodies::AnyCompression)?;
                if let Some(columns) = columns {
                    file.project(wanted(file.schema(), columns))?;
                }
                let mut rows = file.declared_rows();
                let plain = file.is_plain() && (only.is_none() || file.is_flat());
                if let Some(only) = only {
                    file.select(only.clone());
                    rows = only.end.min(rows).saturating_sub(only.start);
                }
                Ok(Source {
                    schema: file.projected().clone(),
                    rows,
                    dictionaries: Dictionaries::Any,
                    plain,
                    batches: Box::new(std::iter::from_fn(move || file.next_batch().transpose())),
                })
            }
            FileFormat::Parquet => parquet_source::open(input, limits, columns, only, dictionaries),
            FileFormat::Csv => csv_source::open(input, limits, columns),
        }
    }
}

/// The places of the columns that are wanted, in order.
pub(crate) fn wanted(schema: &Schema, columns: &BTreeSet<String>) -> Vec<usize> {
    let fields = schema.fields().iter().enumerate();
    fields.filter(|(_, field)| columns.contains(field.name())).map(|(index, _)| index).collect()
}
