//! Tidies columns of text.

#![forbid(unsafe_code)]

mod clean;

use arrow::array::Array;
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::{
    ColumnKind, JsonMap, Result, column_index, compact, migrate_colnames, step, with_column,
};
use serde_json::Value;

use crate::clean::{Cleaning, Options};

#[derive(serde::Deserialize)]
struct Params {
    colnames: Vec<String>,
    #[serde(flatten)]
    options: Options,
}

#[step(migrate = migrate)]
fn render(table: RecordBatch, params: Params) -> Result<RecordBatch> {
    let cleaning = Cleaning::new(&params.options)?;
    let mut table = table;
    for name in &params.colnames {
        let index = column_index(&table, name)?;
        if ColumnKind::of(table.column(index).data_type()) != Some(ColumnKind::Text) {
            continue;
        }
        let clean = cleaning.column(table.column(index))?;
        let field = table.schema_ref().field(index).clone().with_data_type(clean.data_type().clone());
        table = with_column(&table, index, field, clean)?;
    }
    Ok(compact(&table)?)
}

/// The menus were numbers once, and one of them had an entry for nothing.
fn migrate(params: JsonMap) -> JsonMap {
    let mut params = migrate_colnames(params);
    for (menu, words) in [
        ("type_space", &["trim_around", "trim_before", "trim_after", "remove_all", "nop"][..]),
        ("type_caps", &["nop", "upper", "lower"]),
        ("type_char", &["nop", "delete", "keep"]),
    ] {
        let number = params.get(menu).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
        if let Some(word) = number.and_then(|number| words.get(number)) {
            params.insert(menu.to_owned(), (*word).into());
        }
    }
    if let Some(word) = params.get("type_char").and_then(Value::as_str).map(str::to_owned) {
        params.insert("type_char".to_owned(), (word == "keep").into());
        if word == "nop" {
            for kind in ["letter", "number", "punc", "custom"] {
                params.insert(kind.to_owned(), false.into());
            }
        }
    }
    params
}

#[cfg(test)]
mod tests;
