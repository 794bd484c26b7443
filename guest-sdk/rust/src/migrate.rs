//! What many steps' old params have in common.

use serde_json::Value;

use crate::JsonMap;

/// Params whose `colnames` are a list: they were names with commas between once.
///
/// ```
/// use crunchbox_sdk::migrate_colnames;
/// use serde_json::json;
///
/// let old = json!({"colnames": "A,B"}).as_object().unwrap().clone();
/// assert_eq!(migrate_colnames(old)["colnames"], json!(["A", "B"]));
/// ```
pub fn migrate_colnames(mut params: JsonMap) -> JsonMap {
    if let Some(colnames) = params.get_mut("colnames")
        && let Value::String(names) = colnames
    {
        *colnames = names.split(',').filter(|name| !name.is_empty()).collect();
    }
    params
}
