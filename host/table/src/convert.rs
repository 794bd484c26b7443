//! From one format to another.

use std::collections::BTreeSet;
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use arrow::datatypes::Schema;

use crate::ahead::ahead;
use crate::error::{TableError, guarded};
use crate::info::TableInfo;
use crate::input::{Input, Release};
use crate::normalise::normalise;
use crate::rules::TableRules;
use crate::sink::{Sink, Written};
use crate::source::{BATCH_ROWS, Dictionaries, Source};
use crate::validate::fits_inputs;
use crunchbox_protocol::{FileFormat, Profile, TableLimits};

/// How to convert.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConvertOptions {
    /// The rules that the result has to follow.
    pub profile: Profile,
    /// The limits for the result, and for what reading the input may take.
    pub limits: TableLimits,
    /// Whether to turn columns into the types of [`Profile::Workbench`], and fill in their metadata:
    ///
    /// * text, booleans (`true`, `false`), times of day and columns of nothing but null become text (Utf8),
    /// * integers and floats stay, decimals become Float64, and NaN and the infinities become null; without a valid
    ///   `format` they get `{:,}`,
    /// * timestamps become nanoseconds in UTC without a zone,
    /// * dates become Date32, by the day unless they have a valid `unit`,
    /// * dictionaries and run-end encoding are undone, and other metadata is dropped.
    ///
    /// Any other type is an error, and so is a value that its new type can't hold. Names stay as they are.
    pub normalise: bool,
    /// How many rows a record batch of an Arrow file may have. `None` for as few batches as can be: one, up to about
    /// 3 GiB, if all columns are flat.
    pub batch_rows: Option<u64>,
    /// The columns that are wanted, by their names; `None` for all. Of Parquet and Arrow, the values of the others are not
    /// looked at. The order stays the table's.
    pub columns: Option<BTreeSet<String>>,
    /// The rows that are wanted, the first being 0; `None` for all. The values of the others are not looked at. Of CSV all
    /// rows are read, whatever is wanted.
    pub rows: Option<Range<u64>>,
    /// Whether text of few values may come as a dictionary and numbers, where a large Parquet file has it so. Each value is in it
    /// once, and some row has it.
    pub dictionaries: bool,
}

impl ConvertOptions {
    /// The profile's own limits; columns are normalised for [`Profile::Workbench`] and left alone for
    /// [`Profile::Arrow`].
    pub fn new(profile: Profile) -> Self {
        ConvertOptions {
            profile,
            limits: TableLimits::of(profile),
            normalise: profile == Profile::Workbench,
            batch_rows: None,
            columns: None,
            rows: None,
            dictionaries: false,
        }
    }
}

/// Reads a table in one format and writes it in another, or in the same one afresh.
///
/// A second thread reads ahead, if the system allows one. Memory for a few batches is enough, whatever the table's size; an
/// Arrow file that is not in memory yet is read into it whole.
///
/// * From Arrow: LZ4 and ZSTD bodies are fine, and the file is checked as [`crate::validate`] does.
/// * From Parquet: large text becomes plain text, and so do dictionaries, but for [`ConvertOptions::dictionaries`]; `format` and `unit` are there if we, or anyone who keeps
///   the Arrow schema in the file, wrote it.
/// * From CSV: UTF-8, a header row, commas. A column is Int64 or Float64 if every cell is such a number and would come
///   back as it was, else text; empty cells are null. Column names are cleaned: control characters go, long ones are cut,
///   empty ones become `Column 3`, and a second `A` becomes `A 2`.
/// * To Arrow: uncompressed, buffers aligned to 64 bytes. The file has to be one that can be written anywhere in and read.
/// * To Parquet: Snappy, with the Arrow schema inside, so that field metadata survives.
/// * To CSV: a header row, nulls as empty cells, quotes as in RFC 4180; nested values as Arrow displays them.
///
/// Schema-level metadata is dropped. The table's rules are those of the options' profile.
///
/// # Errors
/// [`TableError`] with the first check that failed; what the output file holds then is of no use.
pub fn convert(
    input: Input,
    from: FileFormat,
    to: FileFormat,
    output: File,
    options: &ConvertOptions,
) -> Result<TableInfo, TableError> {
    guarded(|| {
        let release = input.release();
        let source = open(input, from, options)?;
        let Source { schema, rows, dictionaries, .. } = &source;
        let sink = Sink::new(to, output, schema, *rows, options.batch_rows, *dictionaries)?;
        read(source, Some(sink), options, release.as_ref())
    })
}

/// Reads a table as [`convert`] does, and writes nothing.
///
/// # Errors
/// As [`convert`].
pub fn check(input: Input, format: FileFormat, options: &ConvertOptions) -> Result<TableInfo, TableError> {
    guarded(|| {
        let release = input.release();
        read(open(input, format, options)?, None, options, release.as_ref())
    })
}

/// The columns that [`convert`] would give, how many rows the file says that it has, and whether it says that it is built as
/// inputs are. Values are not looked at, except those of CSV, whose types only they tell.
///
/// # Errors
/// As [`convert`], as far as the schema tells.
pub fn look(input: Input, format: FileFormat, options: &ConvertOptions) -> Result<TableInfo, TableError> {
    guarded(|| {
        let Source { schema, rows, plain, .. } = open(input, format, options)?;
        TableRules::new(schema.clone(), options.profile, &options.limits)?;
        Ok(TableInfo { plain, ..TableInfo::new(&schema, rows, 0) })
    })
}

/// A table as it is to be handed on. Its schema has no metadata.
fn open(input: Input, format: FileFormat, options: &ConvertOptions) -> Result<Source, TableError> {
    let (columns, rows) = (options.columns.as_ref(), options.rows.as_ref());
    let mut source = Source::open(input, format, &options.limits, columns, rows, options.dictionaries)?;
    if options.normalise {
        source = normalise(source, &options.limits)?;
    }
    source.schema = Arc::new(Schema::new(source.schema.fields().clone()));
    Ok(source)
}

fn read(
    source: Source,
    mut sink: Option<Sink>,
    options: &ConvertOptions,
    release: Option<&Release>,
) -> Result<TableInfo, TableError> {
    let Source { schema, rows, dictionaries, mut batches, .. } = source;
    // A thread is worth it where there is more than a batch.
    if rows > BATCH_ROWS as u64 {
        batches = ahead(batches);
    }
    let mut rules = TableRules::new(schema.clone(), options.profile, &options.limits)?;
    if dictionaries == Dictionaries::Growing {
        rules = rules.with_growing_dictionaries();
    }
    for batch in batches {
        let batch = batch?;
        rules.batch(&batch)?;
        if let Some(sink) = &mut sink {
            sink.write(&batch)?;
        }
        if let Some(release) = release {
            release.now();
        }
    }
    rules.finish()?;
    let Written { bytes, plain } = sink.map(Sink::finish).transpose()?.unwrap_or_default();
    Ok(TableInfo {
        plain: plain && fits_inputs(&schema, options.profile),
        ..TableInfo::new(&schema, rules.rows(), bytes)
    })
}
