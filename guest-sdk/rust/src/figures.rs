//! The figures of groups: sums, means and the like, of columns.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, Float64Array, Int64Array, UInt32Array, UInt64Array,
};
use arrow::compute::take;
use arrow::datatypes::{DataType, Float64Type, Int64Type, UInt64Type};
use arrow::error::ArrowError;

use crate::cast::cast;
use crate::groups::Groups;
use crate::order::{comparable, ranks};

type Result<T> = std::result::Result<T, ArrowError>;

/// How many rows each group has.
pub fn sizes(groups: &Groups) -> ArrayRef {
    let mut sizes = vec![0; groups.count()];
    groups.rows().for_each(|(_, group)| sizes[group] += 1);
    Arc::new(Int64Array::from(sizes))
}

/// How many different values each group has.
///
/// # Errors
/// If the column is of a type that has no order.
pub fn count_unique(values: &ArrayRef, groups: &Groups) -> Result<ArrayRef> {
    Ok(Arc::new(Int64Array::from(groups.count_distinct(values)?)))
}

/// A column of numbers in a width that holds all.
enum Numbers {
    Signed(ArrayRef),
    Unsigned(ArrayRef),
    Floats(ArrayRef),
}

impl Numbers {
    fn of(values: &ArrayRef) -> Result<Numbers> {
        Ok(match values.data_type() {
            DataType::UInt64 => Numbers::Unsigned(Arc::clone(values)),
            data_type if data_type.is_floating() => Numbers::Floats(cast(values, &DataType::Float64)?),
            _ => Numbers::Signed(cast(values, &DataType::Int64)?),
        })
    }
}

/// What some numbers come to, and how many they are.
#[derive(Clone, Default)]
struct Total<S> {
    sum: S,
    count: u32,
}

/// Totals of whole numbers, exact.
fn whole_totals<T: ArrowPrimitiveType>(array: &ArrayRef, groups: &Groups) -> Vec<Total<i128>>
where
    i128: From<T::Native>,
{
    // 2^64 values of 64 bits fit into 128.
    groups.gather(array.as_primitive::<T>(), |total: &mut Total<i128>, number| {
        total.sum += i128::from(number);
        total.count += 1;
    })
}

/// A sum of floats that keeps what rounding takes off (Neumaier's).
#[derive(Clone, Copy, Default)]
struct FloatSum {
    sum: f64,
    lost: f64,
}

impl FloatSum {
    fn add(&mut self, value: f64) {
        let sum = self.sum + value;
        self.lost +=
            if self.sum.abs() >= value.abs() { (self.sum - sum) + value } else { (value - sum) + self.sum };
        self.sum = sum;
    }

    /// `None` if it is beyond all floats.
    fn get(self) -> Option<f64> {
        Some(self.sum + self.lost).filter(|sum| sum.is_finite())
    }
}

fn float_totals(array: &ArrayRef, groups: &Groups) -> Vec<Total<FloatSum>> {
    groups.gather(array.as_primitive::<Float64Type>(), |total: &mut Total<FloatSum>, value| {
        total.sum.add(value);
        total.count += 1;
    })
}

/// The sum of each group's numbers, of none it is 0: exact for whole ones, in 64 bits, unsigned if they must be, and as
/// floats if a sum is beyond both. A sum of floats that is beyond them has no value.
///
/// # Errors
/// If the column holds no numbers.
pub fn sum(values: &ArrayRef, groups: &Groups) -> Result<ArrayRef> {
    let numbers = Numbers::of(values)?;
    let totals = match &numbers {
        Numbers::Signed(array) => whole_totals::<Int64Type>(array, groups),
        Numbers::Unsigned(array) => whole_totals::<UInt64Type>(array, groups),
        Numbers::Floats(array) => {
            let totals = float_totals(array, groups);
            return Ok(Arc::new(Float64Array::from_iter(totals.into_iter().map(|total| total.sum.get()))));
        }
    };
    let sums = || totals.iter().map(|total| total.sum);
    if let Ok(signed) = sums().map(i64::try_from).collect::<std::result::Result<Vec<_>, _>>() {
        return Ok(Arc::new(Int64Array::from(signed)));
    }
    if let Ok(unsigned) = sums().map(u64::try_from).collect::<std::result::Result<Vec<_>, _>>() {
        return Ok(Arc::new(UInt64Array::from(unsigned)));
    }
    Ok(Arc::new(Float64Array::from_iter_values(sums().map(|sum| sum as f64))))
}

/// Whether the sums of these numbers are of one type, whatever groups they are in: what a step by key has to know, as parts of a table see
/// other sums than all of it has.
///
/// # Errors
/// If the column holds no numbers.
pub fn sums_are_of_one_type(values: &ArrayRef) -> Result<bool> {
    let largest = match Numbers::of(values)? {
        Numbers::Signed(array) => {
            let ends = [
                arrow::compute::min::<Int64Type>(array.as_primitive()),
                arrow::compute::max::<Int64Type>(array.as_primitive()),
            ];
            ends.into_iter().flatten().map(i64::unsigned_abs).max()
        }
        Numbers::Unsigned(array) => arrow::compute::max::<UInt64Type>(array.as_primitive()),
        Numbers::Floats(_) => None,
    };
    let largest = u128::from(largest.unwrap_or_default());
    Ok(largest * values.len() as u128 <= i64::MAX as u128)
}

/// The sum of a column's floats; `None` if it has none. In WebAssembly Arrow's own takes twice as long where there are a few nulls,
/// as it looks at each row whether there is a value: this one adds up the runs between them.
pub fn total(floats: &Float64Array) -> Option<f64> {
    const MANY_NULLS: usize = 8;
    let (values, nulls) = (floats.values(), floats.nulls().filter(|nulls| nulls.null_count() > 0));
    let Some(nulls) = nulls.filter(|nulls| nulls.null_count() * MANY_NULLS < values.len()) else {
        return arrow::compute::sum(floats);
    };
    // Several at a time, which are added up at the end.
    let mut sums = [0.0; 8];
    for (start, end) in nulls.valid_slices() {
        let (chunks, rest) = values[start..end].as_chunks::<8>();
        for chunk in chunks {
            sums.iter_mut().zip(chunk).for_each(|(sum, value)| *sum += value);
        }
        sums.iter_mut().zip(rest).for_each(|(sum, value)| *sum += value);
    }
    Some(sums.iter().sum())
}

/// The mean of each group's numbers.
///
/// # Errors
/// As [`sum`].
pub fn mean(values: &ArrayRef, groups: &Groups) -> Result<ArrayRef> {
    fn means<S>(totals: Vec<Total<S>>, get: impl Fn(S) -> Option<f64>) -> ArrayRef {
        let means = totals.into_iter().map(|Total { sum, count }| match count {
            0 => None,
            _ => get(sum).map(|sum| sum / f64::from(count)),
        });
        Arc::new(Float64Array::from_iter(means))
    }
    let numbers = Numbers::of(values)?;
    Ok(match &numbers {
        Numbers::Signed(array) => means(whole_totals::<Int64Type>(array, groups), |sum| Some(sum as f64)),
        Numbers::Unsigned(array) => means(whole_totals::<UInt64Type>(array, groups), |sum| Some(sum as f64)),
        Numbers::Floats(array) => means(float_totals(array, groups), FloatSum::get),
    })
}

/// The median of each group's numbers.
///
/// # Errors
/// As [`sum`].
pub fn median(values: &ArrayRef, groups: &Groups) -> Result<ArrayRef> {
    let mut members: Vec<Vec<f64>> = match &Numbers::of(values)? {
        Numbers::Signed(array) => groups
            .gather(array.as_primitive::<Int64Type>(), |members: &mut Vec<f64>, number| {
                members.push(number as f64)
            }),
        Numbers::Unsigned(array) => groups
            .gather(array.as_primitive::<UInt64Type>(), |members: &mut Vec<f64>, number| {
                members.push(number as f64)
            }),
        Numbers::Floats(array) => groups.gather(array.as_primitive::<Float64Type>(), Vec::push),
    };
    Ok(Arc::new(Float64Array::from_iter(members.iter_mut().map(|members| middle(members)))))
}

fn middle(members: &mut [f64]) -> Option<f64> {
    let half = members.len() / 2;
    if members.is_empty() {
        return None;
    }
    let (below, upper, _) = members.select_nth_unstable_by(half, f64::total_cmp);
    let upper = *upper;
    if below.len() < half || members.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = members[..half].iter().copied().max_by(f64::total_cmp)?;
    // Halved first, so that two large ones don't add up beyond all floats.
    Some(lower / 2.0 + upper / 2.0)
}

/// The row of each group that is the first, or the first of the least or the greatest.
fn choose(values: &ArrayRef, groups: &Groups, better: impl Fn(usize, usize) -> bool) -> Result<ArrayRef> {
    let mut chosen: Vec<Option<u32>> = vec![None; groups.count()];
    for (row, group) in groups.valued(values) {
        if chosen[group].is_none_or(|best| better(row, best as usize)) {
            chosen[group] = Some(row as u32);
        }
    }
    take(values, &UInt32Array::from(chosen), None)
}

/// The first value of each group.
///
/// # Errors
/// None, unless the column is broken.
pub fn first(values: &ArrayRef, groups: &Groups) -> Result<ArrayRef> {
    choose(values, groups, |_, _| false)
}

/// The least value of each group.
///
/// # Errors
/// As [`count_unique`].
pub fn min(values: &ArrayRef, groups: &Groups) -> Result<ArrayRef> {
    extreme(values, groups, false)
}

/// The greatest value of each group.
///
/// # Errors
/// As [`count_unique`].
pub fn max(values: &ArrayRef, groups: &Groups) -> Result<ArrayRef> {
    extreme(values, groups, true)
}

fn extreme(values: &ArrayRef, groups: &Groups, greatest: bool) -> Result<ArrayRef> {
    let comparable = comparable(values)?;
    if let Some(ranks) = ranks(&comparable)? {
        return choose(values, groups, |row, best| match greatest {
            true => ranks[row] > ranks[best],
            false => ranks[row] < ranks[best],
        });
    }
    let texts = comparable.as_string::<i32>();
    choose(values, groups, |row, best| match greatest {
        true => texts.value(row) > texts.value(best),
        false => texts.value(row) < texts.value(best),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_many_is_found() {
        assert_eq!(middle(&mut []), None);
        assert_eq!(middle(&mut [3.0]), Some(3.0));
        assert_eq!(middle(&mut [3.0, 1.0]), Some(2.0));
        assert_eq!(middle(&mut [9.0, 1.0, 5.0]), Some(5.0));
        assert_eq!(middle(&mut [4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(middle(&mut [f64::MAX, f64::MAX]), Some(f64::MAX));
    }

    #[test]
    fn a_total_is_that_of_all_values_however_many_there_are() {
        // Whole numbers, so that it does not matter which are added up first.
        let value = |row: usize| ((row * 7919) % 1000) as f64 - 300.0;
        for every in [0, 1, 2, 7, 9, 40, 1000] {
            for rows in [0, 1, 8, 63, 64, 65, 500] {
                let is_null = |row: usize| every > 0 && row.is_multiple_of(every);
                let floats: Float64Array = (0..rows).map(|row| (!is_null(row)).then(|| value(row))).collect();
                for start in [0, 1, 5].into_iter().filter(|start| *start <= rows) {
                    let there: Vec<f64> = (start..rows).filter(|row| !is_null(*row)).map(value).collect();
                    let wanted = (!there.is_empty()).then(|| there.iter().sum());
                    assert_eq!(total(&floats.slice(start, rows - start)), wanted, "{every}, {rows}, {start}");
                }
            }
        }
    }

    #[test]
    fn sums_of_floats_keep_what_is_small() {
        let mut sum = FloatSum::default();
        [1e16, 1.0, -1e16].into_iter().for_each(|value| sum.add(value));
        assert_eq!(sum.get(), Some(1.0));
        let mut sum = FloatSum::default();
        [f64::MAX, f64::MAX].into_iter().for_each(|value| sum.add(value));
        assert_eq!(sum.get(), None);
    }
}
