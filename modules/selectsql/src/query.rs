//! The statement and what it gives.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::colnames::{MAX_COLUMN_NAME_BYTES, unique_colnames_and_warnings};
use crunchbox_sdk::{I18nMessage, Output, Result};
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::{Batch, Connection, Statement};

use crate::cells::{Bytes, Cells};
use crate::{complaint, database, message};

/// Runs a statement on the database that holds a table of this schema.
pub(crate) fn run(connection: &Connection, sql: &str, input: &Schema) -> Result<Output> {
    let mut statement = only_statement(connection, sql)?;
    let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let mut known = HashSet::new();
    if let Some(twin) = names.iter().find(|name| !known.insert(name.as_str())) {
        return Err(message("badValue.sql.duplicateColumnName").arg("colname", twin.as_str()).into());
    }
    let origins = origins(&statement, input);
    let cells = cells(&mut statement, &names)?;
    let (names, warnings) = unique_colnames_and_warnings(&names, &[], MAX_COLUMN_NAME_BYTES);
    let columns = cells.into_iter().zip(&names).zip(origins);
    let (fields, columns): (Vec<_>, Vec<_>) =
        columns.map(|((cells, name), origin)| cells.finish(name, input, origin.as_ref())).unzip();
    let table = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
    Ok(warnings.into_iter().fold(Output::table(table), Output::warn))
}

/// The one statement, which gives columns.
fn only_statement<'a>(
    connection: &'a Connection,
    sql: &str,
) -> std::result::Result<Statement<'a>, I18nMessage> {
    let mut statements = Batch::new(connection, sql);
    let statement = statements.next().map_err(|error| complaint(&error))?;
    let Some(statement) = statement else { return Err(message("badValue.sql.commentedQuery")) };
    if !matches!(statements.next(), Ok(None)) {
        return Err(message("badValue.sql.tooManyCommands"));
    }
    if statement.column_count() == 0 {
        return Err(message("badValue.sql.commentedQuery"));
    }
    Ok(statement)
}

/// For each column of the result the input's column that it is, if it is one as it is.
fn origins(statement: &Statement, input: &Schema) -> Vec<Option<Field>> {
    let columns = statement.columns_with_metadata();
    let origin = columns.iter().map(|column| {
        let name = column.origin_name().filter(|_| column.table_name() == Some(database::TABLE))?;
        input.field_with_name(name).ok().cloned()
    });
    origin.collect()
}

fn cells(statement: &mut Statement, names: &[String]) -> Result<Vec<Cells>> {
    let mut cells: Vec<Cells> = names.iter().map(|_| Cells::Nulls(0)).collect();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(|error| complaint(&error))? {
        for (index, cells) in cells.iter_mut().enumerate() {
            cells.push(row.get_ref(index)?).map_err(|Bytes| {
                let text =
                    format!("SQL error: column \"{}\" holds bytes; select hex() of them", names[index]);
                I18nMessage::new("TODO_i18n").arg("text", text)
            })?;
        }
    }
    Ok(cells)
}
