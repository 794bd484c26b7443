//! Tables as Arrow IPC files.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow::buffer::Buffer;
use arrow::compute::concat_batches;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::convert::fb_to_schema;
use arrow::ipc::reader::read_footer_length;
use arrow::ipc::writer::{FileWriter, IpcWriteOptions};
use arrow::ipc::{Block, Footer, MetadataVersion, root_as_footer};
use arrow::record_batch::RecordBatch;

use crate::input::{Input, named};
use crate::{Error, Result, input, rows};

/// How many bytes go to the host at once: each write is a call out of the sandbox.
const WRITE_BYTES: usize = 1 << 20;

/// The least that an operating system maps.
const PAGE_BYTES: usize = 4096;

/// What follows the footer: its length and the magic.
const TRAILER_BYTES: usize = 10;

/// Reads a table, as one batch: all of its rows, or these. A file that is empty is a table without columns.
pub(crate) fn read(path: &Path, rows: Option<&Range<u64>>) -> Result<RecordBatch> {
    let file = Input::open(path)?;
    match rows {
        _ if file.length() == 0 => Ok(RecordBatch::new_empty(Arc::new(Schema::empty()))),
        None => decode(&file.bytes(0..file.length())?),
        Some(wanted) => rows::read(&file, wanted),
    }
}

/// A file that takes no more than so much at once: a host has no room for a column of hundreds of megabytes beside the step's own.
struct Pieces(File);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let piece = &bytes[..bytes.len().min(WRITE_BYTES)];
        look_at_all_pages(piece);
        self.0.write(piece)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// Has all of it be there. What a step hands on of its input nobody may have looked at yet, and Linux, which copies a piece by the
/// megabyte, starts over at each page that it finds missing: it first blanks what it has not come to.
fn look_at_all_pages(bytes: &[u8]) {
    for page in bytes.chunks(PAGE_BYTES) {
        std::hint::black_box(page[0]);
    }
}

pub(crate) fn invalid(what: &str) -> Error {
    ArrowError::IpcError(what.to_owned()).into()
}

/// The bytes of a file that are its footer. `bytes` gives any of the file's, of which there are so many.
pub(crate) fn footer(length: u64, bytes: impl Fn(Range<u64>) -> Result<Buffer>) -> Result<Buffer> {
    let too_short = || invalid("the file is too short");
    let end = length.checked_sub(TRAILER_BYTES as u64).ok_or_else(too_short)?;
    let trailer = bytes(end..length)?;
    let trailer = trailer.first_chunk::<TRAILER_BYTES>().ok_or_else(too_short)?;
    let start = end.checked_sub(read_footer_length(*trailer)? as u64);
    bytes(start.ok_or_else(|| invalid("the footer is too long"))?..end)
}

/// The schema that a footer tells.
pub(crate) fn schema(footer: &Footer<'_>) -> Result<SchemaRef> {
    let schema = footer.schema().ok_or_else(|| invalid("there is no schema"))?;
    Ok(Arc::new(fb_to_schema(schema)))
}

fn decode(file: &Buffer) -> Result<RecordBatch> {
    let bytes = |wanted: Range<u64>| {
        let (start, end) = (wanted.start as usize, wanted.end as usize);
        Ok(file.slice_with_length(start, end - start))
    };
    let footer = footer(file.len() as u64, bytes)?;
    let footer = root_as_footer(&footer).map_err(|error| invalid(&error.to_string()))?;
    let schema = schema(&footer)?;
    let mut decoder = input::decoder(Arc::clone(&schema), footer.version());
    let slice = |block: &Block| -> Result<Buffer> {
        let start = usize::try_from(block.offset()).ok();
        let length = usize::try_from(i64::from(block.metaDataLength()) + block.bodyLength()).ok();
        match (start, length) {
            (Some(start), Some(length)) if start.checked_add(length).is_some_and(|end| end <= file.len()) => {
                Ok(file.slice_with_length(start, length))
            }
            _ => Err(invalid("a block is outside of the file")),
        }
    };
    for block in footer.dictionaries().iter().flatten() {
        decoder.read_dictionary(block, &slice(block)?)?;
    }
    let mut batches = Vec::new();
    for block in footer.recordBatches().iter().flatten() {
        batches.extend(decoder.read_record_batch(block, &slice(block)?)?);
    }
    match batches.len() {
        1 => Ok(batches.remove(0)),
        _ => Ok(concat_batches(&schema, &batches)?),
    }
}

/// Writes a table. One without columns is an empty file, which is what the host takes for none.
pub(crate) fn write(table: Option<&RecordBatch>, path: &Path) -> Result<()> {
    let file = File::create(path).map_err(|error| named(path, error))?;
    let mut file = BufWriter::with_capacity(WRITE_BYTES, Pieces(file));
    if let Some(table) = table.filter(|table| table.num_columns() > 0) {
        let options = IpcWriteOptions::try_new(64, false, MetadataVersion::V5)?;
        // Schema metadata is the file's, not a column's: a step has no say in it.
        let schema = Schema::new(table.schema().fields().clone());
        let mut writer = FileWriter::try_new_with_options(&mut file, &schema, options)?;
        writer.write(table)?;
        writer.finish()?;
    }
    file.flush().map_err(|error| named(path, error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{number, table, text};

    #[test]
    fn a_table_comes_back_as_it_went() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.arrow");
        let original = table([text("a", [Some("x"), None]), number("b", [Some(1.5), None])]);
        write(Some(&original), &path).unwrap();
        assert_eq!(read(&path, None).unwrap(), original);
        write(None, &path).unwrap();
        assert_eq!(read(&path, None).unwrap().num_columns(), 0);
    }

    #[test]
    fn several_batches_are_one() {
        let batch = table([text("a", [Some("x"), Some("y")])]);
        let mut bytes = Vec::new();
        let mut writer = FileWriter::try_new(&mut bytes, &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        drop(writer);
        assert_eq!(decode(&Buffer::from_vec(bytes)).unwrap().num_rows(), 4);
    }

    #[test]
    fn a_file_that_is_no_table_is_an_error_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.arrow");
        std::fs::write(&path, "no table at all").unwrap();
        read(&path, None).unwrap_err();
        assert!(read(Path::new("/nowhere.arrow"), None).unwrap_err().to_string().contains("/nowhere.arrow"));
    }
}
