//! Text that was decoded as views, written out by the thread that has just made them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ByteView, GenericByteArray, GenericByteViewArray, RecordBatch};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{BinaryType, ByteArrayType, ByteViewType, DataType, Utf8Type};
use arrow::error::ArrowError;

use super::retyped;
use crate::error::{Check, TableError};
use crate::pieces::plain_bytes;
use crate::source::BATCH_BYTES;

/// A text that is no longer stands in its view, behind its length.
const INLINE_BYTES: usize = 12;

/// The same rows with text and binary values written out, but for columns that would come to more than a batch should: those
/// stay views until the batch is cut.
pub(super) fn write_out(batch: &RecordBatch) -> Result<RecordBatch, TableError> {
    let mut columns = batch.columns().to_vec();
    for (field, column) in batch.schema_ref().fields().iter().zip(&mut columns) {
        let is_view = matches!(field.data_type(), DataType::Utf8View | DataType::BinaryView);
        if !is_view {
            continue;
        }
        let bytes = plain_bytes(column)?;
        if bytes > BATCH_BYTES as u64 {
            continue;
        }
        let written: Result<ArrayRef, ArrowError> = match field.data_type() {
            DataType::Utf8View => written::<_, Utf8Type>(column.as_string_view(), bytes as usize)
                .map(|array| Arc::new(array) as _),
            _ => written::<_, BinaryType>(column.as_binary_view(), bytes as usize)
                .map(|array| Arc::new(array) as _),
        };
        *column = written
            .map_err(|error| TableError::new(Check::Conversion, error.to_string()).in_column(field.name()))?;
    }
    retyped(batch.schema_ref(), columns, batch.num_rows())
}

/// The values one behind the other; no value takes no bytes. Arrow's own cast takes twice as long, as it copies each short one by a
/// call.
///
/// * `bytes`: what they come to, at the most.
fn written<V: ByteViewType, T: ByteArrayType<Offset = i32>>(
    views: &GenericByteViewArray<V>,
    bytes: usize,
) -> Result<GenericByteArray<T>, ArrowError> {
    // A short one is copied with what is behind it in its view, which the next one then covers.
    let mut text = vec![0; bytes + INLINE_BYTES];
    let mut offsets = vec![0; views.len() + 1];
    let mut end = 0;
    for (row, (view, offset)) in views.views().iter().zip(&mut offsets[1..]).enumerate() {
        let view = if views.is_valid(row) { *view } else { 0 };
        let length = view as u32 as usize;
        if length <= INLINE_BYTES {
            text[end..end + INLINE_BYTES].copy_from_slice(&(view >> u32::BITS).to_le_bytes()[..INLINE_BYTES]);
        } else {
            let view = ByteView::from(view);
            let value = &views.data_buffers()[view.buffer_index as usize][view.offset as usize..][..length];
            text[end..end + length].copy_from_slice(value);
        }
        end += length;
        *offset = end as i32;
    }
    text.truncate(end);
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    GenericByteArray::try_new(offsets, Buffer::from_vec(text), views.nulls().cloned())
}

#[cfg(test)]
mod tests {
    use arrow::array::{BinaryViewArray, StringViewArray};
    use arrow::compute::cast;
    use arrow::datatypes::{Field, Schema};
    use proptest::prelude::*;

    use super::*;

    fn batch(columns: Vec<ArrayRef>) -> RecordBatch {
        let field = |(place, array): (usize, &ArrayRef)| {
            Field::new(place.to_string(), array.data_type().clone(), true)
        };
        let fields: Vec<_> = columns.iter().enumerate().map(field).collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
    }

    proptest! {
        #[test]
        fn texts_are_written_as_arrow_would(
            values in prop::collection::vec(prop::option::of("[aß𝄞]{0,9}"), 0..40),
            from in 0usize..5,
        ) {
            let from = from.min(values.len());
            let texts: ArrayRef = Arc::new(values.iter().map(Option::as_deref).collect::<StringViewArray>());
            let bytes = values.iter().map(|value| value.as_ref().map(String::as_bytes));
            let bytes: ArrayRef = Arc::new(bytes.collect::<BinaryViewArray>());
            let batch = batch(vec![texts, bytes]).slice(from, values.len() - from);
            let written = write_out(&batch).unwrap();
            for (column, data_type) in [DataType::Utf8, DataType::Binary].iter().enumerate() {
                prop_assert_eq!(written.column(column), &cast(batch.column(column), data_type).unwrap());
            }
        }
    }

    #[test]
    fn what_comes_to_too_much_stays_as_it_is() {
        let long = "x".repeat(1 << 20);
        let mut texts = arrow::array::StringViewBuilder::new().with_deduplicate_strings();
        (0..64).for_each(|_| texts.append_value(&long));
        let batch = batch(vec![Arc::new(texts.finish()), Arc::new(StringViewArray::from(vec!["a"; 64]))]);
        let written = write_out(&batch).unwrap();
        assert_eq!(written.column(0).data_type(), &DataType::Utf8View);
        assert_eq!(written.column(1).data_type(), &DataType::Utf8);
    }
}
