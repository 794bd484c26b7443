//! Some rows of a record batch, without a look at the others.
//!
//! A table may be one large batch, of which each part is read by somebody else: the values of a part are checked once, and
//! not with each of them.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayData, ArrayRef, RecordBatch, make_array};
use arrow::buffer::{BooleanBuffer, Buffer};
use arrow::datatypes::{ArrowNativeType, DataType, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc;

use crate::source::batch_of;

/// Reads the rows of a batch whose header has been checked; `None` if a column is not flat, or compressed: that is left to
/// Arrow's decoder.
///
/// * `schema`: all columns that the batch has. `columns`: the places of those that are wanted, and `projected`: their schema.
pub(super) fn read(
    header: ipc::RecordBatch<'_>,
    body: &Buffer,
    schema: &SchemaRef,
    columns: Option<&[usize]>,
    projected: &SchemaRef,
    rows: &Range<usize>,
) -> Option<Result<RecordBatch, ArrowError>> {
    let is_flat = |field: &Arc<arrow::datatypes::Field>| buffers_of(field.data_type()).is_some();
    if header.compression().is_some() || !schema.fields().iter().all(is_flat) {
        return None;
    }
    let mut nodes = header.nodes()?.iter();
    let mut buffers = header.buffers()?.iter();
    let mut arrays = Vec::with_capacity(projected.fields().len());
    for (index, field) in schema.fields().iter().enumerate() {
        let node = nodes.next()?;
        let column: Vec<_> = buffers.by_ref().take(buffers_of(field.data_type())?).collect();
        if columns.is_none_or(|columns| columns.contains(&index)) {
            let parts = column.iter().map(|buffer| part(body, buffer.offset(), buffer.length()));
            match array(field.data_type(), node.null_count() > 0, parts.collect::<Option<Vec<_>>>()?, rows) {
                Ok(array) => arrays.push(array),
                Err(error) => return Some(Err(error)),
            }
        }
    }
    Some(batch_of(projected.clone(), arrays, rows.len()))
}

/// How many buffers a flat column has.
fn buffers_of(data_type: &DataType) -> Option<usize> {
    match data_type {
        DataType::Null => Some(0),
        DataType::Boolean | DataType::FixedSizeBinary(_) => Some(2),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Binary | DataType::LargeBinary => Some(3),
        other => other.primitive_width().map(|_| 2),
    }
}

fn part(of: &Buffer, start: i64, length: i64) -> Option<Buffer> {
    let (start, length) = (usize::try_from(start).ok()?, usize::try_from(length).ok()?);
    (start.checked_add(length)? <= of.len()).then(|| of.slice_with_length(start, length))
}

fn too_short() -> ArrowError {
    ArrowError::IpcError("a buffer is too short for the batch's rows".to_owned())
}

fn array(
    data_type: &DataType,
    has_nulls: bool,
    buffers: Vec<Buffer>,
    rows: &Range<usize>,
) -> Result<ArrayRef, ArrowError> {
    let mut data = ArrayData::builder(data_type.clone()).len(rows.len());
    let fixed = |width: usize| {
        let (start, length) = (rows.start.checked_mul(width), rows.len().checked_mul(width));
        let (start, length) = start.zip(length).ok_or_else(too_short)?;
        part(&buffers[1], start as i64, length as i64).ok_or_else(too_short)
    };
    match data_type {
        DataType::Null => {}
        DataType::Boolean => data = data.add_buffer(bits(&buffers[1], rows)?),
        DataType::Utf8 | DataType::Binary => data = text::<i32>(data, &buffers, rows)?,
        DataType::LargeUtf8 | DataType::LargeBinary => data = text::<i64>(data, &buffers, rows)?,
        DataType::FixedSizeBinary(width) => {
            data = data.add_buffer(fixed(usize::try_from(*width).unwrap_or(0))?)
        }
        other => data = data.add_buffer(fixed(other.primitive_width().unwrap_or(0))?),
    }
    if has_nulls && let Some(validity) = buffers.first() {
        data = data.null_bit_buffer(Some(bits(validity, rows)?));
    }
    Ok(make_array(data.align_buffers(true).build()?))
}

fn bits(buffer: &Buffer, rows: &Range<usize>) -> Result<Buffer, ArrowError> {
    if buffer.len() < rows.end.div_ceil(8) {
        return Err(too_short());
    }
    Ok(BooleanBuffer::new(buffer.clone(), rows.start, rows.len()).sliced())
}

/// Offsets that begin at nothing, and the text that they lead to.
fn text<T: ArrowNativeType>(
    data: arrow::array::ArrayDataBuilder,
    buffers: &[Buffer],
    rows: &Range<usize>,
) -> Result<arrow::array::ArrayDataBuilder, ArrowError> {
    if rows.is_empty() {
        return Ok(data.add_buffer(Buffer::from_vec(vec![T::default()])).add_buffer(Buffer::default()));
    }
    let width = size_of::<T>();
    let bytes = buffers[1].get(rows.start * width..(rows.end + 1) * width).ok_or_else(too_short)?;
    let offset = |bytes: &[u8]| {
        let mut wide = [0; 8];
        wide[..width].copy_from_slice(bytes);
        u64::from_le_bytes(wide)
    };
    let first = offset(&bytes[..width]);
    let mut last = first;
    let mut offsets = Vec::with_capacity(rows.len() + 1);
    for bytes in bytes.chunks_exact(width) {
        let next = offset(bytes);
        let length =
            next.checked_sub(last).map(|_| next - first).and_then(|length| T::from_usize(length as usize));
        let Some(length) = length else {
            let what = format!("offsets go from {last} back to {next}, or too far");
            return Err(ArrowError::InvalidArgumentError(what));
        };
        offsets.push(length);
        last = next;
    }
    let values = part(&buffers[2], first as i64, (last - first) as i64);
    let values =
        values.ok_or_else(|| ArrowError::InvalidArgumentError(format!("offset {last} is past the text")))?;
    Ok(data.add_buffer(Buffer::from_vec(offsets)).add_buffer(values))
}
