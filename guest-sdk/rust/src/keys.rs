//! Parts of a table by the keys of its rows, for steps whose manifest says `works_by: key`.
//!
//! Such a step may be asked for one of several parts, by workers that know nothing of each other ([`Context::key_part`]). All of them
//! see all rows; each answers for those whose keys fall to its part, and says where the rows of its output belong
//! ([`Output::order`]).
//!
//! ```
//! use arrow::array::UInt32Array;
//! use crunchbox_sdk::numbers::{Nulls, distinct_among};
//! use crunchbox_sdk::{Context, Output, Result, keys, prelude::*, take_rows};
//!
//! /// Keeps the first row of each different value in the first column.
//! fn render(table: RecordBatch, context: &Context) -> Result<Output> {
//!     let keys = [table.column(0).clone()];
//!     let own = context.rows_of_part(&keys)?;
//!     let rows = UInt32Array::from(distinct_among(&keys, own.as_ref(), Nulls::InNone)?.firsts);
//!     let order = own.map(|_| keys::order_of_rows(&rows));
//!     Ok(Output { table: Some(take_rows(&table, &rows)?), order, ..Output::default() })
//! }
//! ```
//!
//! [`Context::key_part`]: crate::Context::key_part
//! [`Output::order`]: crate::Output::order

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BooleanBufferBuilder, UInt32Array, make_array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::take_arrays;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::cast::cast;
use crate::numbers::{BLOCK_ROWS, hash, spread_by};
use crate::order::{Encoded, comparable, ranks};

/// Rows that are looked at to see whether there are many different keys.
const SAMPLE_ROWS: usize = 4096;

/// With fewer different keys among those it takes as long to tell whose they are as to work on them.
const MANY_KEYS: usize = 1024;

/// The most rows of one key among those for one column to be enough: parts are to be about as large as each other.
const FEW_ROWS: usize = SAMPLE_ROWS / 32;

/// What stands for no value.
const NULL: u64 = 0x6a09_e667_f3bc_c909;

/// One of several parts of a table: the rows whose keys fall to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyPart {
    /// Which one, the first being 0.
    pub number: u32,
    /// How many there are.
    pub count: u32,
}

impl KeyPart {
    /// A bit for each row whose key, which these columns are, falls to this part; `None` for all. Equal keys fall to one part, and where
    /// there are few different ones, or no columns, all do to the first. What no value is equals no value.
    ///
    /// # Errors
    /// If a column is of a type that has no order.
    pub fn rows(&self, keys: &[ArrayRef]) -> Result<Option<BooleanBuffer>, ArrowError> {
        let rows = keys.first().map_or(0, |key| key.len());
        let Some(keys) = telling(keys, rows)? else {
            return Ok((self.number > 0).then(|| BooleanBuffer::new_unset(rows)));
        };
        let hasher = Hasher::new(keys)?;
        let mut own = BooleanBufferBuilder::new(rows);
        for start in (0..rows).step_by(BLOCK_ROWS) {
            let hashes = hasher.hashes(start, BLOCK_ROWS.min(rows - start))?;
            own.append_buffer(&BooleanBuffer::collect_bool(hashes.len(), |row| self.has(hashes[row])));
        }
        Ok(Some(own.finish()))
    }

    /// Whether keys of this hash fall to it.
    fn has(self, hash: u64) -> bool {
        ((hash >> 32) * u64::from(self.count)) >> 32 == u64::from(self.number)
    }
}

/// Where rows belong that a step hands on in the order in which they come: by their numbers.
pub fn order_of_rows(rows: &UInt32Array) -> BinaryArray {
    BinaryArray::from_iter_values(rows.values().iter().map(|row| row.to_be_bytes()))
}

/// The columns that rows are told apart by: one that is enough, as equal keys are equal there too, or all; `None` if there are few
/// different keys. As far as some rows from all over the table tell.
fn telling(keys: &[ArrayRef], rows: usize) -> Result<Option<&[ArrayRef]>, ArrowError> {
    // In no step that keys may have too.
    let sampled = |number: u64| (((spread(number) >> 32) * rows as u64) >> 32) as u32;
    let some = match rows {
        0..=SAMPLE_ROWS => UInt32Array::from_iter_values(0..rows as u32),
        _ => UInt32Array::from_iter_values((0..SAMPLE_ROWS as u64).map(sampled)),
    };
    let samples = take_arrays(keys, &some, None)?;
    let mut places: Vec<usize> = (0..keys.len()).collect();
    // Numbers are quicker.
    places.sort_by_key(|place| keys[*place].as_string_opt::<i32>().is_some());
    for place in places {
        if are_many(&samples[place..=place], FEW_ROWS)? {
            return Ok(Some(&keys[place..=place]));
        }
    }
    Ok(are_many(&samples, SAMPLE_ROWS / 2)?.then_some(keys))
}

/// Whether these are many different keys, none of which is that of more than so many rows.
fn are_many(keys: &[ArrayRef], most_alike: usize) -> Result<bool, ArrowError> {
    let mut hashes = Hasher::new(keys)?.hashes(0, keys.first().map_or(0, |key| key.len()))?;
    hashes.sort_unstable();
    let runs = hashes.chunk_by(|a, b| a == b);
    let (count, longest) = runs.fold((0, 0), |(count, longest), run| (count + 1, run.len().max(longest)));
    Ok(count >= MANY_KEYS && longest <= most_alike)
}

/// Makes numbers of keys: the same of equal ones, in every worker.
struct Hasher<'k> {
    /// Of a column that is a dictionary also the hash of each value.
    keys: Vec<(&'k ArrayRef, Option<Vec<u64>>)>,
}

impl<'k> Hasher<'k> {
    fn new(keys: &'k [ArrayRef]) -> Result<Hasher<'k>, ArrowError> {
        let of_values = |key: &'k ArrayRef| {
            let values = key.as_any_dictionary_opt().map(|dictionary| codes(dictionary.values()));
            Ok((key, values.transpose()?))
        };
        Ok(Hasher { keys: keys.iter().map(of_values).collect::<Result<_, ArrowError>>()? })
    }

    fn hashes(&self, start: usize, rows: usize) -> Result<Vec<u64>, ArrowError> {
        let mut hashes = vec![0; rows];
        for (key, of_value) in &self.keys {
            let key = key.slice(start, rows);
            let codes = match of_value {
                None => codes(&key)?,
                Some(of_value) => {
                    let places =
                        cast(&make_array(key.as_any_dictionary().keys().to_data()), &DataType::Int32)?;
                    let places = places.as_primitive::<arrow::datatypes::Int32Type>();
                    let code = |place: Option<i32>| {
                        place.and_then(|place| of_value.get(place as usize)).copied().unwrap_or(NULL)
                    };
                    places.iter().map(code).collect()
                }
            };
            for (hash, code) in hashes.iter_mut().zip(codes) {
                *hash = spread(*hash ^ code);
            }
        }
        Ok(hashes)
    }
}

/// A number for each value of a column: the same for equal ones.
fn codes(key: &ArrayRef) -> Result<Vec<u64>, ArrowError> {
    let mut codes: Vec<u64> = match key.as_string_opt::<i32>() {
        Some(texts) => {
            let ends = texts.value_offsets().windows(2);
            let text = |ends: &[i32]| &texts.value_data()[ends[0] as usize..ends[1] as usize];
            ends.map(|ends| hash(text(ends))).collect()
        }
        None => {
            let key = comparable(key)?;
            match ranks(&key)? {
                Some(ranks) => ranks,
                None => {
                    let encoded = Encoded::new([(&key, true)])?;
                    (0..key.len() as u32).map(|row| hash(encoded.row(row))).collect()
                }
            }
        }
    };
    if let Some(nulls) = key.logical_nulls().filter(|nulls| nulls.null_count() > 0) {
        codes.iter_mut().zip(&nulls).filter(|(_, valid)| !valid).for_each(|(code, _)| *code = NULL);
    }
    Ok(codes)
}

/// Other than the hash of groups, whose tables are to be filled evenly by the keys of one part.
fn spread(code: u64) -> u64 {
    spread_by(0xd6e8_feb8_6659_fd93, code)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::testing::{dictionary, integer, number, text};

    const ROWS: usize = 20_000;

    fn parts(keys: &[ArrayRef], count: u32) -> Vec<Option<BooleanBuffer>> {
        (0..count).map(|number| KeyPart { number, count }.rows(keys).unwrap()).collect()
    }

    #[test]
    fn each_row_falls_to_one_part_and_equal_keys_to_the_same() {
        let texts: Vec<String> = (0..ROWS).map(|row| format!("key {}", row % 3000)).collect();
        let some = |row: &usize| !row.is_multiple_of(71);
        let word = |row: usize| some(&row).then(|| texts[row].as_str());
        let float = |row: usize| some(&row).then_some((row % 2500) as f64);
        let cases: Vec<Vec<ArrayRef>> = vec![
            vec![text("A", (0..ROWS).map(word)).1],
            vec![dictionary("A", (0..ROWS).map(word)).1],
            vec![number("A", (0..ROWS).map(float)).1],
            vec![
                integer("A", (0..ROWS).map(|row| Some((row % 60) as i64))).1,
                number("B", (0..ROWS).map(|row| some(&row).then_some((row % 61) as f64))).1,
            ],
        ];
        for keys in cases {
            let encoded: Vec<ArrayRef> = keys.iter().map(|key| comparable(key).unwrap()).collect();
            let encoded = Encoded::new(encoded.iter().map(|key| (key, true))).unwrap();
            for count in [2, 3, 8] {
                let mut part_of_key = HashMap::new();
                let mut rows = Vec::new();
                for (part, own) in parts(&keys, count).into_iter().enumerate() {
                    let own = own.unwrap();
                    let share = ROWS / count as usize;
                    let count = own.count_set_bits();
                    assert!((share / 2..share * 3 / 2).contains(&count), "{count} of {ROWS}");
                    for row in own.set_indices() {
                        assert_eq!(*part_of_key.entry(encoded.row(row as u32)).or_insert(part), part);
                        rows.push(row);
                    }
                }
                rows.sort_unstable();
                assert!(rows.into_iter().eq(0..ROWS));
            }
        }
    }

    #[test]
    fn zeros_of_both_signs_are_one_key() {
        let codes = |zero: f64| codes(&number("A", [Some(zero)]).1).unwrap();
        assert_eq!(codes(0.0), codes(-0.0));
    }

    #[test]
    fn few_keys_fall_to_the_first_part() {
        let few = integer("A", (0..ROWS).map(|row| Some((row % 500) as i64))).1;
        for keys in [vec![few], Vec::new(), vec![integer("A", []).1]] {
            let [first, second] = <[_; 2]>::try_from(parts(&keys, 2)).unwrap();
            assert_eq!((first, second.unwrap().count_set_bits()), (None, 0));
        }
    }
}
