//! Which columns params name.

use std::collections::BTreeSet;

use crunchbox_protocol::JsonMap;
use serde_json::Value;

use crate::schema::{ParamDtype, ParamSchema};

impl ParamSchema {
    /// The columns of the step's own input that params name, wherever a column may be named. Params that are not of their types name
    /// none.
    pub fn columns_named(&self, params: &JsonMap) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for (name, dtype) in self.params() {
            if let Some(value) = params.get(name) {
                collect(dtype, value, &mut names);
            }
        }
        names
    }
}

fn collect(dtype: &ParamDtype, value: &Value, names: &mut BTreeSet<String>) {
    match dtype {
        ParamDtype::Column { tab_parameter: None, .. } => add(value, names),
        ParamDtype::Multicolumn { tab_parameter: None, .. } => {
            value.as_array().into_iter().flatten().for_each(|name| add(name, names));
        }
        ParamDtype::Multichartseries => {
            let series = value.as_array().into_iter().flatten();
            series.filter_map(|series| series.get("column")).for_each(|name| add(name, names));
        }
        ParamDtype::Condition => in_condition(value, names),
        ParamDtype::List(inner) => {
            value.as_array().into_iter().flatten().for_each(|value| collect(inner, value, names));
        }
        ParamDtype::Dict(properties) => {
            for (key, dtype) in properties {
                if let Some(value) = value.get(key) {
                    collect(dtype, value, names);
                }
            }
        }
        ParamDtype::Map(inner) => {
            value.as_object().into_iter().flatten().for_each(|(_, value)| collect(inner, value, names));
        }
        ParamDtype::Option(inner) => collect(inner, value, names),
        _ => {}
    }
}

fn add(name: &Value, names: &mut BTreeSet<String>) {
    names.extend(name.as_str().filter(|name| !name.is_empty()).map(str::to_owned));
}

/// Stored and cleaned ones alike: comparisons, and what joins them, two levels of it at most.
fn in_condition(value: &Value, names: &mut BTreeSet<String>) {
    const DEPTH: usize = 2;
    let mut level = vec![value];
    for _ in 0..=DEPTH {
        level.iter().filter_map(|value| value.get("column")).for_each(|name| add(name, names));
        let inner =
            level.iter().flat_map(|value| [value.get("conditions"), value.get("condition")]).flatten();
        level = inner
            .flat_map(|inner| inner.as_array().map_or_else(|| vec![inner], |list| list.iter().collect()))
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use crate::Manifest;
    use serde_json::json;

    #[test]
    fn columns_are_found_wherever_they_may_be_named() {
        let manifest = json!({
            "id_name": "t", "name": "T", "category": "Other",
            "parameters": [{"id_name": "x", "type": "custom", "name": "X"}],
            "param_schema": {
                "x": {"type": "dict", "properties": {
                    "one": {"type": "column"},
                    "list": {"type": "list", "inner_dtype": {"type": "dict", "properties": {"several": {"type": "multicolumn"}}}},
                    "map": {"type": "map", "value_dtype": {"type": "column"}},
                    "text": {"type": "string"}
                }},
                "condition": {"type": "condition"},
            }
        });
        let manifest = Manifest::from_json_bytes(manifest.to_string().as_bytes()).unwrap();
        let leaf = |column: &str| json!({"operation": "cell_is_null", "column": column, "value": ""});
        let params = json!({
            "x": {"one": "a", "list": [{"several": ["b", "c"]}, {"several": []}], "map": {"k": "d"}, "text": "no"},
            "condition": {"operation": "and", "conditions": [
                {"operation": "or", "conditions": [leaf("e"), leaf("")]}, leaf("f")]},
        });
        let named = manifest.param_schema().columns_named(params.as_object().unwrap());
        assert_eq!(named.into_iter().collect::<String>(), "abcdef");
        let wrong = json!({"x": {"one": 3, "list": {}, "map": []}, "condition": "c"});
        assert!(manifest.param_schema().columns_named(wrong.as_object().unwrap()).is_empty());
    }
}
