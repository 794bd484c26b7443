//! Cutting record batches so that undoing dictionaries and the like takes bounded memory.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, downcast_run_array};
use arrow::compute::kernels::length::length;
use arrow::datatypes::{BinaryViewType, ByteViewType, DataType, Int64Type, StringViewType};

use crate::error::{Check, TableError, guarded};
use crate::source::{BATCH_BYTES, Dictionaries};

/// Batches whose text, written out plainly, is a few megabytes each and in all no more than allowed.
///
/// A dictionary, a run or a view may stand for a long value many times: a small file can unfold to terabytes.
pub(crate) struct Pieces<I> {
    batches: I,
    /// Slices still to be handed on, the next one last.
    pending: Vec<RecordBatch>,
    bytes: u64,
    max_bytes: u64,
    dictionaries: Dictionaries,
}

impl<I> Pieces<I> {
    /// * `max_bytes`: text of all batches, in bytes.
    /// * `dictionaries`: nothing is written out of those that grow.
    pub(crate) fn new(batches: I, max_bytes: u64, dictionaries: Dictionaries) -> Self {
        Pieces { batches, pending: Vec::new(), bytes: 0, max_bytes, dictionaries }
    }
}

impl<I: Iterator<Item = Result<RecordBatch, TableError>>> Pieces<I> {
    fn next_piece(&mut self) -> Result<Option<RecordBatch>, TableError> {
        loop {
            let batch = match self.pending.pop() {
                Some(batch) => batch,
                None => match self.batches.next().transpose()? {
                    Some(batch) => batch,
                    None => return Ok(None),
                },
            };
            let mut bytes = 0u64;
            for array in batch.columns() {
                if self.dictionaries == Dictionaries::Growing
                    && matches!(array.data_type(), DataType::Dictionary(..))
                {
                    continue;
                }
                bytes = bytes.saturating_add(plain_bytes(array)?);
            }
            let rows = batch.num_rows();
            if bytes > BATCH_BYTES as u64 && rows > 1 {
                let half = rows / 2;
                self.pending.push(batch.slice(half, rows - half));
                self.pending.push(batch.slice(0, half));
                continue;
            }
            self.bytes = self.bytes.saturating_add(bytes);
            if self.bytes > self.max_bytes {
                let what = "bytes of decoded text or more";
                return Err(TableError::over(Check::MaxDecodedBytes, what, self.bytes, self.max_bytes));
            }
            return Ok(Some(batch));
        }
    }
}

impl<I: Iterator<Item = Result<RecordBatch, TableError>>> Iterator for Pieces<I> {
    type Item = Result<RecordBatch, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        guarded(|| self.next_piece()).transpose()
    }
}

/// Bytes of text that an array holds, or would hold with its values written out; 0 for any other array.
pub(crate) fn plain_bytes(array: &ArrayRef) -> Result<u64, TableError> {
    match array.data_type() {
        DataType::Utf8 => Ok(text_bytes(array.as_string::<i32>().value_offsets())),
        DataType::Binary => Ok(text_bytes(array.as_binary::<i32>().value_offsets())),
        DataType::Utf8View => Ok(view_bytes::<StringViewType>(array)),
        DataType::BinaryView => Ok(view_bytes::<BinaryViewType>(array)),
        DataType::Dictionary(_, values) if is_text(values) => {
            let dictionary = array.as_any_dictionary();
            let lengths = lengths(dictionary.values())?;
            if lengths.is_empty() {
                return Ok(0);
            }
            let keys = dictionary.normalized_keys();
            Ok((0..array.len()).filter(|row| array.is_valid(*row)).map(|row| lengths[keys[row]]).sum())
        }
        DataType::RunEndEncoded(_, values) if is_text(values.data_type()) => {
            let array: &dyn Array = array.as_ref();
            downcast_run_array!(
                array => {
                    let lengths = lengths(array.values())?;
                    Ok((0..array.len()).map(|row| lengths[array.get_physical_index(row)]).sum())
                }
                _ => Ok(0)
            )
        }
        _ => Ok(0),
    }
}

fn text_bytes(offsets: &[i32]) -> u64 {
    match offsets {
        [first, .., last] => u64::try_from(last - first).unwrap_or(0),
        _ => 0,
    }
}

fn is_text(data_type: &DataType) -> bool {
    data_type.is_string() || data_type.is_binary()
}

fn view_bytes<T: ByteViewType>(array: &ArrayRef) -> u64 {
    array.as_byte_view::<T>().views().iter().map(|view| u64::from(*view as u32)).sum()
}

/// The length of each value, 0 for null.
fn lengths(values: &ArrayRef) -> Result<Vec<u64>, TableError> {
    let lengths = length(values.as_ref())
        .and_then(|lengths| arrow::compute::cast(&lengths, &DataType::Int64))
        .map_err(|error| TableError::new(Check::Conversion, error.to_string()))?;
    Ok(lengths.as_primitive::<Int64Type>().iter().map(|length| length.unwrap_or(0) as u64).collect())
}
