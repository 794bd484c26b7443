//! Which rows match which.

use arrow::array::{ArrayRef, UInt32Array};
use arrow::error::ArrowError;
use crunchbox_sdk::groups::distinct;
use crunchbox_sdk::order::{Encoded, comparable};

use crate::params::Join;

/// The rows of the result: for each the left and the right row that it is made of, where there is one.
pub(crate) struct Matches {
    pub(crate) left: UInt32Array,
    pub(crate) right: UInt32Array,
}

impl Matches {
    /// Finds the rows that have the same keys. In `keys`, the first `left_rows` are the left table's.
    pub(crate) fn find(keys: &[ArrayRef], left_rows: usize, join: Join) -> Result<Matches, ArrowError> {
        let keys: Vec<ArrayRef> = keys.iter().map(comparable).collect::<Result<_, _>>()?;
        let encoded = Encoded::new(keys.iter().map(|key| (key, true)))?;
        let rows = keys.first().map_or(0, |key| key.len());
        let (numbers, firsts) = distinct(&encoded, rows, |_| true);
        let (left, right) = numbers.split_at(left_rows);
        Ok(match join {
            Join::Left | Join::Inner => {
                let (rows, found) = pairs(left, &Places::new(right, firsts.len()), join == Join::Left);
                Matches { left: UInt32Array::from(rows), right: UInt32Array::from(found) }
            }
            Join::Right => {
                let (rows, found) = pairs(right, &Places::new(left, firsts.len()), true);
                Matches { left: UInt32Array::from(found), right: UInt32Array::from(rows) }
            }
        })
    }

    /// Where in the keys of both tables the right rows are.
    pub(crate) fn right_in_keys(&self, left_rows: usize) -> UInt32Array {
        self.right.unary(|row| row + left_rows as u32)
    }
}

/// The rows that each key is in.
struct Places {
    /// Where each key's rows begin, and at last where they all end.
    starts: Vec<usize>,
    rows: Vec<u32>,
}

impl Places {
    fn new(keys: &[u32], count: usize) -> Places {
        let mut starts = vec![0; count + 1];
        keys.iter().for_each(|key| starts[*key as usize + 1] += 1);
        for key in 0..count {
            starts[key + 1] += starts[key];
        }
        let mut next = starts.clone();
        let mut rows = vec![0; keys.len()];
        for (row, key) in (0..).zip(keys) {
            rows[next[*key as usize]] = row;
            next[*key as usize] += 1;
        }
        Places { starts, rows }
    }

    fn of(&self, key: u32) -> &[u32] {
        &self.rows[self.starts[key as usize]..self.starts[key as usize + 1]]
    }
}

/// Each row, as often as it has matches, and its matches; with `all`, rows without one too.
fn pairs(keys: &[u32], others: &Places, all: bool) -> (Vec<u32>, Vec<Option<u32>>) {
    let mut rows = Vec::with_capacity(keys.len());
    let mut found = Vec::with_capacity(keys.len());
    for (row, key) in (0..).zip(keys) {
        let matches = others.of(*key);
        rows.extend(std::iter::repeat_n(row, matches.len()));
        found.extend(matches.iter().copied().map(Some));
        if matches.is_empty() && all {
            rows.push(row);
            found.push(None);
        }
    }
    (rows, found)
}
