//! Which rows match which.

use arrow::array::{Array, ArrayRef, UInt32Array, UInt32Builder};
use arrow::error::ArrowError;
use crunchbox_sdk::numbers::{Nulls, Numbers, distinct};

use crate::params::Join;

/// The rows of the result: for each the left and the right row that it is made of, where there is one.
pub(crate) struct Matches {
    pub(crate) left: UInt32Array,
    pub(crate) right: UInt32Array,
}

impl Matches {
    /// Finds the rows that have the same keys. In `keys`, the first `left_rows` are the left table's.
    pub(crate) fn find(keys: &[ArrayRef], left_rows: usize, join: Join) -> Result<Matches, ArrowError> {
        let Numbers { of_row, firsts, .. } = distinct(keys, Nulls::Alike)?;
        let (left, right) = of_row.split_at(left_rows);
        Ok(match join {
            Join::Left | Join::Inner => {
                let (rows, found) = pairs(left, &Places::new(right, firsts.len()), join == Join::Left);
                Matches { left: rows, right: found }
            }
            Join::Right => {
                let (rows, found) = pairs(right, &Places::new(left, firsts.len()), true);
                Matches { left: found, right: rows }
            }
        })
    }

    /// Whether the left rows are all that there are, each once and in their order.
    pub(crate) fn left_as_it_was(&self, rows: usize) -> bool {
        self.left.len() == rows
            && self.left.null_count() == 0
            && self.left.values().iter().zip(0..).all(|(row, place)| *row == place)
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
fn pairs(keys: &[u32], others: &Places, all: bool) -> (UInt32Array, UInt32Array) {
    let mut rows = Vec::with_capacity(keys.len());
    let mut found = UInt32Builder::with_capacity(keys.len());
    for (row, key) in (0..).zip(keys) {
        match others.of(*key) {
            [] if all => {
                rows.push(row);
                found.append_null();
            }
            [only] => {
                rows.push(row);
                found.append_value(*only);
            }
            matches => {
                rows.extend(std::iter::repeat_n(row, matches.len()));
                found.append_slice(matches);
            }
        }
    }
    (UInt32Array::from(rows), found.finish())
}
