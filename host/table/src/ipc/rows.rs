//! Some rows of a record batch, without a look at the others.
//!
//! A table may be one large batch, of which each part is read by somebody else: the values of a part are checked once, and
//! not with each of them.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayData, ArrayRef, GenericByteArray, RecordBatch, make_array, new_empty_array};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{
    ArrowNativeType, BinaryType, ByteArrayType, DataType, LargeBinaryType, LargeUtf8Type, SchemaRef, Utf8Type,
};
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
    if header.compression().is_some() || !schema.fields().iter().all(|field| is_flat(field.data_type())) {
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

/// Whether the place of each value of a column tells where it is in the column's buffers.
pub(super) fn is_flat(data_type: &DataType) -> bool {
    buffers_of(data_type).is_some()
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
    let validity = buffers.first().filter(|_| has_nulls);
    let validity = validity.map(|validity| bits(validity, rows)).transpose()?;
    let mut data = ArrayData::builder(data_type.clone()).len(rows.len());
    let fixed = |width: usize| {
        let (start, length) = (rows.start.checked_mul(width), rows.len().checked_mul(width));
        let (start, length) = start.zip(length).ok_or_else(too_short)?;
        part(&buffers[1], start as i64, length as i64).ok_or_else(too_short)
    };
    match data_type {
        DataType::Null => {}
        DataType::Boolean => data = data.add_buffer(bits(&buffers[1], rows)?),
        DataType::Utf8 => return text::<Utf8Type, 4>(validity, &buffers, rows, i32::from_le_bytes),
        DataType::Binary => return text::<BinaryType, 4>(validity, &buffers, rows, i32::from_le_bytes),
        DataType::LargeUtf8 => {
            return text::<LargeUtf8Type, 8>(validity, &buffers, rows, i64::from_le_bytes);
        }
        DataType::LargeBinary => {
            return text::<LargeBinaryType, 8>(validity, &buffers, rows, i64::from_le_bytes);
        }
        DataType::FixedSizeBinary(width) => {
            data = data.add_buffer(fixed(usize::try_from(*width).unwrap_or(0))?)
        }
        other => data = data.add_buffer(fixed(other.primitive_width().unwrap_or(0))?),
    }
    Ok(make_array(data.null_bit_buffer(validity).align_buffers(true).build()?))
}

fn bits(buffer: &Buffer, rows: &Range<usize>) -> Result<Buffer, ArrowError> {
    if buffer.len() < rows.end.div_ceil(8) {
        return Err(too_short());
    }
    Ok(BooleanBuffer::new(buffer.clone(), rows.start, rows.len()).sliced())
}

/// Text, or bytes, whose offsets begin at nothing.
///
/// * `read`: makes a number of its bytes.
fn text<T: ByteArrayType, const WIDTH: usize>(
    validity: Option<Buffer>,
    buffers: &[Buffer],
    rows: &Range<usize>,
    read: impl Fn([u8; WIDTH]) -> T::Offset,
) -> Result<ArrayRef, ArrowError> {
    if rows.is_empty() {
        return Ok(new_empty_array(&T::DATA_TYPE));
    }
    let places = buffers[1].get(rows.start * WIDTH..(rows.end + 1) * WIDTH).ok_or_else(too_short)?;
    // Whatever their alignment is.
    let (places, _) = places.as_chunks::<WIDTH>();
    let (Some(first), Some(last)) = (places.first(), places.last()) else { return Err(too_short()) };
    let (first, last) = (read(*first), read(*last));
    // To the end in any case: so many are compared at a time.
    let rises = |rises, pair: &[[u8; WIDTH]]| rises & (read(pair[0]) <= read(pair[1]));
    if first < T::Offset::default() || !places.windows(2).fold(true, rises) {
        let place = places.windows(2).position(|pair| read(pair[0]) > read(pair[1]));
        let row = rows.start + place.unwrap_or_default();
        let what = format!("the offsets of row {row} are below zero, or the second is before the first");
        return Err(ArrowError::InvalidArgumentError(what));
    }
    let offsets: Vec<T::Offset> = places.iter().map(|place| read(*place) - first).collect();
    let text = part(&buffers[2], first.as_usize() as i64, (last - first).as_usize() as i64);
    let text = text.ok_or_else(|| {
        ArrowError::InvalidArgumentError(format!("offset {} is past the text", last.as_usize()))
    })?;
    let nulls = validity.map(|bits| NullBuffer::new(BooleanBuffer::new(bits, 0, rows.len())));
    // Quicker than the one loop that `ArrayData` has for all of it.
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    Ok(Arc::new(GenericByteArray::<T>::try_new(offsets, text, nulls)?))
}
