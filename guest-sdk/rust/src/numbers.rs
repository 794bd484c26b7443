//! Rows by number: equal ones have the same, which is all that steps that group, join or look for duplicates have to know of them.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::ops::Range;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, StringArray, make_array};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use foldhash::fast::FixedState;

use crate::cast::cast;
use crate::order::{Encoded, comparable, ranks};

/// The number of a row that counts for nothing.
pub(crate) const NONE: u32 = u32::MAX;

/// The longest text that fits into a code, beside its length.
const SHORT_BYTES: usize = 7;

/// Rows whose values are brought into another form together.
pub(crate) const BLOCK_ROWS: usize = 8192;

/// Codes that are looked up together.
const CODES_AHEAD: usize = 64;

/// A table of no more slots is in a processor's cache, mostly.
const SMALL_SLOTS: usize = 1 << 14;

/// How many columns' numbers are put together at most: all of them are in memory then.
const MOST_TOGETHER: usize = 4;

/// What becomes of rows without a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nulls {
    /// They count for nothing.
    InNone,
    /// No value is a value too.
    Alike,
}

/// Rows by number.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Numbers {
    /// For each row its number; `u32::MAX` for rows that count for nothing.
    pub of_row: Vec<u32>,
    /// For each number its first row.
    pub firsts: Vec<u32>,
    /// The rows that count; `None` for all.
    counted: Option<NullBuffer>,
}

impl Numbers {
    /// How many bits each of them fits into.
    fn bits(&self) -> u32 {
        u32::BITS - (self.firsts.len() as u32).leading_zeros()
    }
}

/// Numbers the different rows of these columns.
///
/// # Errors
/// If a column is of a type that has no order, or there are no columns.
pub fn distinct(keys: &[ArrayRef], nulls: Nulls) -> Result<Numbers, ArrowError> {
    distinct_among(keys, None, nulls)
}

/// Numbers the different ones among some rows, which have a bit each, or all. The others count for nothing.
///
/// # Errors
/// As [`distinct`].
pub fn distinct_among(
    keys: &[ArrayRef],
    own: Option<&BooleanBuffer>,
    nulls: Nulls,
) -> Result<Numbers, ArrowError> {
    distinct_in(u64::BITS, keys, own, nulls)
}

/// The same with codes of so many bits. Two columns always go into one.
fn distinct_in(
    code_bits: u32,
    keys: &[ArrayRef],
    own: Option<&BooleanBuffer>,
    nulls: Nulls,
) -> Result<Numbers, ArrowError> {
    let own = own.map(|own| NullBuffer::new(own.clone()));
    let mut together: Vec<Numbers> = Vec::new();
    for key in keys {
        let numbers = number(key, own.as_ref(), nulls)?;
        let bits: u32 = together.iter().map(Numbers::bits).sum();
        let is_full = together.len() == MOST_TOGETHER || bits + numbers.bits() > code_bits;
        if together.len() > 1 && is_full {
            together = vec![number_rows(&together)];
        }
        together.push(numbers);
    }
    match together.len() {
        0 => {
            let what = "there are no columns to tell rows apart by".to_owned();
            Err(ArrowError::InvalidArgumentError(what))
        }
        1 => Ok(together.remove(0)),
        _ => Ok(number_rows(&together)),
    }
}

/// Numbers different rows by the numbers of their cells, which all fit into one code.
fn number_rows(cells: &[Numbers]) -> Numbers {
    let counted = cells.iter().map(|numbers| numbers.counted.as_ref());
    let counted = counted.fold(None, |all, counted| NullBuffer::union(all.as_ref(), counted));
    in_blocks(cells[0].of_row.len(), counted, |rows, codes| {
        codes.resize(rows.len(), 0);
        for numbers in cells {
            let bits = numbers.bits();
            for (code, number) in codes.iter_mut().zip(&numbers.of_row[rows.clone()]) {
                *code = (*code << bits) | u64::from(*number);
            }
        }
    })
}

/// Numbers pairs of numbers, where there are both.
pub(crate) fn number_pairs(here: &[u32], there: &[u32]) -> Numbers {
    let rows = here.len();
    let counted = BooleanBuffer::collect_bool(rows, |row| here[row] != NONE && there[row] != NONE);
    in_blocks(rows, Some(NullBuffer::new(counted)), |rows, codes| {
        let pairs = here[rows.clone()].iter().zip(&there[rows]);
        codes.extend(pairs.map(|(here, there)| (u64::from(*here) << u32::BITS) | u64::from(*there)));
    })
}

/// Numbers the different values of a column.
fn number(key: &ArrayRef, own: Option<&NullBuffer>, nulls: Nulls) -> Result<Numbers, ArrowError> {
    let counted = NullBuffer::union(key.logical_nulls().as_ref(), own);
    let counted = counted.filter(|counted| counted.null_count() > 0);
    let mut numbers = number_values(key, counted)?;
    if nulls == Nulls::Alike && numbers.counted.is_some() {
        let Numbers { of_row, firsts, counted } = &mut numbers;
        let missing = firsts.len() as u32;
        let mut first = None;
        for (row, number) in of_row.iter_mut().enumerate() {
            if *number == NONE && own.is_none_or(|own| own.is_valid(row)) {
                first.get_or_insert(row as u32);
                *number = missing;
            }
        }
        firsts.extend(first);
        *counted = own.cloned();
    }
    Ok(numbers)
}

/// The same of the rows that count, all of which have a value.
fn number_values(key: &ArrayRef, counted: Option<NullBuffer>) -> Result<Numbers, ArrowError> {
    let rows = key.len();
    if counted.as_ref().is_some_and(|counted| counted.null_count() == rows) {
        return Ok(Numbers { of_row: vec![NONE; rows], firsts: Vec::new(), counted });
    }
    if let DataType::Dictionary(_, _) = key.data_type() {
        let dictionary = key.as_any_dictionary();
        let values = dictionary.values();
        let of_value = number_values(values, values.logical_nulls())?.of_row;
        let keys = cast(&make_array(dictionary.keys().to_data()), &DataType::Int32)?;
        return Ok(number_keys(keys.as_primitive(), counted, &of_value));
    }
    if let Some(texts) = key.as_string_opt::<i32>() {
        return Ok(match are_short(texts) {
            true => number_short(texts, counted),
            false => number_bytes(rows, |row| texts.value(row).as_bytes(), counted, hash),
        });
    }
    if ranks(&comparable(&key.slice(0, 0))?)?.is_some() {
        return number_ranks(key, counted);
    }
    let key = comparable(key)?;
    let encoded = Encoded::new([(&key, true)])?;
    Ok(number_bytes(rows, |row| encoded.row(row as u32), counted, hash))
}

/// Numbers the values of a dictionary as rows come that have them. Of equal values it may hold several, and some that no row has.
fn number_keys(keys: &Int32Array, counted: Option<NullBuffer>, of_value: &[u32]) -> Numbers {
    let unseen = vec![NONE; of_value.len()];
    let mut known = Keys { of_value, of_key: unseen.clone(), numbers: unseen, firsts: Vec::new() };
    let rows = keys.values().iter().zip(0..);
    let of_row = match &counted {
        None => rows.map(|(key, row)| known.number(*key, row)).collect(),
        Some(nulls) => {
            let valued = rows.zip(nulls);
            valued.map(|((key, row), valid)| if valid { known.number(*key, row) } else { NONE }).collect()
        }
    };
    Numbers { of_row, firsts: known.firsts, counted }
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

fn number_short(texts: &StringArray, counted: Option<NullBuffer>) -> Numbers {
    let (offsets, bytes) = (texts.value_offsets(), texts.value_data());
    in_blocks(texts.len(), counted, |rows, codes| {
        let ends = &offsets[rows.start + 1..=rows.end];
        codes.extend(offsets[rows].iter().zip(ends).map(|(start, end)| {
            let (start, length) = (*start as usize, (end - start) as usize);
            let rest = &bytes[start..];
            let word = rest.first_chunk().copied().unwrap_or_else(|| last_word(&rest[..length]));
            let text = u64::from_le_bytes(word) & !(u64::MAX << (8 * length));
            text | (length as u64) << (8 * SHORT_BYTES)
        }));
    })
}

/// A text behind which there is not enough for a word. Apart from the loop that needs it now and then, whose variables would not
/// all fit into registers.
#[inline(never)]
fn last_word(text: &[u8]) -> [u8; 8] {
    let mut word = [0; 8];
    word[..text.len()].copy_from_slice(text);
    word
}

/// Numbers the values of a column that has ranks.
fn number_ranks(key: &ArrayRef, counted: Option<NullBuffer>) -> Result<Numbers, ArrowError> {
    let mut failed = None;
    let numbers = in_blocks(key.len(), counted, |rows, codes| {
        match comparable(&key.slice(rows.start, rows.len())).and_then(|block| ranks(&block)) {
            Ok(ranks) => *codes = ranks.unwrap_or_default(),
            Err(error) => failed = Some(error),
        }
        codes.resize(rows.len(), 0);
    });
    failed.map_or(Ok(numbers), Err)
}

/// Numbers rows by their codes, which `code` makes of some rows at a time: what is made of a block stays in a processor's cache; of all
/// rows it would be memory that nobody has used yet.
fn in_blocks(
    rows: usize,
    counted: Option<NullBuffer>,
    mut code: impl FnMut(Range<usize>, &mut Vec<u64>),
) -> Numbers {
    let mut known = Codes::default();
    let mut of_row = Vec::with_capacity(rows);
    let mut codes = Vec::with_capacity(BLOCK_ROWS);
    for start in (0..rows).step_by(BLOCK_ROWS) {
        let end = rows.min(start + BLOCK_ROWS);
        codes.clear();
        code(start..end, &mut codes);
        of_row.resize(end, NONE);
        let numbers = &mut of_row[start..];
        match &counted {
            None => known.number_all(start, &codes, numbers),
            Some(counted) => {
                known.number_some(start, &codes, &counted.slice(start, end - start), numbers);
            }
        }
    }
    Numbers { of_row, firsts: known.firsts, counted }
}

/// Codes that have a number, each in the first free slot from that of its hash on. At least half of the slots are free, so it is found
/// in the first one looked at, mostly; a table that looks at several slots at a time takes thrice as long, without the
/// instructions for it.
struct Codes {
    /// As many as a power of two. A free one has the number [`NONE`].
    slots: Vec<(u64, u32)>,
    firsts: Vec<u32>,
}

impl Default for Codes {
    fn default() -> Self {
        Codes { slots: vec![(0, NONE); 1024], firsts: Vec::new() }
    }
}

impl Codes {
    /// Numbers the codes of some rows, from `start` on.
    fn number_all(&mut self, start: usize, codes: &[u64], numbers: &mut [u32]) {
        let chunks = codes.chunks(CODES_AHEAD).zip(numbers.chunks_mut(CODES_AHEAD));
        for (start, (codes, numbers)) in (start..).step_by(CODES_AHEAD).zip(chunks) {
            self.fetch(codes.iter());
            for (row, (code, number)) in (start as u32..).zip(codes.iter().zip(numbers)) {
                *number = self.number(*code, row);
            }
        }
    }

    /// The same of those rows that count.
    fn number_some(&mut self, start: usize, codes: &[u64], counted: &NullBuffer, numbers: &mut [u32]) {
        let mut places = counted.inner().set_indices();
        let mut ahead = [0; CODES_AHEAD];
        loop {
            let mut count = 0;
            for (ahead, place) in ahead.iter_mut().zip(&mut places) {
                *ahead = place;
                count += 1;
            }
            let ahead = &ahead[..count];
            self.fetch(ahead.iter().map(|place| &codes[*place]));
            for place in ahead {
                numbers[*place] = self.number(codes[*place], (start + place) as u32);
            }
            if count < CODES_AHEAD {
                return;
            }
        }
    }

    /// Looks at the slots that codes are looked for in first, if they may not be in a processor's cache: as none of these looks waits for
    /// what another one finds, many are under way at a time.
    #[inline]
    fn fetch<'c>(&self, codes: impl Iterator<Item = &'c u64>) {
        if self.slots.len() > SMALL_SLOTS {
            let last = self.slots.len() - 1;
            let slots = codes.map(|code| self.slots[spread(*code) as usize & last].1);
            std::hint::black_box(slots.fold(0, |all, number| all ^ number));
        }
    }

    /// The number of a code, a new one if it has none.
    #[inline]
    fn number(&mut self, code: u64, row: u32) -> u32 {
        match self.slots[spread(code) as usize & (self.slots.len() - 1)] {
            (known, number) if known == code && number != NONE => number,
            _ => self.look_up(code, row),
        }
    }

    /// The same, wherever it is. Apart from the loop, as [`last_word`] is.
    #[inline(never)]
    fn look_up(&mut self, code: u64, row: u32) -> u32 {
        match self.slots[self.slot(code)] {
            (_, NONE) => self.add(code, row),
            (_, number) => number,
        }
    }

    /// The slot that has a code, or is to have it.
    fn slot(&self, code: u64) -> usize {
        let last = self.slots.len() - 1;
        let mut slot = spread(code) as usize & last;
        loop {
            let (known, number) = self.slots[slot];
            if known == code || number == NONE {
                return slot;
            }
            slot = (slot + 1) & last;
        }
    }

    fn add(&mut self, code: u64, row: u32) -> u32 {
        let number = self.firsts.len() as u32;
        self.firsts.push(row);
        if self.firsts.len() * 2 > self.slots.len() {
            let free = vec![(0, NONE); self.slots.len() * 2];
            for (code, number) in std::mem::replace(&mut self.slots, free) {
                if number != NONE {
                    let slot = self.slot(code);
                    self.slots[slot] = (code, number);
                }
            }
        }
        let slot = self.slot(code);
        self.slots[slot] = (code, number);
        number
    }
}

/// The hash of a code.
fn spread(code: u64) -> u64 {
    spread_by(0x9e37_79b9_7f4a_7c15, code)
}

/// A hash, of which every bit depends on all of the code. With one multiplication less the numbers of eight columns' cells, of which
/// some are the same in many rows, gather in some places: looking them up takes ten times as long.
pub(crate) fn spread_by(multiplier: u64, code: u64) -> u64 {
    // The same hashes in every run: nobody outside can choose keys against a step that lives for one table.
    let mix = |code: u64| (code ^ (code >> 32)).wrapping_mul(multiplier);
    let mixed = mix(mix(code));
    mixed ^ (mixed >> 32)
}

/// Numbers different values by their hashes.
fn number_bytes<'a>(
    rows: usize,
    bytes: impl Fn(usize) -> &'a [u8],
    counted: Option<NullBuffer>,
    hash: impl Fn(&[u8]) -> u64,
) -> Numbers {
    let numbers = in_blocks(rows, counted, |rows, codes| codes.extend(rows.map(|row| hash(bytes(row)))));
    // Values of one hash are all but always equal; and all rows are compared with what has their number, so that nobody has to hope for it.
    let is_first = |(row, number): (usize, &u32)| match numbers.firsts.get(*number as usize) {
        Some(first) => *first as usize == row || bytes(*first as usize) == bytes(row),
        None => true,
    };
    match numbers.of_row.iter().enumerate().all(is_first) {
        true => numbers,
        false => number_slowly(rows, bytes, numbers.counted),
    }
}

/// The same, whatever their hashes are.
fn number_slowly<'a>(rows: usize, bytes: impl Fn(usize) -> &'a [u8], counted: Option<NullBuffer>) -> Numbers {
    let mut known: HashMap<&[u8], u32> = HashMap::new();
    let mut firsts = Vec::new();
    let of_row = (0..rows).map(|row| {
        if counted.as_ref().is_some_and(|counted| counted.is_null(row)) {
            return NONE;
        }
        *known.entry(bytes(row)).or_insert_with(|| {
            firsts.push(row as u32);
            firsts.len() as u32 - 1
        })
    });
    let of_row = of_row.collect();
    Numbers { of_row, firsts, counted }
}

/// The same hash of equal bytes, in every worker.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    FixedState::default().hash_one(bytes)
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
            code_bits in prop::sample::select(vec![1, 5, 8, u64::BITS]),
        ) {
            let words = if is_long { ["", "\0", "abcdefg", "abcdefgh"] } else { ["", "\0", "\0\0", "abcdefg"] };
            let texts = rows.iter().map(|row| row.0.map(|word| words[word]));
            let texts = if is_dictionary { dictionary("A", texts) } else { text("A", texts) };
            let numbers = integer("B", rows.iter().map(|row| row.1));
            let cases: [(Vec<ArrayRef>, Same); 4] = [
                (vec![texts.1.clone()], |a, b| a.0 == b.0),
                (vec![numbers.1.clone()], |a, b| a.1 == b.1),
                (vec![texts.1.clone(), numbers.1.clone()], |a, b| a == b),
                (std::iter::repeat_n([texts.1, numbers.1], 3).flatten().collect(), |a, b| a == b),
            ];
            for (keys, same) in cases {
                let found = distinct_in(code_bits, &keys, None, nulls).unwrap();
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
    fn values_of_one_hash_are_told_apart() {
        let values: [&[u8]; 5] = [b"b", b"a", b"b", b"", b"a"];
        let counted = Some(NullBuffer::from(vec![true, true, true, true, false]));
        for hash in [hash, |_| 7] as [fn(&[u8]) -> u64; 2] {
            let found = number_bytes(values.len(), |row| values[row], counted.clone(), hash);
            assert_eq!((found.of_row, found.firsts), (vec![0, 1, 0, 2, NONE], vec![0, 1, 3]));
        }
    }

    #[test]
    fn codes_are_found_near_where_they_are_looked_for_first() {
        for shift in 0..50 {
            let codes: Vec<u64> = (0..10_000).map(|number| number << shift).collect();
            let mut known = Codes::default();
            known.number_all(0, &codes, &mut vec![0; codes.len()]);
            let last = known.slots.len() - 1;
            let further = |code: &u64| known.slot(*code).wrapping_sub(spread(*code) as usize) & last;
            let all: usize = codes.iter().map(further).sum();
            assert!(all < codes.len(), "{all} slots further on for {} codes, by {shift} bits", codes.len());
        }
    }

    #[test]
    fn zeros_of_both_signs_are_one_group() {
        let zeros = number("A", [Some(0.0), Some(-0.0), None]).1;
        assert_eq!(distinct(&[zeros], Nulls::InNone).unwrap().of_row, [0, 0, NONE]);
    }
}
