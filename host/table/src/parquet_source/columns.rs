//! Columns of one table, decoded beside each other: each thread takes some of them, through all row groups.
//!
//! Not row groups beside each other: these come one after the other, so all but the first would have to be kept whole.

use std::iter;
use std::thread;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use parquet::file::metadata::ParquetMetaData;

use super::retyped;
use crate::error::{Check, TableError};
use crate::source::Batches;

/// More threads would wait for the one that puts together what they decode.
const MAX_THREADS: usize = 4;

/// What decoding a value takes, however few bytes it has in the file, counted in bytes that are decoded.
const VALUE_COST: u64 = 8;

/// Divides columns among as many threads as this process may use at a time, so that all have about as much to do.
///
/// * `places`: of the columns, in order. So are those of each thread.
pub(super) fn divide(metadata: &ParquetMetaData, groups: &[usize], places: &[usize]) -> Vec<Vec<usize>> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
    deal(&costs(metadata, groups, places), threads)
        .into_iter()
        .map(|hand| hand.into_iter().map(|index| places[index]).collect())
        .collect()
}

/// By what the file says of itself; should that be wrong, one thread has more to do.
fn costs(metadata: &ParquetMetaData, groups: &[usize], places: &[usize]) -> Vec<u64> {
    let schema = metadata.file_metadata().schema_descr();
    let mut costs = vec![0u64; places.len()];
    for group in groups.iter().filter_map(|group| metadata.row_groups().get(*group)) {
        for (leaf, column) in group.columns().iter().enumerate() {
            let Ok(index) = places.binary_search(&schema.get_column_root_idx(leaf)) else { continue };
            let number = |number: i64| u64::try_from(number).unwrap_or(0);
            let cost = number(column.num_values())
                .saturating_mul(VALUE_COST)
                .saturating_add(number(column.uncompressed_size()));
            costs[index] = costs[index].saturating_add(cost);
        }
    }
    costs
}

/// The largest first, each to whom has least.
fn deal(costs: &[u64], hands: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..costs.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(costs[*index]));
    let mut dealt = vec![(0u64, Vec::new()); hands.clamp(1, costs.len().max(1))];
    for index in order {
        if let Some((sum, hand)) = dealt.iter_mut().min_by_key(|(sum, hand)| (*sum, hand.len())) {
            *sum = sum.saturating_add(costs[index]);
            hand.push(index);
        }
    }
    for (_, hand) in &mut dealt {
        hand.sort_unstable();
    }
    dealt.into_iter().map(|(_, hand)| hand).collect()
}

/// Puts batches of some columns each together to batches of all.
///
/// * `parts`: the places of the columns in a batch, and the batches. All have to cut their rows in the same places.
pub(super) fn side_by_side(schema: SchemaRef, mut parts: Vec<(Vec<usize>, Batches)>) -> Batches {
    Box::new(iter::from_fn(move || next(&schema, &mut parts).transpose()))
}

fn next(schema: &SchemaRef, parts: &mut [(Vec<usize>, Batches)]) -> Result<Option<RecordBatch>, TableError> {
    let mut columns = vec![None; schema.fields().len()];
    let mut rows = None;
    for (index, (places, batches)) in parts.iter_mut().enumerate() {
        let batch = batches.next().transpose()?;
        let found = batch.as_ref().map(RecordBatch::num_rows);
        if index > 0 && found != rows {
            let what = "cannot be decoded: its columns have different numbers of rows";
            return Err(TableError::new(Check::Parquet, what));
        }
        rows = found;
        for (place, column) in places.iter().zip(batch.iter().flat_map(RecordBatch::columns)) {
            columns[*place] = Some(column.clone());
        }
    }
    let Some(rows) = rows else { return Ok(None) };
    let columns: Vec<ArrayRef> = columns.into_iter().flatten().collect();
    retyped(schema, columns, rows).map(Some)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, StringArray};

    use super::*;

    #[test]
    fn all_columns_are_dealt_and_the_sums_are_alike() {
        assert_eq!(deal(&[1, 9, 5, 5], 2), [vec![0, 1], vec![2, 3]]);
        assert_eq!(deal(&[u64::MAX, u64::MAX, 1], 2), [vec![0, 2], vec![1]]);
        assert_eq!(deal(&[0, 0, 0], 2), [vec![0, 2], vec![1]]);
        assert_eq!(deal(&[7, 8], 4), [vec![1], vec![0]]);
        assert_eq!(deal(&[], 4), [Vec::<usize>::new()]);
    }

    fn part(columns: Vec<(&str, ArrayRef)>) -> Result<RecordBatch, TableError> {
        Ok(RecordBatch::try_from_iter(columns).unwrap())
    }

    fn numbers(rows: i64) -> ArrayRef {
        Arc::new((0..rows).collect::<Int64Array>())
    }

    fn text(rows: i64) -> ArrayRef {
        Arc::new((0..rows).map(|row| Some(row.to_string())).collect::<StringArray>())
    }

    #[test]
    fn columns_come_together_in_their_order() {
        let whole = part(vec![("a", numbers(3)), ("b", text(3)), ("c", numbers(3))]).unwrap();
        let outer: Batches = Box::new([part(vec![("a", numbers(3)), ("c", numbers(3))])].into_iter());
        let inner: Batches = Box::new([part(vec![("b", text(3))])].into_iter());
        let mut together = side_by_side(whole.schema(), vec![(vec![0, 2], outer), (vec![1], inner)]);
        assert_eq!(together.next().unwrap().unwrap(), whole);
        assert!(together.next().is_none());
    }

    #[test]
    fn columns_of_different_lengths_are_an_error() {
        let schema = part(vec![("a", numbers(1)), ("b", text(1))]).unwrap().schema();
        let column = |name, counts: &[i64]| -> Batches {
            let batches: Vec<_> = counts.iter().map(|rows| part(vec![(name, numbers(*rows))])).collect();
            Box::new(batches.into_iter())
        };
        for (left, right) in [(&[3][..], &[2][..]), (&[3], &[]), (&[3], &[3, 1]), (&[3, 1], &[3])] {
            let parts = vec![(vec![0], column("a", left)), (vec![1], column("b", right))];
            let last = side_by_side(schema.clone(), parts).find_map(Result::err);
            assert!(last.is_some(), "{left:?} {right:?}");
        }
    }
}
