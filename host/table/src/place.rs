//! Putting the tables of parts behind each other in one Arrow file, without touching their rows.

use std::fs::File;

use arrow::buffer::Buffer;
use arrow::ipc::Block;
use crunchbox_protocol::{Place, TableLimits};

use crate::error::{Check, TableError, guarded};
use crate::ipc::{Bodies, IpcFile};
use crate::sink::arrow_options;
use crate::wide::{ALIGNMENT, Frame, end};

/// Makes room for the record batches of `table` behind those that `frame` has room for, and tells where: the bytes there are to be
/// `table`'s own. All that `frame` itself holds is the schema, and a footer that knows of all batches.
///
/// * `table`: a file that [`crate::validate`] has found good.
/// * `before`: what is in `frame`; nothing, or what this made. It is only looked at before `frame` is changed.
///
/// # Errors
/// [`TableError`] if the columns are not the same, or are of a kind that can't be put together: those of a dictionary,
/// as a file has one of each. `frame` is of no use then.
pub fn place(
    table: &Buffer,
    before: Buffer,
    frame: &File,
    limits: &TableLimits,
) -> Result<Place, TableError> {
    guarded(|| {
        let table = IpcFile::open(table.clone(), limits, Bodies::Uncompressed)?;
        without_dictionaries(&table)?;
        if !table.is_of_our_version() {
            let what = "the file is of an older version of Arrow's format; parts are to be of version 5";
            return Err(TableError::new(Check::ArrowMessage, what));
        }
        let schema = table.schema();
        let mut all = if before.is_empty() {
            Frame::begin(frame, schema, &arrow_options()?)?
        } else {
            let file = IpcFile::open(before, limits, Bodies::Uncompressed)?;
            if file.schema() != schema {
                let what = "the columns are not those of the rows before: a step that works by rows gives all rows the same";
                return Err(TableError::new(Check::ArrowSchema, what));
            }
            // A table without rows has no blocks, and may as well begin anew.
            match file.blocks().iter().map(end).max() {
                Some(end) => Frame::resume(schema, file.blocks(), end),
                None => Frame::begin(frame, schema, &arrow_options()?)?,
            }
        };
        // That blocks lie within the file has been checked.
        let start = table.blocks().iter().map(|block| block.offset() as u64).min();
        let place = match (start, table.blocks().iter().map(end).max()) {
            (Some(start), Some(end)) => {
                // Buffers stay aligned as they were.
                let at = all.end().next_multiple_of(ALIGNMENT) + start % ALIGNMENT;
                Place { start, bytes: end - start, at }
            }
            _ => Place { start: 0, bytes: 0, at: all.end() },
        };
        for block in table.blocks() {
            let at = place.at + (block.offset() as u64 - place.start);
            all.add(Block::new(at as i64, block.metaDataLength(), block.bodyLength()));
        }
        all.finish(frame)?;
        Ok(place)
    })
}

/// Refuses a part with dictionaries: each has one of its own, and the table of all is to have the same as if it were made at once.
pub(crate) fn without_dictionaries(part: &IpcFile) -> Result<(), TableError> {
    if part.has_dictionaries() {
        let what =
            "a column is dictionary-encoded, of which parts can't be put together; write its values plainly";
        return Err(TableError::new(Check::ArrowDictionary, what));
    }
    Ok(())
}
