//! Writing a table, batch by batch.

use std::fs::File;
use std::io::{BufWriter, Write};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::MetadataVersion;
use arrow::ipc::writer::{FileWriter, IpcWriteOptions};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use crate::error::{Check, TableError};
use crate::source::Dictionaries;
use crate::wide::{Full, WideWriter};
use crunchbox_protocol::FileFormat;

/// Buffers begin at multiples of this, in bytes, so that whoever maps the file can load them into vector registers.
const ARROW_ALIGNMENT: usize = 64;

/// How we write Arrow files.
pub(crate) fn arrow_options() -> Result<IpcWriteOptions, TableError> {
    IpcWriteOptions::try_new(ARROW_ALIGNMENT, false, MetadataVersion::V5).map_err(|error| arrow_error(&error))
}

/// What came of writing.
#[derive(Default)]
pub(crate) struct Written {
    /// The file's size.
    pub(crate) bytes: u64,
    /// An Arrow file of one record batch or none, without dictionaries.
    pub(crate) plain: bool,
}

/// A file that is being written.
pub(crate) enum Sink {
    /// No more than so many rows in a batch.
    Arrow(Box<FileWriter<BufWriter<File>>>, usize),
    /// As few batches as can be.
    Wide(Box<WideWriter>),
    Parquet(Box<ArrowWriter<File>>),
    Csv(Box<csv::Writer<File>>),
}

impl Sink {
    /// * `rows`: how many there will be.
    /// * `batch_rows`: how many a batch of an Arrow file may have; `None` for as many as can be.
    pub(crate) fn new(
        format: FileFormat,
        file: File,
        schema: &SchemaRef,
        rows: u64,
        batch_rows: Option<u64>,
        dictionaries: Dictionaries,
    ) -> Result<Self, TableError> {
        match format {
            FileFormat::Arrow => {
                let options = arrow_options()?;
                let file = match batch_rows {
                    Some(_) => file,
                    None => {
                        match WideWriter::begin(file, schema, &options, rows, Full::default(), dictionaries)?
                        {
                            Ok(writer) => return Ok(Sink::Wide(Box::new(writer))),
                            Err(file) => file,
                        }
                    }
                };
                let writer = FileWriter::try_new_with_options(
                    BufWriter::with_capacity(1 << 20, file),
                    schema,
                    options,
                )
                .map_err(|error| arrow_error(&error))?;
                let batch_rows = batch_rows.and_then(|rows| usize::try_from(rows).ok());
                Ok(Sink::Arrow(Box::new(writer), batch_rows.unwrap_or(usize::MAX).max(1)))
            }
            FileFormat::Parquet => {
                let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
                let writer =
                    ArrowWriter::try_new(file, schema.clone(), Some(properties)).map_err(parquet_error)?;
                Ok(Sink::Parquet(Box::new(writer)))
            }
            FileFormat::Csv => {
                let mut writer = csv::WriterBuilder::new().buffer_capacity(1 << 20).from_writer(file);
                if !schema.fields().is_empty() {
                    let names = schema.fields().iter().map(|field| field.name());
                    writer.write_record(names).map_err(csv_error)?;
                }
                Ok(Sink::Csv(Box::new(writer)))
            }
        }
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), TableError> {
        match self {
            Sink::Arrow(writer, batch_rows) => {
                let mut start = 0;
                while start < batch.num_rows() {
                    let rows = (batch.num_rows() - start).min(*batch_rows);
                    writer.write(&batch.slice(start, rows)).map_err(|error| arrow_error(&error))?;
                    start += rows;
                }
                Ok(())
            }
            Sink::Wide(writer) => writer.write(batch),
            Sink::Parquet(writer) => writer.write(batch).map_err(parquet_error),
            Sink::Csv(writer) => write_csv(writer, batch),
        }
    }

    /// Completes the file.
    pub(crate) fn finish(self) -> Result<Written, TableError> {
        let mut plain = false;
        let file = match self {
            Sink::Wide(writer) => {
                let (file, in_one) = writer.finish()?;
                plain = in_one;
                file
            }
            Sink::Arrow(mut writer, _) => {
                writer.finish().map_err(|error| arrow_error(&error))?;
                let buffered = writer.into_inner().map_err(|error| arrow_error(&error))?;
                buffered.into_inner().map_err(|error| TableError::write(error.error()))?
            }
            Sink::Parquet(writer) => writer.into_inner().map_err(parquet_error)?,
            Sink::Csv(writer) => writer.into_inner().map_err(|error| TableError::write(error.error()))?,
        };
        let data = (&file).flush().and_then(|()| file.metadata());
        Ok(Written { bytes: data.map_err(|error| TableError::write(&error))?.len(), plain })
    }
}

fn write_csv(writer: &mut csv::Writer<File>, batch: &RecordBatch) -> Result<(), TableError> {
    if batch.num_columns() == 0 {
        return Ok(());
    }
    let options = FormatOptions::new();
    let mut cells = Vec::with_capacity(batch.num_columns());
    for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        let formatter = ArrayFormatter::try_new(array.as_ref(), &options)
            .map_err(|error| TableError::new(Check::Conversion, error.to_string()).in_column(field.name()))?;
        cells.push((field.name(), formatter));
    }
    let mut text = String::new();
    for row in 0..batch.num_rows() {
        for (name, formatter) in &cells {
            text.clear();
            formatter.value(row).write(&mut text).map_err(|error| {
                TableError::new(Check::Conversion, format!("cannot be shown as text: {error}"))
                    .in_column(name)
            })?;
            writer.write_field(&text).map_err(csv_error)?;
        }
        writer.write_record(None::<&[u8]>).map_err(csv_error)?;
    }
    Ok(())
}

fn arrow_error(error: &arrow::error::ArrowError) -> TableError {
    match error {
        arrow::error::ArrowError::IoError(_, error) => TableError::write(error),
        other => TableError::new(Check::Conversion, format!("cannot be written as Arrow: {other}")),
    }
}

fn parquet_error(error: ParquetError) -> TableError {
    match error {
        ParquetError::External(source) if source.is::<std::io::Error>() => {
            TableError::new(Check::InputOutput, format!("cannot write the output: {source}"))
        }
        other => TableError::new(Check::Conversion, format!("cannot be written as Parquet: {other}")),
    }
}

fn csv_error(error: csv::Error) -> TableError {
    TableError::new(Check::InputOutput, format!("cannot write the output: {error}"))
}
