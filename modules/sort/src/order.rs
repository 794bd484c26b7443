//! The order of rows by their keys.

use arrow::array::{Array, ArrayRef};
use arrow::error::ArrowError;
use crunchbox_sdk::order::{Encoded, comparable, ranks};

/// A column to sort by.
pub(crate) struct Key {
    values: ArrayRef,
    ascending: bool,
}

impl Key {
    pub(crate) fn new(column: &ArrayRef, ascending: bool) -> Result<Key, ArrowError> {
        Ok(Key { values: comparable(column)?, ascending })
    }
}

/// The rows in their new order: equal ones in their old one, rows without a value last.
pub(crate) fn sorted(keys: &[Key], rows: usize) -> Result<Vec<u32>, ArrowError> {
    let count = u32::try_from(rows).map_err(|_| ArrowError::ComputeError("more than 4 G rows".to_owned()))?;
    if let [key] = keys
        && let Some(ranks) = ranks(&key.values)?
    {
        let (mut valued, empty): (Vec<u32>, Vec<u32>) =
            (0..count).partition(|row| key.values.is_valid(*row as usize));
        let turn = if key.ascending { 0 } else { u64::MAX };
        // With the row behind the rank no two are equal, and the faster sort keeps the order too.
        let mut pairs: Vec<(u64, u32)> =
            valued.iter().map(|row| (ranks[*row as usize] ^ turn, *row)).collect();
        pairs.sort_unstable();
        valued.clear();
        valued.extend(pairs.iter().map(|pair| pair.1));
        valued.extend(empty);
        return Ok(valued);
    }
    let encoded = encode(keys)?;
    let mut order: Vec<u32> = (0..count).collect();
    order.sort_by(|a, b| encoded.row(*a).cmp(encoded.row(*b)));
    Ok(order)
}

/// All keys of each row as one.
pub(crate) fn encode(keys: &[Key]) -> Result<Encoded, ArrowError> {
    Encoded::new(keys.iter().map(|key| (&key.values, key.ascending)))
}

/// Whether a row has no value for one of the keys.
pub(crate) fn is_incomplete(keys: &[Key], row: u32) -> bool {
    keys.iter().any(|key| key.values.is_null(row as usize))
}
