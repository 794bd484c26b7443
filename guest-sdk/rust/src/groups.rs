//! Which row is in which group, for steps that group, join or pivot.

use std::hash::BuildHasher;

use arrow::array::{Array, ArrayRef};
use arrow::error::ArrowError;
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::order::{Encoded, comparable};

/// The group of a row that belongs to none.
const NONE: u32 = u32::MAX;

/// The rows by group; the groups are in the order of their keys.
pub struct Groups {
    /// For each row its group.
    of_row: Vec<u32>,
    first_rows: Vec<u32>,
    count: usize,
}

impl Groups {
    /// Finds the groups that these columns make. Rows without a value in one of them belong to none. No columns make
    /// one group of all rows.
    ///
    /// # Errors
    /// If a column is of a type that has no order.
    pub fn find(keys: &[ArrayRef], rows: usize) -> Result<Groups, ArrowError> {
        if keys.is_empty() {
            return Ok(Groups { of_row: vec![0; rows], first_rows: Vec::new(), count: 1 });
        }
        Groups::find_where(keys, rows, |row| keys.iter().all(|key| key.is_valid(row as usize)))
    }

    /// The same, but that no value is a value too, behind all others.
    ///
    /// # Errors
    /// As [`Groups::find`].
    pub fn find_with_nulls(keys: &[ArrayRef], rows: usize) -> Result<Groups, ArrowError> {
        Groups::find_where(keys, rows, |_| true)
    }

    fn find_where(
        keys: &[ArrayRef],
        rows: usize,
        counts: impl Fn(u32) -> bool,
    ) -> Result<Groups, ArrowError> {
        let keys: Vec<ArrayRef> = keys.iter().map(comparable).collect::<Result<_, _>>()?;
        let encoded = Encoded::new(keys.iter().map(|key| (key, true)))?;
        let (mut of_row, firsts) = distinct(&encoded, rows, counts);
        // Groups were numbered as they came; they are to be in order.
        let mut order: Vec<u32> = (0..firsts.len() as u32).collect();
        order.sort_unstable_by(|a, b| encoded.row(firsts[*a as usize]).cmp(encoded.row(firsts[*b as usize])));
        let mut place = vec![0; order.len()];
        for (index, group) in order.iter().enumerate() {
            place[*group as usize] = index as u32;
        }
        for group in of_row.iter_mut().filter(|group| **group != NONE) {
            *group = place[*group as usize];
        }
        let first_rows: Vec<u32> = order.iter().map(|group| firsts[*group as usize]).collect();
        Ok(Groups { of_row, count: first_rows.len(), first_rows })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The first row of each; none without keys.
    pub fn first_rows(&self) -> impl Iterator<Item = u32> {
        self.first_rows.iter().copied()
    }

    /// Every row that is in a group and has a value in `column`, with its group.
    pub fn valued<'a>(&'a self, column: &'a dyn Array) -> impl Iterator<Item = (usize, usize)> + 'a {
        self.rows().filter(|(row, _)| column.is_valid(*row))
    }

    /// Every row that is in a group, with its group.
    pub fn rows(&self) -> impl Iterator<Item = (usize, usize)> {
        let grouped = self.of_row.iter().enumerate().filter(|(_, group)| **group != NONE);
        grouped.map(|(row, group)| (row, *group as usize))
    }
}

/// Numbers the different rows as they come: for each row its number, and for each number its first row. Rows that
/// don't count have `u32::MAX` for a number.
pub fn distinct(encoded: &Encoded, rows: usize, counts: impl Fn(u32) -> bool) -> (Vec<u32>, Vec<u32>) {
    // The same hashes in every run: nobody outside can choose keys against a step that lives for one table.
    let hasher = FixedState::default();
    let mut known: HashTable<u32> = HashTable::new();
    let mut firsts: Vec<u32> = Vec::new();
    let numbers = (0..rows as u32)
        .map(|row| {
            if !counts(row) {
                return NONE;
            }
            let bytes = encoded.row(row);
            let entry = known.entry(
                hasher.hash_one(bytes),
                |number| encoded.row(firsts[*number as usize]) == bytes,
                |number| hasher.hash_one(encoded.row(firsts[*number as usize])),
            );
            let number = *entry.or_insert(firsts.len() as u32).get();
            if number as usize == firsts.len() {
                firsts.push(row);
            }
            number
        })
        .collect();
    (numbers, firsts)
}
