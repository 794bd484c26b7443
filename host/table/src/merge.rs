//! Putting the rows of several tables in order, each of which says where its rows belong among those of the others.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, RecordBatch};
use arrow::buffer::Buffer;
use arrow::compute::{concat_batches, interleave};
use arrow::datatypes::{DataType, Schema};
use arrow::error::ArrowError;
use crunchbox_protocol::{FileFormat, Profile, TableLimits};

use crate::error::{Check, TableError, guarded};
use crate::info::TableInfo;
use crate::ipc::{Bodies, IpcFile, values_error};
use crate::place::without_dictionaries;
use crate::rules::TableRules;
use crate::sink::{Sink, Written};
use crate::source::{Dictionaries, batch_of};
use crate::validate::fits_inputs;

/// Writes one table of the rows of all, in order, into `output`: an Arrow file of one record batch, which keeps the rules as well.
///
/// * `parts`: Arrow files, each with its order: another Arrow file, of one column of type Binary, which has bytes for each row of the
///   table. They ascend, and are nowhere the same.
///
/// # Errors
/// [`TableError`] if that is not so, if the tables' columns differ, or all rows are more than one table may have.
pub fn merge(
    parts: &[(Buffer, Buffer)],
    output: File,
    profile: Profile,
    limits: &TableLimits,
) -> Result<TableInfo, TableError> {
    guarded(|| {
        let bytes = parts.iter().fold(0, |all: u64, (table, _)| all.saturating_add(table.len() as u64));
        if bytes > limits.decoded_bytes {
            let what = "bytes in all parts";
            return Err(TableError::over(Check::MaxDecodedBytes, what, bytes, limits.decoded_bytes));
        }
        let mut tables: Vec<RecordBatch> = Vec::new();
        let mut orders = Vec::new();
        for (table, order) in parts {
            let table = IpcFile::open(table.clone(), limits, Bodies::Uncompressed)?;
            without_dictionaries(&table)?;
            let table = all_rows(table)?;
            if tables.first().is_some_and(|first| first.schema() != table.schema()) {
                let what = "the columns are not those of another part: a step that works by key gives all rows the same";
                return Err(TableError::new(Check::ArrowSchema, what));
            }
            orders.push(order_of(order, table.num_rows(), limits)?);
            tables.push(table);
        }
        let fields = tables.first().map(|table| table.schema().fields().clone()).unwrap_or_default();
        let schema = Arc::new(Schema::new(fields));
        let places = places(&orders)?;
        drop(orders);
        let column = |index| {
            let arrays: Vec<&dyn Array> = tables.iter().map(|table| table.column(index).as_ref()).collect();
            interleave(&arrays, &places)
        };
        let columns: Result<Vec<ArrayRef>, ArrowError> = (0..schema.fields().len()).map(column).collect();
        let batch = columns.and_then(|columns| batch_of(schema.clone(), columns, places.len()));
        let batch = batch.map_err(|error| values_error(&error))?;
        let mut rules = TableRules::new(schema.clone(), profile, limits)?;
        rules.batch(&batch)?;
        rules.finish()?;
        let (rows, whole) = (rules.rows(), Some(u64::MAX));
        let mut sink = Sink::new(FileFormat::Arrow, output, &schema, rows, whole, Dictionaries::Any)?;
        sink.write(&batch)?;
        let Written { bytes, .. } = sink.finish()?;
        Ok(TableInfo { plain: fits_inputs(&schema, profile), ..TableInfo::new(&schema, rows, bytes) })
    })
}

fn all_rows(mut file: IpcFile) -> Result<RecordBatch, TableError> {
    let mut batches = Vec::new();
    while let Some(batch) = file.next_batch()? {
        batches.push(batch);
    }
    match batches.len() {
        1 => Ok(batches.remove(0)),
        _ => concat_batches(file.schema(), &batches).map_err(|error| values_error(&error)),
    }
}

/// Where so many rows belong.
fn order_of(file: &Buffer, rows: usize, limits: &TableLimits) -> Result<BinaryArray, TableError> {
    let unfit = |what: String| TableError::new(Check::Order, what);
    let order = IpcFile::open(file.clone(), limits, Bodies::Uncompressed).and_then(all_rows);
    let order = order.map_err(|error| unfit(format!("the order file: {}", error.detail())))?;
    let column = match order.columns() {
        [column] if *column.data_type() == DataType::Binary => column.as_binary::<i32>().clone(),
        _ => {
            let types = order.columns().iter().map(|column| column.data_type().to_string());
            let types = types.collect::<Vec<_>>().join(", ");
            return Err(unfit(format!(
                "the order file has columns of type {types:.100}, and is to have one of Binary"
            )));
        }
    };
    if column.len() != rows {
        return Err(unfit(format!("the order file has {} rows, and the table {rows}", column.len())));
    }
    if column.null_count() > 0 {
        return Err(unfit("a row of the order file is null".to_owned()));
    }
    let place = |row| column.value(row);
    match (1..rows).find(|row| place(row - 1) >= place(*row)) {
        Some(row) => Err(unfit(format!("row {row} of the order file is not above the one before"))),
        None => Ok(column),
    }
}

/// Which row of which part comes when.
fn places(orders: &[BinaryArray]) -> Result<Vec<(usize, usize)>, TableError> {
    let mut next = vec![0; orders.len()];
    let mut places = Vec::with_capacity(orders.iter().map(BinaryArray::len).sum());
    loop {
        let heads = orders.iter().zip(&next).enumerate();
        let heads = heads.filter(|(_, (order, row))| **row < order.len());
        let mut heads = heads.map(|(part, (order, row))| (order.value(*row), part));
        let Some(mut least) = heads.next() else { return Ok(places) };
        for head in heads {
            if head.0 == least.0 {
                let what = "two parts have a row at one place: equal keys are to fall to one part, and places to differ";
                return Err(TableError::new(Check::Order, what));
            }
            if head.0 < least.0 {
                least = head;
            }
        }
        let (_, part) = least;
        places.push((part, next[part]));
        next[part] += 1;
    }
}
