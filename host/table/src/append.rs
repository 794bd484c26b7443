//! Putting the record batches of one Arrow file behind those of another.

use std::fs::File;

use arrow::buffer::Buffer;
use arrow::ipc::Block;

use crate::error::{Check, TableError, guarded};
use crate::ipc::{Bodies, IpcFile};
use crate::sink::arrow_options;
use crate::wide::{ALIGNMENT, Frame, end, write_at};
use crunchbox_protocol::TableLimits;

/// Adds the record batches of `table` to those of `to`, byte for byte, without looking at their values.
///
/// * `table`: a file that [`crate::validate`] has found good.
/// * `before`: what is in `to`; nothing, or what this made. It is only looked at before `to` is changed.
///
/// # Errors
/// [`TableError`] if the columns are not the same, or are of a kind that can't be put together: those of a dictionary,
/// as a file has one of each. `to` is of no use then.
pub fn append(table: &Buffer, before: Buffer, to: &File, limits: &TableLimits) -> Result<(), TableError> {
    guarded(|| {
        let table_file = IpcFile::open(table.clone(), limits, Bodies::Uncompressed)?;
        if table_file.has_dictionaries() {
            let what = "a column is dictionary-encoded, of which parts can't be put together; write its values plainly";
            return Err(TableError::new(Check::ArrowDictionary, what));
        }
        if !table_file.is_of_our_version() {
            let what = "the file is of an older version of Arrow's format; parts are to be of version 5";
            return Err(TableError::new(Check::ArrowMessage, what));
        }
        let schema = table_file.schema();
        let mut frame = if before.is_empty() {
            Frame::begin(to, schema, &arrow_options()?)?
        } else {
            let file = IpcFile::open(before, limits, Bodies::Uncompressed)?;
            if file.schema() != schema {
                let what = "the columns are not those of the rows before: a step that works by rows gives all rows the same";
                return Err(TableError::new(Check::ArrowSchema, what));
            }
            // A table without rows has no blocks, and may as well begin anew.
            match file.blocks().iter().map(end).max() {
                Some(end) => Frame::resume(schema, file.blocks(), end),
                None => Frame::begin(to, schema, &arrow_options()?)?,
            }
        };
        for block in table_file.blocks() {
            // That they lie within the file has been checked.
            let place = block.offset() as usize..end(block) as usize;
            // Buffers stay aligned as they were.
            let at = frame.end().next_multiple_of(ALIGNMENT) + block.offset() as u64 % ALIGNMENT;
            write_at(to, &table[place], at)?;
            frame.add(Block::new(at as i64, block.metaDataLength(), block.bodyLength()));
        }
        frame.finish(to)
    })
}
