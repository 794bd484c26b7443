//! What the user wants.

use crunchbox_sdk::JsonMap;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Deserialize)]
pub(crate) struct Params {
    pub(crate) operation: Operation,
    pub(crate) key_colnames: Vec<String>,
    pub(crate) wtl_varcolname: String,
    pub(crate) wtl_valcolname: String,
    pub(crate) ltw_varcolname: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Operation {
    Widetolong,
    Longtowide,
    Transpose,
}

/// Brings params of older versions up to date: once the operation was called a direction, and was its place in the menu
/// before that; and there were a key and a second one, which only counted if a box was ticked.
pub(crate) fn migrate(params: JsonMap) -> JsonMap {
    if !params.contains_key("has_second_key") {
        return params;
    }
    let text = |key: &str| params.get(key).and_then(Value::as_str).unwrap_or_default();
    let operations = ["widetolong", "longtowide", "transpose"];
    let operation = match params.get("direction").and_then(Value::as_u64) {
        Some(place) => {
            usize::try_from(place).ok().and_then(|place| operations.get(place)).unwrap_or(&"widetolong")
        }
        None => text("direction"),
    };
    let has_second = params.get("has_second_key") == Some(&Value::Bool(true)) && operation == "longtowide";
    let second = if has_second { text("second_key") } else { "" };
    let keys: Vec<&str> = [text("colnames"), second].into_iter().filter(|key| !key.is_empty()).collect();
    let migrated = json!({
        "operation": operation,
        "key_colnames": keys,
        "ltw_varcolname": text("varcol"),
        "wtl_varcolname": "variable",
        "wtl_valcolname": "value",
    });
    migrated.as_object().cloned().unwrap_or_default()
}
