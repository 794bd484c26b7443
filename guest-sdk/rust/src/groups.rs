//! Which row is in which group, for steps that group, join or pivot.

use std::hash::BuildHasher;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, Int32Array, PrimitiveArray, StringArray, UInt32Array,
    make_array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::take;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::cast::cast;
use crate::order::{Encoded, comparable, ranks};

/// The group of a row that belongs to none.
const NONE: u32 = u32::MAX;

/// The longest text that fits into a code, beside its length.
const SHORT_BYTES: usize = 7;

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
        if keys.is_empty() {
            return Ok(Groups { of_row: vec![0; rows], places: vec![0], first_rows: Vec::new() });
        }
        Groups::find_where(keys, Nulls::InNone)
    }

    /// The same, but that no value is a value too, behind all others.
    ///
    /// # Errors
    /// As [`Groups::find`], and if there are no columns.
    pub fn find_with_nulls(keys: &[ArrayRef]) -> Result<Groups, ArrowError> {
        Groups::find_where(keys, Nulls::Alike)
    }

    fn find_where(keys: &[ArrayRef], nulls: Nulls) -> Result<Groups, ArrowError> {
        let Numbers { of_row, firsts } = distinct(keys, nulls)?;
        let rows = UInt32Array::from(firsts);
        let first_keys = keys.iter().map(|key| comparable(&take(key, &rows, None)?));
        let first_keys: Vec<ArrayRef> = first_keys.collect::<Result<_, _>>()?;
        let encoded = Encoded::new(first_keys.iter().map(|key| (key, true)))?;
        let mut order: Vec<u32> = (0..rows.len() as u32).collect();
        order.sort_unstable_by(|a, b| encoded.row(*a).cmp(encoded.row(*b)));
        let mut places = vec![0; order.len()];
        for (place, number) in (0..).zip(&order) {
            places[*number as usize] = place;
        }
        let first_rows = order.iter().map(|number| rows.value(*number as usize)).collect();
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
        for row in number_codes(pairs(&self.of_row, &numbers.of_row)).firsts {
            counts[self.of_row[row as usize] as usize] += 1;
        }
        Ok(self.in_order(counts))
    }
}

/// What becomes of rows without a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nulls {
    /// They count for nothing.
    InNone,
    /// No value is a value too.
    Alike,
}

/// Rows by number: equal ones have the same.
#[derive(Debug, Default)]
pub struct Numbers {
    /// For each row its number; `u32::MAX` for rows that count for nothing.
    pub of_row: Vec<u32>,
    /// For each number its first row.
    pub firsts: Vec<u32>,
}

/// Numbers the different rows of these columns.
///
/// # Errors
/// If a column is of a type that has no order, or there are no columns.
pub fn distinct(keys: &[ArrayRef], nulls: Nulls) -> Result<Numbers, ArrowError> {
    let [first, rest @ ..] = keys else {
        return Err(ArrowError::InvalidArgumentError(
            "there are no columns to tell rows apart by".to_owned(),
        ));
    };
    let mut numbers = number(first, nulls)?;
    for key in rest {
        numbers = number_codes(pairs(&numbers.of_row, &number(key, nulls)?.of_row));
    }
    Ok(numbers)
}

/// A code for each row that has a number both here and there.
fn pairs<'a>(here: &'a [u32], there: &'a [u32]) -> impl Iterator<Item = Option<u64>> + 'a {
    here.iter().zip(there).map(|(here, there)| {
        (*here != NONE && *there != NONE).then(|| (u64::from(*here) << 32) | u64::from(*there))
    })
}

/// Numbers the different values of a column.
fn number(key: &ArrayRef, nulls: Nulls) -> Result<Numbers, ArrowError> {
    let mut numbers = number_values(key)?;
    if nulls == Nulls::Alike
        && let Some(row) = numbers.of_row.iter().position(|number| *number == NONE)
    {
        let missing = numbers.firsts.len() as u32;
        numbers.firsts.push(row as u32);
        numbers.of_row.iter_mut().filter(|number| **number == NONE).for_each(|number| *number = missing);
    }
    Ok(numbers)
}

fn number_values(key: &ArrayRef) -> Result<Numbers, ArrowError> {
    if let DataType::Dictionary(_, _) = key.data_type() {
        let dictionary = key.as_any_dictionary();
        let of_value = number_values(dictionary.values())?.of_row;
        let keys = cast(&make_array(dictionary.keys().to_data()), &DataType::Int32)?;
        return Ok(number_keys(keys.as_primitive(), &of_value));
    }
    if let Some(texts) = key.as_string_opt::<i32>() {
        return Ok(match are_short(texts) {
            true => number_short(texts),
            false => number_bytes(texts.len(), |row| texts.value(row).as_bytes(), texts.nulls()),
        });
    }
    let key = comparable(key)?;
    let nulls = key.logical_nulls();
    if let Some(ranks) = ranks(&key)? {
        return Ok(number_valid(ranks.into_iter(), nulls.as_ref()));
    }
    let encoded = Encoded::new([(&key, true)])?;
    Ok(number_bytes(key.len(), |row| encoded.row(row as u32), nulls.as_ref()))
}

/// Numbers the values of a dictionary as rows come that have them. Of equal values it may hold several, and some that no row has.
fn number_keys(keys: &Int32Array, of_value: &[u32]) -> Numbers {
    let unseen = vec![NONE; of_value.len()];
    let mut known = Keys { of_value, of_key: unseen.clone(), numbers: unseen, firsts: Vec::new() };
    let rows = keys.values().iter().zip(0..);
    let of_row = match keys.nulls().filter(|nulls| nulls.null_count() > 0) {
        None => rows.map(|(key, row)| known.number(*key, row)).collect(),
        Some(nulls) => {
            let valued = rows.zip(nulls);
            valued.map(|((key, row), valid)| if valid { known.number(*key, row) } else { NONE }).collect()
        }
    };
    Numbers { of_row, firsts: known.firsts }
}

/// Keys that have a number.
struct Keys<'a> {
    /// Equal values have the same; one that is null has none.
    of_value: &'a [u32],
    of_key: Vec<u32>,
    /// For each of those in `of_value` the number that rows have.
    numbers: Vec<u32>,
    firsts: Vec<u32>,
}

impl Keys<'_> {
    #[inline]
    fn number(&mut self, key: i32, row: u32) -> u32 {
        match self.of_key.get(key as usize) {
            Some(number) if *number != NONE => *number,
            _ => self.look_up(key, row),
        }
    }

    /// The same. Apart from the loop, as [`last_word`] is.
    #[inline(never)]
    fn look_up(&mut self, key: i32, row: u32) -> u32 {
        let key = key as usize;
        let number = self.of_value.get(key).and_then(|value| self.numbers.get_mut(*value as usize));
        let Some(number) = number else { return NONE };
        if *number == NONE {
            *number = self.firsts.len() as u32;
            self.firsts.push(row);
        }
        self.of_key[key] = *number;
        *number
    }
}

fn are_short(texts: &StringArray) -> bool {
    let (starts, ends) = (texts.value_offsets(), &texts.value_offsets()[1..]);
    // Several at a time, as there is nothing to decide in between.
    let longest =
        |(starts, ends): (&[i32], &[i32])| starts.iter().zip(ends).map(|(start, end)| end - start).max();
    starts.chunks(1024).zip(ends.chunks(1024)).map(longest).all(|longest| longest <= Some(SHORT_BYTES as i32))
}

fn number_short(texts: &StringArray) -> Numbers {
    let (offsets, bytes) = (texts.value_offsets(), texts.value_data());
    let codes = offsets.iter().zip(&offsets[1..]).map(|(start, end)| {
        let (start, length) = (*start as usize, (end - start) as usize);
        let rest = &bytes[start..];
        let word = rest.first_chunk().copied().unwrap_or_else(|| last_word(&rest[..length]));
        let text = u64::from_le_bytes(word) & !(u64::MAX << (8 * length));
        text | (length as u64) << (8 * SHORT_BYTES)
    });
    number_valid(codes, texts.nulls())
}

/// A text behind which there is not enough for a word. Apart from the loop that needs it now and then, whose variables would not
/// all fit into registers.
#[inline(never)]
fn last_word(text: &[u8]) -> [u8; 8] {
    let mut word = [0; 8];
    word[..text.len()].copy_from_slice(text);
    word
}

fn number_valid(codes: impl Iterator<Item = u64>, nulls: Option<&NullBuffer>) -> Numbers {
    match nulls.filter(|nulls| nulls.null_count() > 0) {
        None => number_codes(codes.map(Some)),
        Some(nulls) => number_codes(codes.zip(nulls).map(|(code, valid)| valid.then_some(code))),
    }
}

/// Numbers different codes as they come.
fn number_codes(codes: impl Iterator<Item = Option<u64>>) -> Numbers {
    let mut known = Codes { recent: [(0, NONE); 256], numbers: HashTable::new(), firsts: Vec::new() };
    let of_row = codes.zip(0..).map(|(code, row)| code.map_or(NONE, |code| known.number(code, row)));
    Numbers { of_row: of_row.collect(), firsts: known.firsts }
}

/// Codes that have a number.
struct Codes {
    /// Few different codes are found here at once, without looking them up.
    recent: [(u64, u32); 256],
    numbers: HashTable<(u64, u32)>,
    firsts: Vec<u32>,
}

impl Codes {
    /// The number of a code, a new one if it has none.
    #[inline]
    fn number(&mut self, code: u64, row: u32) -> u32 {
        let hash = spread(code);
        match self.recent[(hash >> 56) as usize] {
            (recent, number) if recent == code && number != NONE => number,
            _ => self.look_up(code, hash, row),
        }
    }

    /// The same. Apart from the loop, as [`last_word`] is.
    #[inline(never)]
    fn look_up(&mut self, code: u64, hash: u64, row: u32) -> u32 {
        let number = match self.numbers.find(hash, |(other, _)| *other == code) {
            Some((_, number)) => *number,
            None => {
                let number = self.firsts.len() as u32;
                self.firsts.push(row);
                self.numbers.insert_unique(hash, (code, number), |(other, _)| spread(*other));
                number
            }
        };
        self.recent[(hash >> 56) as usize] = (code, number);
        number
    }
}

/// A hash: the upper half tells codes apart, and gets into the lower one too.
fn spread(code: u64) -> u64 {
    // The same hashes in every run: nobody outside can choose keys against a step that lives for one table.
    let product = code.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ (product >> 32)
}

/// Numbers different values as they come.
fn number_bytes<'a>(rows: usize, bytes: impl Fn(usize) -> &'a [u8], nulls: Option<&NullBuffer>) -> Numbers {
    let hasher = FixedState::default();
    // With the hash, so that most of what differs need not be compared.
    let mut known: HashTable<(u64, u32)> = HashTable::new();
    let mut firsts: Vec<u32> = Vec::new();
    let of_row = (0..rows).map(|row| {
        if nulls.is_some_and(|nulls| nulls.is_null(row)) {
            return NONE;
        }
        let value = bytes(row);
        let hash = hasher.hash_one(value);
        let same = |(other, number): &(u64, u32)| {
            *other == hash && bytes(firsts[*number as usize] as usize) == value
        };
        if let Some((_, number)) = known.find(hash, same) {
            return *number;
        }
        let number = firsts.len() as u32;
        firsts.push(row as u32);
        known.insert_unique(hash, (hash, number), |(hash, _)| *hash);
        number
    });
    Numbers { of_row: of_row.collect(), firsts }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{dictionary, integer, number, text};

    type Row = (Option<usize>, Option<i64>);
    type Same = fn(&Row, &Row) -> bool;

    proptest! {
        #[test]
        fn rows_have_one_number_where_their_cells_are_equal(
            rows in prop::collection::vec((prop::option::of(0_usize..4), prop::option::of(-2_i64..2)), 0..40),
            is_long: bool,
            is_dictionary: bool,
            nulls in prop::sample::select(vec![Nulls::InNone, Nulls::Alike]),
        ) {
            let words = if is_long { ["", "\0", "abcdefg", "abcdefgh"] } else { ["", "\0", "\0\0", "abcdefg"] };
            let texts = rows.iter().map(|row| row.0.map(|word| words[word]));
            let texts = if is_dictionary { dictionary("A", texts) } else { text("A", texts) };
            let numbers = integer("B", rows.iter().map(|row| row.1));
            let cases: [(Vec<ArrayRef>, Same); 3] = [
                (vec![texts.1.clone()], |a, b| a.0 == b.0),
                (vec![numbers.1.clone()], |a, b| a.1 == b.1),
                (vec![texts.1, numbers.1], |a, b| a == b),
            ];
            for (keys, same) in cases {
                let found = distinct(&keys, nulls).unwrap();
                prop_assert_eq!(found.of_row.len(), rows.len());
                for (a, row) in rows.iter().enumerate() {
                    let is_none = nulls == Nulls::InNone && keys.iter().any(|key| key.is_null(a));
                    prop_assert_eq!(found.of_row[a] == NONE, is_none);
                    for (b, other) in rows.iter().enumerate().filter(|_| !is_none) {
                        prop_assert_eq!(found.of_row[a] == found.of_row[b], same(row, other));
                    }
                }
                for (number, first) in found.firsts.iter().enumerate() {
                    let place = found.of_row.iter().position(|found| *found == number as u32);
                    prop_assert_eq!(place, Some(*first as usize));
                }
            }
        }
    }

    #[test]
    fn zeros_of_both_signs_are_one_group() {
        let zeros = number("A", [Some(0.0), Some(-0.0), None]).1;
        assert_eq!(distinct(&[zeros], Nulls::InNone).unwrap().of_row, [0, 0, NONE]);
    }
}
