//! Fills cells that have no value.

#![forbid(unsafe_code)]

mod fill;

use arrow::array::Array;
use arrow::compute::is_null;
use arrow::datatypes::Field;
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::{
    JsonMap, Output, Result, column, column_index, compact, migrate_colnames, step, with_column,
};
use serde_json::json;

use crate::fill::Filled;

#[derive(serde::Deserialize)]
struct Params {
    colnames: Vec<String>,
    method: Method,
    value: String,
    from_colnames: Vec<String>,
}

#[derive(Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Method {
    Value,
    Pad,
    Backfill,
    Columns,
}

#[step(migrate = migrate)]
fn render(table: RecordBatch, params: Params) -> Result<Output> {
    let sources: Vec<_> =
        params.from_colnames.iter().map(|name| column(&table, name)).collect::<Result<_>>()?;
    let mut result = table.clone();
    let mut warnings = Vec::new();
    for name in &params.colnames {
        let index = column_index(&table, name)?;
        let target = (table.schema_ref().field(index), table.column(index));
        if !is_null(target.1)?.values().has_true() {
            continue;
        }
        let filled = match params.method {
            Method::Value => fill::with_value(target, &params.value)?,
            Method::Pad => Filled::Kept(fill::with_last(target.1, 0..table.num_rows())?),
            Method::Backfill => Filled::Kept(fill::with_last(target.1, (0..table.num_rows()).rev())?),
            Method::Columns => fill::from_columns(target, &sources)?,
        };
        let (column, field) = match filled {
            Filled::Kept(column) => {
                let field = target.0.clone().with_data_type(column.data_type().clone());
                (column, field)
            }
            Filled::Text(column, warning) => {
                let field = Field::new(name, column.data_type().clone(), true);
                warnings.push(warning);
                (column, field)
            }
        };
        result = with_column(&result, index, field, column)?;
    }
    Ok(warnings.into_iter().fold(Output::table(compact(&result)?), Output::warn))
}

/// The methods were numbers in two menus once.
fn migrate(params: JsonMap) -> JsonMap {
    let mut params = migrate_colnames(params);
    if let Some(content) = params.remove("contenttype") {
        let method = match (content.as_i64(), params.get("method").and_then(serde_json::Value::as_i64)) {
            (Some(0), _) => "value",
            (_, Some(0)) => "pad",
            _ => "backfill",
        };
        params.insert("method".to_owned(), method.into());
        let value = params.remove("fillvalue").unwrap_or_default();
        params.insert("value".to_owned(), value);
    }
    params.entry("from_colnames").or_insert_with(|| json!([]));
    params
}

#[cfg(test)]
mod tests;
