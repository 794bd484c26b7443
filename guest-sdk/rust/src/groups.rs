//! Which row is in which group, for steps that group, join or pivot.

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, BinaryArray, PrimitiveArray, UInt32Array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::take;
use arrow::error::ArrowError;

use crate::numbers::{NONE, Nulls, Numbers, distinct, distinct_among, number_pairs};
use crate::order::{Encoded, comparable};

/// The rows by group; the groups are in the order of their keys.
pub struct Groups {
    /// For each row the number of its group, which is not its place: groups are numbered as they come.
    of_row: Vec<u32>,
    /// By number.
    places: Vec<u32>,
    /// By place; none without keys.
    first_rows: Vec<u32>,
}

impl Groups {
    /// Finds the groups that these columns make. Rows without a value in one of them belong to none. No columns make
    /// one group of all rows.
    ///
    /// # Errors
    /// If a column is of a type that has no order.
    pub fn find(keys: &[ArrayRef], rows: usize) -> Result<Groups, ArrowError> {
        Groups::find_among(keys, rows, None)
    }

    /// The same of some rows, which have a bit each, or of all. The others belong to none. No columns make one group of some rows, and none
    /// of no rows.
    ///
    /// # Errors
    /// As [`Groups::find`].
    pub fn find_among(
        keys: &[ArrayRef],
        rows: usize,
        own: Option<&BooleanBuffer>,
    ) -> Result<Groups, ArrowError> {
        match (keys, own) {
            ([], None) => Ok(Groups { of_row: vec![0; rows], places: vec![0], first_rows: Vec::new() }),
            ([], Some(own)) => {
                let is_own = |row| row < own.len() && own.value(row);
                let of_row = (0..rows).map(|row| if is_own(row) { 0 } else { NONE }).collect();
                let places = vec![0; own.count_set_bits().min(1)];
                Ok(Groups { of_row, places, first_rows: Vec::new() })
            }
            _ => Groups::find_where(keys, own, Nulls::InNone),
        }
    }

    /// The same, but that no value is a value too, behind all others.
    ///
    /// # Errors
    /// As [`Groups::find`], and if there are no columns.
    pub fn find_with_nulls(keys: &[ArrayRef]) -> Result<Groups, ArrowError> {
        Groups::find_where(keys, None, Nulls::Alike)
    }

    fn find_where(
        keys: &[ArrayRef],
        own: Option<&BooleanBuffer>,
        nulls: Nulls,
    ) -> Result<Groups, ArrowError> {
        let Numbers { of_row, firsts, .. } = distinct_among(keys, own, nulls)?;
        let rows = UInt32Array::from(firsts);
        let encoded = encoded(keys, &rows)?;
        // Most differ in the first bytes behind those that all begin with, and those are compared at once.
        let groups = 0..rows.len() as u32;
        let same = groups.clone().fold(usize::MAX, |same, number| {
            let alike = encoded.row(0).iter().zip(encoded.row(number)).take(same);
            alike.take_while(|(a, b)| a == b).count()
        });
        let begin = |number: u32| {
            let mut begin = [0; 16];
            let row = &encoded.row(number)[same..];
            let length = row.len().min(begin.len());
            begin[..length].copy_from_slice(&row[..length]);
            (u128::from_be_bytes(begin), number)
        };
        let mut order: Vec<(u128, u32)> = groups.map(begin).collect();
        order.sort_unstable_by(|(a_begin, a), (b_begin, b)| {
            a_begin.cmp(b_begin).then_with(|| encoded.row(*a).cmp(encoded.row(*b)))
        });
        let mut places = vec![0; order.len()];
        for (place, (_, number)) in (0..).zip(&order) {
            places[*number as usize] = place;
        }
        let first_rows = order.iter().map(|(_, number)| rows.value(*number as usize)).collect();
        Ok(Groups { of_row, places, first_rows })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.places.len()
    }

    /// The first row of each; none without keys.
    pub fn first_rows(&self) -> impl Iterator<Item = u32> {
        self.first_rows.iter().copied()
    }

    /// Where the groups belong among those of other parts of a table: bytes in the order of their keys, which are `keys`. None
    /// without keys.
    ///
    /// # Errors
    /// None: what has no order made no groups.
    pub fn order(&self, keys: &[ArrayRef]) -> Result<Option<BinaryArray>, ArrowError> {
        if keys.is_empty() {
            return Ok(None);
        }
        let encoded = encoded(keys, &UInt32Array::from(self.first_rows.clone()))?;
        let places = (0..self.first_rows.len() as u32).map(|group| encoded.row(group));
        Ok(Some(BinaryArray::from_iter_values(places)))
    }

    /// Every row that is in a group and has a value in `column`, with its group.
    pub fn valued<'a>(&'a self, column: &'a dyn Array) -> impl Iterator<Item = (usize, usize)> + 'a {
        let nulls = column.nulls();
        self.rows().filter(move |(row, _)| nulls.is_none_or(|nulls| nulls.is_valid(*row)))
    }

    /// Every row that is in a group, with its group.
    pub fn rows(&self) -> impl Iterator<Item = (usize, usize)> {
        let grouped = self.of_row.iter().enumerate().filter(|(_, number)| **number != NONE);
        grouped.map(|(row, number)| (row, self.places[*number as usize] as usize))
    }

    /// What comes of each group when every value whose row is in it is shown to it, in the order of the rows.
    #[inline]
    pub(crate) fn gather<T: ArrowPrimitiveType, S: Clone + Default>(
        &self,
        column: &PrimitiveArray<T>,
        see: impl Fn(&mut S, T::Native),
    ) -> Vec<S> {
        let values = column.values();
        let mut gathered = vec![S::default(); self.count()];
        let (all, runs) = match column.nulls().filter(|nulls| nulls.null_count() > 0) {
            None => (Some((0, values.len())), None),
            Some(nulls) => (None, Some(nulls.valid_slices())),
        };
        for (start, end) in all.into_iter().chain(runs.into_iter().flatten()) {
            for (number, value) in self.of_row[start..end].iter().zip(&values[start..end]) {
                if *number != NONE {
                    see(&mut gathered[*number as usize], *value);
                }
            }
        }
        self.in_order(gathered)
    }

    /// The same, by place and not by number.
    fn in_order<S: Default>(&self, mut by_number: Vec<S>) -> Vec<S> {
        let mut by_place: Vec<S> = Vec::new();
        by_place.resize_with(by_number.len(), S::default);
        for (place, value) in self.places.iter().zip(&mut by_number) {
            std::mem::swap(&mut by_place[*place as usize], value);
        }
        by_place
    }

    /// How many different values each group has.
    pub(crate) fn count_distinct(&self, values: &ArrayRef) -> Result<Vec<i64>, ArrowError> {
        let numbers = distinct(std::slice::from_ref(values), Nulls::InNone)?;
        let mut counts = vec![0; self.count()];
        for row in number_pairs(&self.of_row, &numbers.of_row).firsts {
            counts[self.of_row[row as usize] as usize] += 1;
        }
        Ok(self.in_order(counts))
    }
}

/// The keys of some rows, in the form that they are put in order by.
fn encoded(keys: &[ArrayRef], rows: &UInt32Array) -> Result<Encoded, ArrowError> {
    let keys = keys.iter().map(|key| comparable(&take(key, rows, None)?));
    let keys: Vec<ArrayRef> = keys.collect::<Result<_, _>>()?;
    Encoded::new(keys.iter().map(|key| (key, true)))
}
