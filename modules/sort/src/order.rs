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
        let (valued, empty): (Vec<u32>, Vec<u32>) =
            (0..count).partition(|row| key.values.is_valid(*row as usize));
        let turn = if key.ascending { 0 } else { u64::MAX };
        let pairs = valued.iter().map(|row| (ranks[*row as usize] ^ turn, *row)).collect();
        drop(ranks);
        return Ok(by_rank(pairs).into_iter().map(|(_, row)| row).chain(empty).collect());
    }
    let encoded = encode(keys)?;
    let mut order: Vec<u32> = (0..count).collect();
    order.sort_by(|a, b| encoded.row(*a).cmp(encoded.row(*b)));
    Ok(order)
}

/// Pairs in the order of their ranks, equal ones in their old one: by one byte after the other, the last one first.
fn by_rank(mut pairs: Vec<(u64, u32)>) -> Vec<(u64, u32)> {
    let mut counts = [[0_u32; 256]; 8];
    for (rank, _) in &pairs {
        for (byte, counts) in rank.to_le_bytes().into_iter().zip(&mut counts) {
            counts[usize::from(byte)] += 1;
        }
    }
    let mut sorted = vec![(0, 0); pairs.len()];
    for (place, counts) in counts.iter().enumerate() {
        if counts.iter().any(|count| *count as usize == pairs.len()) {
            continue;
        }
        let mut next = [0; 256];
        for byte in 1..next.len() {
            next[byte] = next[byte - 1] + counts[byte - 1];
        }
        for pair in &pairs {
            let next = &mut next[usize::from(pair.0.to_le_bytes()[place])];
            sorted[*next as usize] = *pair;
            *next += 1;
        }
        std::mem::swap(&mut pairs, &mut sorted);
    }
    pairs
}

/// All keys of each row as one.
pub(crate) fn encode(keys: &[Key]) -> Result<Encoded, ArrowError> {
    Encoded::new(keys.iter().map(|key| (&key.values, key.ascending)))
}

/// Whether a row has no value for one of the keys.
pub(crate) fn is_incomplete(keys: &[Key], row: u32) -> bool {
    keys.iter().any(|key| key.values.is_null(row as usize))
}
