//! A step that reads Parquet itself, where others are handed Arrow: its table is that of the file that its param names.

#![forbid(unsafe_code)]

use arrow::compute::concat_batches;
use bytes::Bytes;
use crunchbox_sdk::{Context, Error, prelude::*};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

#[derive(serde::Deserialize)]
struct Params {
    /// None if it was not handed over.
    file: Option<String>,
}

#[step]
fn render(_: RecordBatch, params: Params, context: &Context) -> Result<RecordBatch> {
    let file = params.file.and_then(|uuid| context.file(&uuid));
    let file = file.ok_or_else(|| Error::bug("the file was not handed over"))?;
    // Of a file the crate would make a second descriptor, which WASI can't.
    let bytes = Bytes::from(std::fs::read(&file.path)?);
    let bad = |error: parquet::errors::ParquetError| Error::bug(format!("{:?}: {error}", file.name));
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(bad)?;
    let schema = reader.schema().clone();
    let batches = reader.build().map_err(bad)?.collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(concat_batches(&schema, &batches)?)
}
