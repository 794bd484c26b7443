//! Runs an SQL statement on the table, in SQLite.

#![forbid(unsafe_code)]

mod cells;
mod database;
mod query;
mod times;

use arrow::record_batch::RecordBatch;
use crunchbox_sdk::{I18nMessage, JsonMap, Output, Result, Source, step};

#[derive(serde::Deserialize)]
struct Params {
    sql: String,
}

#[step(migrate = migrate)]
fn render(table: RecordBatch, params: Params) -> Result<Output> {
    if params.sql.trim().is_empty() {
        return Err(message("badParam.sql.missing").into());
    }
    if table.num_columns() == 0 {
        return Ok(Output::table(table));
    }
    let connection = database::open(&table)?;
    query::run(&connection, &params.sql, table.schema_ref())
}

fn message(id: &str) -> I18nMessage {
    I18nMessage::new(id).from_source(Source::Module)
}

/// What SQLite complains of, which the user can mend.
fn complaint(error: &rusqlite::Error) -> I18nMessage {
    let text = match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        rusqlite::Error::SqliteFailure(_, Some(text)) => text.clone(),
        other => other.to_string(),
    };
    if text.starts_with("no such table: ") {
        return message("badValue.sql.invalidTableName").arg("table_name", database::TABLE);
    }
    let text =
        if text.starts_with("near ") { format!("SQL error {text}") } else { format!("SQL error: {text}") };
    // It is in English and in no catalogue.
    I18nMessage::new("TODO_i18n").arg("text", text)
}

/// Once there was a button to run it.
fn migrate(mut params: JsonMap) -> JsonMap {
    params.remove("run");
    params
}

#[cfg(test)]
mod tests;
