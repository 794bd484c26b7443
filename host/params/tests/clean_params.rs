//! The recorded facts about cleaning, and cleaning twice.

use std::collections::BTreeSet;
use std::path::Path;

use crunchbox_params::{
    CleanError, CleanInput, ColumnKind, InputColumn, InputTab, ParamDtype, ParamSchema, clean,
};
use crunchbox_protocol::{JsonMap, RenderError};
use serde_json::{Map, Value, json};

#[test]
fn cases() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/lib/clean_params.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert!(!cases.is_empty(), "{} holds no case", path.display());
    let failures: Vec<String> = cases.iter().filter_map(|case| run(case).err()).collect();
    assert!(
        failures.is_empty(),
        "{} of {} cases fail:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}

/// Runs a case, and runs it again on its own result.
fn run(case: &Value) -> Result<(), String> {
    let id = case["id"].as_str().expect("a case has an id");
    let ParamDtype::Dict(params) = dtype(&case["schema"]) else { panic!("{id}: the schema is no dict") };
    let schema = ParamSchema::new(params);
    let input = CleanInput {
        columns: columns(&case["input_columns"]),
        tabs: list(&case["tabs"]).iter().map(tab).collect(),
        files: BTreeSet::new(),
    };
    let params = case["params"].as_object().expect("params");
    let result = clean(&schema, params, &input);
    let got = match &result {
        Ok(cleaned) => json!({"params": cleaned.params, "tab_outputs": BTreeSet::from_iter(&cleaned.tabs)}),
        Err(CleanError::TabCycle { .. }) => json!({"error": "TabCycleError"}),
        Err(CleanError::TabOutputUnreachable { .. }) => json!({"error": "TabOutputUnreachableError"}),
        Err(CleanError::Prompting(errors)) => json!({"errors": errors.iter().map(error).collect::<Vec<_>>()}),
        Err(other) => json!({"other": other.to_string()}),
    };
    let mut wanted = case["expect"].clone();
    if let Some(slugs) = wanted.get_mut("tab_outputs") {
        // The contract has a map here.
        *slugs = json!(list(slugs).iter().filter_map(Value::as_str).collect::<BTreeSet<_>>());
    }
    for error in wanted.get_mut("errors").and_then(Value::as_array_mut).into_iter().flatten() {
        let error = error.as_object_mut().expect("an error is an object");
        error.entry("quick_fixes").or_insert(json!([]));
    }
    if got != wanted {
        return Err(format!("{id}:\n  got    {got}\n  wanted {wanted}"));
    }
    if let Ok(cleaned) = result {
        match clean(&schema, &cleaned.params, &input) {
            Ok(again) if again == cleaned => {}
            again => return Err(format!("{id}: cleaning its own result gives {again:?}")),
        }
    }
    Ok(())
}

/// A type in the words of the cases, which are not quite those of manifests.
fn dtype(case: &Value) -> ParamDtype {
    let inner = || {
        let keys = ["inner", "value", "inner_dtype", "value_dtype"];
        let inner = keys.iter().find_map(|key| case.get(*key));
        Box::new(dtype(inner.unwrap_or_else(|| panic!("no inner type in {case}"))))
    };
    let column_types = || {
        let words = case.get("column_types").and_then(Value::as_array).into_iter().flatten();
        words.map(|word| kind(word).expect("a column kind")).collect()
    };
    let tab_parameter = || case.get("tab_parameter").and_then(Value::as_str).map(str::to_owned);
    match case["type"].as_str().expect("a type") {
        "string" => ParamDtype::String { default: String::new() },
        "boolean" => ParamDtype::Boolean { default: false },
        "integer" => ParamDtype::Integer { default: 0 },
        "float" => ParamDtype::Float { default: 0.0 },
        "enum" => {
            let choices = list(&case["choices"]).to_vec();
            ParamDtype::Enum { default: choices[0].clone(), choices }
        }
        "timezone" => ParamDtype::Timezone,
        "column" => ParamDtype::Column { column_types: column_types(), tab_parameter: tab_parameter() },
        "multicolumn" => {
            ParamDtype::Multicolumn { column_types: column_types(), tab_parameter: tab_parameter() }
        }
        "condition" => ParamDtype::Condition,
        "multichartseries" => ParamDtype::Multichartseries,
        "tab" => ParamDtype::Tab,
        "multitab" | "tabs" => ParamDtype::Multitab,
        "file" => ParamDtype::File,
        "list" => ParamDtype::List(inner()),
        "map" => ParamDtype::Map(inner()),
        "option" => ParamDtype::Option(inner()),
        "dict" => {
            let properties = case["properties"].as_object().expect("properties");
            ParamDtype::Dict(properties.iter().map(|(key, case)| (key.clone(), dtype(case))).collect())
        }
        other => panic!("the cases have a type {other} that this test does not know"),
    }
}

fn kind(word: &Value) -> Option<ColumnKind> {
    ColumnKind::from_word(word.as_str()?)
}

fn columns(case: &Value) -> Vec<InputColumn> {
    let column = |case: &Value| InputColumn {
        name: case["name"].as_str().expect("a name").to_owned(),
        kind: Some(kind(&case["type"]).expect("a column kind")),
    };
    list(case).iter().map(column).collect()
}

fn tab(case: &Value) -> InputTab {
    let text = |key: &str| case[key].as_str().expect("a text").to_owned();
    let columns = (!case["columns"].is_null()).then(|| columns(&case["columns"]));
    InputTab { slug: text("slug"), name: text("name"), columns }
}

fn list(case: &Value) -> &[Value] {
    case.as_array().expect("a list")
}

/// An error in the form of the cases.
fn error(error: &RenderError) -> Value {
    let mut value = serde_json::to_value(error).expect("errors have a JSON form");
    for fix in value["quick_fixes"].as_array_mut().expect("quick fixes") {
        assert!(fix.get("prepend_step").is_some(), "{fix}");
    }
    let map: &mut Map<String, Value> = value.as_object_mut().expect("an object");
    for key in map.keys() {
        assert!(["id", "arguments", "source", "quick_fixes"].contains(&key.as_str()), "{key}");
    }
    value
}

/// The rules that the recorded cases at hand don't show.
mod rules {
    use super::*;

    fn input() -> CleanInput {
        let columns = ["A text", "B number", "C timestamp", "D date"].map(|words| {
            let (name, kind) = words.split_once(' ').unwrap();
            InputColumn::new(name, ColumnKind::from_word(kind).unwrap())
        });
        let tab =
            |slug: &str, columns| InputTab { slug: slug.to_owned(), name: slug.to_uppercase(), columns };
        CleanInput {
            columns: columns.to_vec(),
            tabs: vec![
                tab(
                    "tab-1",
                    Some(vec![
                        InputColumn::new("X", ColumnKind::Number),
                        InputColumn::new("Y", ColumnKind::Text),
                    ]),
                ),
                tab("tab-2", Some(vec![InputColumn::new("B", ColumnKind::Text)])),
                tab("tab-3", Some(Vec::new())),
                tab("tab-4", None),
            ],
            files: BTreeSet::new(),
        }
    }

    fn cleaned(schema: Value, params: Value) -> Result<JsonMap, CleanError> {
        let ParamDtype::Dict(schema) = dtype(&json!({"type": "dict", "properties": schema})) else {
            unreachable!()
        };
        clean(&ParamSchema::new(schema), params.as_object().unwrap(), &input()).map(|cleaned| cleaned.params)
    }

    fn condition(condition: Value) -> Result<Value, CleanError> {
        cleaned(json!({"c": {"type": "condition"}}), json!({"c": condition}))
            .map(|params| params["c"].clone())
    }

    fn leaf(operation: &str, column: &str, value: &str) -> Value {
        json!({"operation": operation, "column": column, "value": value, "isCaseSensitive": true, "isRegex": false})
    }

    fn prompts(result: Result<impl std::fmt::Debug, CleanError>) -> Vec<RenderError> {
        match result {
            Err(CleanError::Prompting(errors)) => errors,
            other => panic!("wanted prompting errors, got {other:?}"),
        }
    }

    #[test]
    fn negations_stand_around_what_they_negate() {
        for (stored, wanted) in [
            (leaf("text_is_not", "A", "x"), leaf("text_is", "A", "x")),
            (leaf("text_does_not_contain", "A", "x"), leaf("text_contains", "A", "x")),
            (leaf("cell_is_not_null", "B", "x"), json!({"operation": "cell_is_null", "column": "B"})),
            (leaf("cell_is_not_empty", "D", ""), json!({"operation": "cell_is_empty", "column": "D"})),
            (
                leaf("number_is_not", "B", " 3 "),
                json!({"operation": "number_is", "column": "B", "value": 3.0}),
            ),
            (
                leaf("timestamp_is_not", "D", "2020-01-01T01:02Z"),
                json!({"operation": "timestamp_is", "column": "D", "value": "2020-01-01T01:02Z"}),
            ),
        ] {
            let not = json!({"operation": "not", "condition": wanted});
            assert_eq!(condition(stored).unwrap(), not);
            assert_eq!(condition(not.clone()).unwrap(), not);
        }
    }

    #[test]
    fn what_is_empty_or_unknown_is_left_out() {
        for nothing in [
            Value::Null,
            leaf("", "A", ""),
            leaf("text_is", "", ""),
            leaf("text_is_not", "Z", "x"),
            leaf("number_is", "Z", "no number"),
            json!({"operation": "and", "conditions": []}),
            json!({"operation": "or", "conditions": [{"operation": "and", "conditions": [leaf("", "", "")]}]}),
            json!({"operation": "not", "condition": leaf("text_is", "Z", "x")}),
        ] {
            assert_eq!(condition(nothing.clone()).unwrap(), Value::Null, "{nothing}");
        }
    }

    #[test]
    fn conditions_ask_for_columns_and_values_that_fit() {
        let all = json!({"operation": "and", "conditions": [
            {"operation": "or", "conditions": [leaf("number_is", "B", "x"), leaf("text_is", "B", "x")]},
            {"operation": "or", "conditions": [leaf("text_contains", "C", "x"), leaf("timestamp_is", "C", "soon")]},
            {"operation": "or", "conditions": [leaf("number_is", "A", "x"), leaf("timestamp_is_after", "A", "2020-01-01")]},
        ]});
        let errors: Vec<(String, usize)> = prompts(condition(all))
            .into_iter()
            .map(|error| {
                let id = error.message.id.rsplit_once("PromptingError.").unwrap().1.to_owned();
                (id, error.quick_fixes.len())
            })
            .collect();
        let wanted = [
            ("WrongColumnType.as_error_message.shouldBeText", 1),
            ("WrongColumnType.general.message.before_convert_buttons", 1),
            ("WrongColumnType.general.message.before_convert_buttons", 2),
            ("CannotCoerceValueToNumber", 0),
            ("CannotCoerceValueToTimestamp", 0),
        ];
        assert_eq!(errors, wanted.map(|(id, fixes)| (id.to_owned(), fixes)));
    }

    #[test]
    fn columns_come_from_the_tab_that_is_chosen() {
        let schema = json!({
            "tab": {"type": "tab"},
            "one": {"type": "column", "tab_parameter": "tab"},
            "many": {"type": "multicolumn", "tab_parameter": "tab"},
        });
        let params = |tab: &str| json!({"tab": tab, "one": "B", "many": ["Y", "Z", "X", "B"]});
        let chosen = |tab| Value::Object(cleaned(schema.clone(), params(tab)).unwrap());
        assert_eq!(chosen("tab-1"), json!({"tab": "tab-1", "one": "", "many": ["X", "Y"]}));
        assert_eq!(chosen("tab-2"), json!({"tab": "tab-2", "one": "B", "many": ["B"]}));
        assert_eq!(chosen("gone"), json!({"tab": null, "one": "", "many": []}));
        for (tab, wanted) in [("tab-3", "has no output"), ("tab-4", "waits for this one")] {
            let error = cleaned(schema.clone(), params(tab)).unwrap_err().to_string();
            assert!(error.contains(wanted), "{error}");
        }
    }

    #[test]
    fn tabs_come_in_workflow_order() {
        let schema = json!({"tabs": {"type": "multitab"}});
        let chosen = cleaned(schema, json!({"tabs": ["tab-2", "gone", "tab-1", "tab-2"]})).unwrap();
        assert_eq!(chosen["tabs"], json!(["tab-1", "tab-2"]));
    }

    #[test]
    fn columns_of_the_wrong_kind_are_told_together() {
        let schema = json!({
            "a": {"type": "multicolumn", "column_types": ["number"]},
            "b": {"type": "map", "value": {"type": "column", "column_types": ["number"]}},
            "c": {"type": "option", "inner": {"type": "column", "column_types": ["text"]}},
        });
        let params = json!({"a": ["D", "B", "A"], "b": {"x": "A", "y": "D"}, "c": "B"});
        let errors = prompts(cleaned(schema, params));
        assert_eq!(errors.len(), 3);
        // Table order: A, then D.
        assert_eq!(errors[0].message.arguments["found_type"], "text".into());
        assert_eq!(errors[0].message.arguments["columns"], 1.into());
        assert_eq!(errors[1].message.arguments["0"], "D".into());
        assert_eq!(errors[1].message.arguments["best_wanted_type"], "number".into());
        assert!(errors[2].message.id.ends_with("shouldBeText"));
    }
}
