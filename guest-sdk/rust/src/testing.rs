//! Running a step in a native `cargo test`, and making tables for it.
//!
//! ```
//! use crunchbox_sdk::{Result, testing};
//! use crunchbox_sdk::prelude::*;
//!
//! # #[derive(serde::Deserialize)] struct Params { n: usize }
//! fn render(table: RecordBatch, params: Params) -> Result<RecordBatch> {
//!     Ok(table.slice(0, params.n))
//! }
//!
//! let table = testing::table([testing::text("A", [Some("x"), Some("y")])]);
//! let output = testing::run(render, table, serde_json::json!({"n": 1})).unwrap();
//! testing::assert_table(&output, &testing::table([testing::text("A", [Some("x")])]));
//! ```

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Date32Array, DictionaryArray, Float64Array, Int64Array, StringArray,
    TimestampNanosecondArray,
};
use arrow::compute::interleave;
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::columns::{date_field, number_field};
use crate::context::{Tab, TabSource};
use crate::keys::KeyPart;
use crate::main_loop::params;
use crate::{Context, DateUnit, IntoOutput, Output, Result};

/// A column and its field.
pub type Column = (Field, ArrayRef);

/// Runs a step's function of a table and params, as the host would: the params go through JSON into its type.
///
/// # Errors
/// If the step has a bug. What it tells the user is in the output.
pub fn run<P: DeserializeOwned, R: IntoOutput>(
    render: impl FnOnce(RecordBatch, P) -> R,
    table: RecordBatch,
    json: Value,
) -> Result<Output> {
    run_with(|table, params, _| render(table, params), table, json, &Context::default())
}

/// The same for a function that asks for its surroundings too.
///
/// # Errors
/// As [`run`].
pub fn run_with<P: DeserializeOwned, R: IntoOutput>(
    render: impl FnOnce(RecordBatch, P, &Context) -> R,
    table: RecordBatch,
    json: Value,
    context: &Context,
) -> Result<Output> {
    let map = json.as_object().cloned().unwrap_or_default();
    render(table, params(map)?, context).into_output()
}

/// Surroundings with this tab name and no tabs.
pub fn context(tab_name: &str) -> Context {
    Context { tab_name: tab_name.to_owned(), ..Context::default() }
}

/// Surroundings in which one of so many parts of the table is asked for.
pub fn key_part(number: u32, count: u32) -> Context {
    Context { key_part: Some(KeyPart { number, count }), ..Context::default() }
}

/// The same surroundings with one more tab.
#[must_use]
pub fn with_tab(mut context: Context, slug: &str, name: &str, table: RecordBatch) -> Context {
    context.tabs.insert(slug.to_owned(), Tab { name: name.to_owned(), source: TabSource::Table(table) });
    context
}

/// A table of these columns, which must be of one length.
///
/// # Panics
/// If they are not.
pub fn table(columns: impl IntoIterator<Item = Column>) -> RecordBatch {
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns.into_iter().unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).expect("columns of one length")
}

/// A text column.
pub fn text<'a>(name: &str, values: impl IntoIterator<Item = Option<&'a str>>) -> Column {
    (Field::new(name, DataType::Utf8, true), Arc::new(StringArray::from_iter(values)))
}

/// A text column that is stored as a dictionary.
pub fn dictionary<'a>(name: &str, values: impl IntoIterator<Item = Option<&'a str>>) -> Column {
    let array: DictionaryArray<Int32Type> = values.into_iter().collect();
    (Field::new(name, array.data_type().clone(), true), Arc::new(array))
}

/// A column of floats in the format `{:,}`.
pub fn number(name: &str, values: impl IntoIterator<Item = Option<f64>>) -> Column {
    number_array(name, "{:,}", Arc::new(Float64Array::from_iter(values)))
}

/// A column of 64-bit integers in the format `{:,}`.
pub fn integer(name: &str, values: impl IntoIterator<Item = Option<i64>>) -> Column {
    number_array(name, "{:,}", Arc::new(Int64Array::from_iter(values)))
}

/// A number column of any width.
pub fn number_array(name: &str, format: &str, array: ArrayRef) -> Column {
    (number_field(name, array.data_type().clone(), format), array)
}

/// A timestamp column, in nanoseconds since 1970-01-01 UTC.
pub fn timestamp(name: &str, values: impl IntoIterator<Item = Option<i64>>) -> Column {
    let array = TimestampNanosecondArray::from_iter(values);
    (Field::new(name, array.data_type().clone(), true), Arc::new(array))
}

/// A date column, in days since 1970-01-01.
pub fn date(name: &str, unit: DateUnit, values: impl IntoIterator<Item = Option<i32>>) -> Column {
    (date_field(name, unit), Arc::new(Date32Array::from_iter(values)))
}

/// Checks that an output is this table, without a word.
///
/// # Panics
/// If it isn't; both tables are shown then.
#[track_caller]
pub fn assert_table(output: &Output, expected: &RecordBatch) {
    assert!(output.errors.is_empty(), "the step says {:?}", output.errors);
    let Some(found) = &output.table else { panic!("the step gave no table") };
    assert!(
        found.schema().fields() == expected.schema().fields() && found.columns() == expected.columns(),
        "expected:\n{}found:\n{}",
        shown(expected),
        shown(found)
    );
}

/// Checks that an output has no table, and these messages' ids.
///
/// # Panics
/// If it isn't so.
#[track_caller]
pub fn assert_errors(output: &Output, ids: &[&str]) {
    let found: Vec<&str> = output.errors.iter().map(|error| error.message.id.as_str()).collect();
    assert_eq!((output.table.as_ref(), found.as_slice()), (None, ids));
}

/// Checks of a step that works by key that so many parts of a table, put in order, are what it makes of all of it.
///
/// # Panics
/// If they are not, or the step fails.
#[track_caller]
pub fn assert_parts<P: DeserializeOwned, R: IntoOutput>(
    render: impl Fn(RecordBatch, P, &Context) -> R,
    table: &RecordBatch,
    json: &Value,
    count: u32,
) {
    let output = |context: &Context| run_with(&render, table.clone(), json.clone(), context).expect("no bug");
    let whole = output(&Context::default());
    let mut rows: Vec<(Vec<u8>, (usize, usize))> = Vec::new();
    let mut tables = Vec::new();
    for number in 0..count {
        let Output { table, errors, json, order } = output(&key_part(number, count));
        assert_eq!((&errors, &json), (&whole.errors, &whole.json), "part {number} says something else");
        let table = table.expect("a table of each part");
        if let Some(order) = &order {
            assert_eq!(
                order.len(),
                table.num_rows(),
                "part {number} does not tell of all rows where they belong"
            );
        }
        // Columns of no rows may be of any type.
        if table.num_rows() == 0 {
            continue;
        }
        let place = |row| order.as_ref().map(|order| order.value(row).to_vec()).unwrap_or_default();
        rows.extend((0..table.num_rows()).map(|row| (place(row), (tables.len(), row))));
        tables.push((table, order));
    }
    // A stable order: rows that are said to belong nowhere stay as they are.
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(
        tables.len() <= 1 || tables.iter().all(|(_, order)| order.is_some()),
        "a part does not tell where its rows belong"
    );
    let whole = whole.table.expect("a table of all rows");
    if tables.is_empty() {
        assert_eq!(whole.num_rows(), 0, "no part has rows");
        return;
    }
    let columns = (0..whole.num_columns()).map(|column| {
        let parts: Vec<&dyn Array> = tables.iter().map(|(table, _)| table.column(column).as_ref()).collect();
        let rows: Vec<_> = rows.iter().map(|(_, place)| *place).collect();
        interleave(&parts, &rows).expect("columns of one type")
    });
    let schema = tables[0].0.schema();
    let parts = RecordBatch::try_new(schema, columns.collect()).expect("columns of one length");
    assert_table(&Output::table(parts), &whole);
}

fn shown(table: &RecordBatch) -> String {
    let mut text = String::new();
    for (field, array) in table.schema().fields().iter().zip(table.columns()) {
        // Writing to a String can't fail.
        let _ = write!(text, "  {:?} {} {:?}:", field.name(), field.data_type(), field.metadata());
        let options = FormatOptions::default().with_null("null");
        match ArrayFormatter::try_new(array, &options) {
            Ok(cells) => (0..array.len()).for_each(|row| {
                let _ = write!(text, " {}", cells.value(row));
            }),
            Err(error) => {
                let _ = write!(text, " {error}");
            }
        }
        text.push('\n');
    }
    text
}
