//! What the user wants.

use arrow::record_batch::RecordBatch;
use crunchbox_sdk::JsonMap;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Deserialize)]
pub(crate) struct Params {
    pub(crate) right_tab: Option<String>,
    join_columns: JoinColumns,
    #[serde(rename = "type")]
    pub(crate) join: Join,
}

#[derive(Debug, Deserialize)]
struct JoinColumns {
    on: Vec<String>,
    right: Vec<String>,
    #[serde(rename = "rightAll")]
    right_all: bool,
}

/// Which table's rows are all kept.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Join {
    Left,
    Inner,
    Right,
}

impl Params {
    /// The columns that are compared: both tables have them.
    pub(crate) fn on<'a>(&'a self, left: &RecordBatch, right: &RecordBatch) -> Vec<&'a str> {
        let mut names: Vec<&str> = Vec::new();
        for name in &self.join_columns.on {
            let has = |table: &RecordBatch| table.schema_ref().index_of(name).is_ok();
            if has(left) && has(right) && !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }

    /// The right table's columns that are added, in its order.
    pub(crate) fn added<'a>(&self, left: &RecordBatch, right: &'a RecordBatch, on: &[&str]) -> Vec<&'a str> {
        let wanted = |name: &&str| match self.join_columns.right_all {
            true => left.schema_ref().index_of(name).is_err(),
            false => self.join_columns.right.iter().any(|right| right == name) && !on.contains(name),
        };
        right.schema_ref().fields().iter().map(|field| field.name().as_str()).filter(wanted).collect()
    }
}

/// Brings params of older versions up to date: once the type was a number and the columns were texts with commas, and
/// later there was no `rightAll` yet.
pub(crate) fn migrate(mut params: JsonMap) -> JsonMap {
    let types = ["left", "inner", "right"];
    let number = params.get("type").and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
    if let Some(name) = number.and_then(|number| types.get(number)) {
        params.insert("type".to_owned(), json!(name));
    }
    if let Some(Value::Object(columns)) = params.get_mut("join_columns") {
        for key in ["on", "right"] {
            if let Some(Value::String(names)) = columns.get(key) {
                let names: Vec<&str> = names.split(',').filter(|name| !name.is_empty()).collect();
                let names = json!(names);
                columns.insert(key.to_owned(), names);
            }
        }
        columns.entry("rightAll").or_insert(Value::Bool(false));
    }
    params
}
