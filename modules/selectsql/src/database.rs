//! The table as SQLite's.

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Float64Type, Int64Type, Schema, TimestampNanosecondType, UInt64Type,
};
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::{ColumnKind, Error, Result, cast, plain};
use rusqlite::limits::Limit;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, OpenFlags};

use crate::{complaint, times};

/// What the table is called in SQL.
pub(crate) const TABLE: &str = "input";

/// A database in memory that holds the table and sees nothing else.
pub(crate) fn open(table: &RecordBatch) -> Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_in_memory_with_flags(flags)?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    // What is too much for SQLite's caches would go to a file.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    let columns: Vec<Column> = table.columns().iter().map(Column::new).collect::<Result<_>>()?;
    let definitions = definitions(table.schema_ref(), &columns);
    // Names that SQLite holds for one are the user's to mend.
    connection
        .execute(&format!("CREATE TABLE {TABLE} ({definitions})"), [])
        .map_err(|error| complaint(&error))?;
    let places = vec!["?"; columns.len()].join(", ");
    let transaction = connection.unchecked_transaction()?;
    let mut insert = transaction.prepare(&format!("INSERT INTO {TABLE} VALUES ({places})"))?;
    for row in 0..table.num_rows() {
        for (place, column) in (1..).zip(&columns) {
            insert.raw_bind_parameter(place, column.value(row))?;
        }
        insert.raw_execute()?;
    }
    drop(insert);
    transaction.commit()?;
    Ok(connection)
}

fn definitions(schema: &Schema, columns: &[Column]) -> String {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let fields = schema.fields().iter().zip(columns);
    let definitions: Vec<String> =
        fields.map(|(field, column)| format!("{} {}", quoted(field.name()), column.type_name())).collect();
    definitions.join(", ")
}

/// A column whose cells SQLite can take.
enum Column {
    Text(ArrayRef),
    Integers(ArrayRef),
    Unsigned(ArrayRef),
    Floats(ArrayRef),
    Timestamps(ArrayRef),
    Dates(ArrayRef),
}

impl Column {
    fn new(column: &ArrayRef) -> Result<Column> {
        let data_type = column.data_type();
        Ok(match ColumnKind::of(data_type) {
            Some(ColumnKind::Text) => Column::Text(plain(column)?),
            Some(ColumnKind::Number) if data_type.is_floating() => {
                Column::Floats(cast(column, &DataType::Float64)?)
            }
            Some(ColumnKind::Number) if *data_type == DataType::UInt64 => Column::Unsigned(column.clone()),
            Some(ColumnKind::Number) => Column::Integers(cast(column, &DataType::Int64)?),
            Some(ColumnKind::Timestamp) => Column::Timestamps(column.clone()),
            Some(ColumnKind::Date) => Column::Dates(column.clone()),
            None => return Err(Error::bug(format!("SQL has no type for {data_type}"))),
        })
    }

    fn type_name(&self) -> &'static str {
        match self {
            Column::Text(_) => "TEXT",
            Column::Integers(_) | Column::Unsigned(_) => "INTEGER",
            Column::Floats(_) => "REAL",
            Column::Timestamps(_) => "TIMESTAMP",
            Column::Dates(_) => "DATE",
        }
    }

    fn value(&self, row: usize) -> Option<ToSqlOutput<'_>> {
        let value = match self {
            Column::Text(texts) => {
                let text = texts.as_string::<i32>().value(cell(texts, row)?);
                return Some(ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())));
            }
            Column::Integers(numbers) => Value::Integer(native::<Int64Type>(numbers, row)?),
            Column::Unsigned(numbers) => {
                let number = native::<UInt64Type>(numbers, row)?;
                i64::try_from(number).map_or(Value::Real(number as f64), Value::Integer)
            }
            Column::Floats(numbers) => Value::Real(native::<Float64Type>(numbers, row)?),
            Column::Timestamps(times) => {
                Value::Text(times::timestamp_text(native::<TimestampNanosecondType>(times, row)?))
            }
            Column::Dates(dates) => Value::Text(times::date_text(native::<Date32Type>(dates, row)?)?),
        };
        Some(ToSqlOutput::Owned(value))
    }
}

fn cell(column: &ArrayRef, row: usize) -> Option<usize> {
    column.is_valid(row).then_some(row)
}

fn native<T: ArrowPrimitiveType>(column: &ArrayRef, row: usize) -> Option<T::Native> {
    Some(column.as_primitive::<T>().value(cell(column, row)?))
}
