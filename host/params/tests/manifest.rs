//! Manifests good and bad, and the schema file that says the same as the code.

#![recursion_limit = "256"]

use crunchbox_params::{Category, Manifest, ManifestError, ParamDtype, ParameterKind, Problem};
use crunchbox_protocol::Profile;
use proptest::prelude::*;
use serde_json::{Value, json};

/// One parameter of every type, each with all the keys that it may have.
fn full() -> Value {
    let column = json!(["date", "number", "text", "timestamp"]);
    json!({
        "id_name": "googlesheets",
        "name": "Everything",
        "category": "Add data",
        "deprecated": {"end_date": "2026-01-31", "message": "Use another one."},
        "icon": "spreadsheet",
        "link": "https://example.org/a?b#c",
        "description": "All of it.",
        "help_url": "modules/everything",
        "row_action_menu_entry_title": "Do it",
        "loads_data": true,
        "uses_data": true,
        "html_output": true,
        "has_zen_mode": true,
        "migrates_params": true,
        "takes_dictionaries": true,
        "works_by": "rows",
        "takes_row_ranges": true,
        "profile": "workbench",
        "something_else": {"is": "ignored"},
        "parameters": [
            {"id_name": "static", "type": "statictext", "name": "Read this"},
            {"id_name": "button", "type": "button", "name": "Press this"},
            {"id_name": "string", "type": "string", "name": "S", "placeholder": "p", "multiline": true,
             "default": "d", "syntax": "sql"},
            {"id_name": "format", "type": "numberformat", "name": "F", "default": "{:d}"},
            {"id_name": "integer", "type": "integer", "name": "I", "placeholder": "p", "default": 3},
            {"id_name": "float", "type": "float", "name": "F", "placeholder": "p", "default": 3},
            {"id_name": "checkbox", "type": "checkbox", "name": "C", "default": true},
            {"id_name": "menu", "type": "menu", "name": "M", "placeholder": "p", "default": "b",
             "options": [{"value": "a", "label": "A"}, "separator", {"value": "b", "label": "B"}]},
            {"id_name": "radio", "type": "radio", "name": "R", "default": false,
             "options": [{"value": true, "label": "Yes"}, {"value": false, "label": "No"}, {"value": "?", "label": "?"}],
             "visible_if": {"id_name": "menu", "value": ["a", "b"], "invert": true}},
            {"id_name": "timezone", "type": "timezone", "name": "T"},
            {"id_name": "column", "type": "column", "name": "C", "placeholder": "p", "column_types": column,
             "tab_parameter": "tab", "visible_if": {"id_name": "checkbox", "value": true}},
            {"id_name": "columns", "type": "multicolumn", "name": "C", "placeholder": "p",
             "column_types": ["number"], "tab_parameter": "tab"},
            {"id_name": "condition", "type": "condition", "name": "C"},
            {"id_name": "series", "type": "multichartseries", "name": "S", "placeholder": "p"},
            {"id_name": "tab", "type": "tab", "name": "T", "placeholder": "p"},
            {"id_name": "tabs", "type": "multitab", "name": "T", "placeholder": "p"},
            {"id_name": "file", "type": "file"},
            {"id_name": "drive", "type": "gdrivefile", "secret_parameter": "google"},
            {"id_name": "list", "type": "list", "name": "L", "child_parameters": [
                {"id_name": "by", "type": "column", "column_types": ["text"]},
                {"id_name": "up", "type": "radio", "options": [{"value": true, "label": "Up"}, {"value": false, "label": "Down"}],
                 "visible_if": {"id_name": "menu", "value": ["a"]}},
            ]},
            {"id_name": "google", "type": "secret", "secret_logic": {"provider": "oauth2", "service": "google"}},
            {"id_name": "key", "type": "secret", "secret_logic": {"provider": "string", "label": "L", "pattern": "a+",
             "placeholder": "p", "help": "h", "help_url": "u", "help_url_prompt": "q"}},
            {"id_name": "custom", "type": "custom", "name": "C"},
        ],
    })
}

/// One param of every type that `param_schema` knows.
fn typed() -> Value {
    json!({
        "id_name": "typed", "name": "Typed", "category": "Other", "parameters": [],
        "param_schema": {
            "string": {"type": "string", "default": "d"},
            "boolean": {"type": "boolean", "default": true},
            "integer": {"type": "integer", "default": 3},
            "float": {"type": "float", "default": 2.5},
            "enum": {"type": "enum", "choices": ["a", null, 3], "default": null},
            "timezone": {"type": "timezone"},
            "column": {"type": "column", "column_types": ["text"], "tab_parameter": "tab"},
            "columns": {"type": "multicolumn", "tab_parameter": "tab"},
            "condition": {"type": "condition"},
            "series": {"type": "multichartseries"},
            "tab": {"type": "tab"},
            "tabs": {"type": "tabs"},
            "multitab": {"type": "multitab"},
            "file": {"type": "file"},
            "list": {"type": "list", "inner_dtype": {"type": "dict", "properties": {"a": {"type": "column"}}}},
            "map": {"type": "map", "value_dtype": {"type": "option", "inner_dtype": {"type": "string"}}},
        },
    })
}

fn parse(manifest: &Value) -> Result<Manifest, ManifestError> {
    Manifest::from_json_bytes(manifest.to_string().as_bytes())
}

/// The problems of a manifest whose form is wrong.
fn invalid(manifest: &Value) -> Vec<Problem> {
    match parse(manifest) {
        Err(ManifestError::Invalid(problems)) => problems,
        other => panic!("wanted Invalid, got {other:?}"),
    }
}

/// The problems of a manifest that contradicts itself, as text.
fn inconsistent(manifest: &Value) -> String {
    match parse(manifest) {
        Err(error @ ManifestError::Inconsistent(_)) => error.to_string(),
        other => panic!("wanted Inconsistent, got {other:?}"),
    }
}

fn minimal(parameters: Value) -> Value {
    json!({"id_name": "small", "name": "Small", "category": "Clean", "parameters": parameters})
}

#[test]
fn everything_is_read() {
    let manifest = parse(&full()).unwrap();
    assert_eq!(manifest.category, Category::AddData);
    assert_eq!(manifest.category.as_str(), "Add data");
    assert_eq!(manifest.deprecated.as_ref().unwrap().end_date, "2026-01-31");
    assert_eq!(manifest.link, "https://example.org/a?b#c");
    assert!(manifest.loads_data && manifest.uses_data && manifest.html_output && manifest.has_zen_mode);
    assert!(manifest.migrates_params && manifest.takes_dictionaries && manifest.takes_row_ranges);
    assert_eq!(manifest.profile, Some(Profile::Workbench));
    assert_eq!(manifest.parameters.len(), 22);
    let words = manifest.parameters.iter().map(|parameter| parameter.kind.word());
    assert!(
        words.eq(full()["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["type"].as_str().unwrap()))
    );
    let defaults = json!({
        "string": "d", "format": "{:d}", "integer": 3, "float": 3.0, "checkbox": true, "menu": "b", "radio": false,
        "timezone": "UTC", "column": "", "columns": [], "condition": {"operation": "and", "conditions": []},
        "series": [], "tab": "", "tabs": [], "file": null, "drive": null, "list": [], "custom": "",
    });
    assert_eq!(Value::Object(manifest.param_schema().defaults()), defaults);
    let typed = parse(&typed()).unwrap();
    assert_eq!(typed.param_schema().params().len(), 16);
    assert_eq!(typed.param_schema().defaults()["enum"], Value::Null);
    assert_eq!(typed.param_schema().params()["tabs"], ParamDtype::Multitab);
}

#[test]
fn what_is_left_out_has_its_default() {
    let manifest = parse(&minimal(json!([
        {"id_name": "menu", "type": "menu", "options": ["separator", {"value": "x", "label": "X"}]},
        {"id_name": "radio", "type": "radio", "options": [{"value": true, "label": "Yes"}]},
        {"id_name": "format", "type": "numberformat", "name": "N"},
    ])))
    .unwrap();
    assert!(manifest.uses_data && !manifest.loads_data);
    assert!(!manifest.migrates_params && !manifest.takes_dictionaries && !manifest.takes_row_ranges);
    assert!(manifest.profile.is_none());
    assert_eq!((manifest.link.as_str(), manifest.description.as_str()), ("", ""));
    let defaults = manifest.param_schema().defaults();
    assert_eq!(Value::Object(defaults), json!({"menu": "x", "radio": true, "format": "{:,}"}));
    assert!(matches!(&manifest.parameters[0].kind, ParameterKind::Menu { default: None, .. }));
    let mut loader = minimal(json!([]));
    loader["loads_data"] = json!(true);
    assert!(!parse(&loader).unwrap().uses_data);
}

#[test]
fn params_keep_the_order_of_the_form() {
    let text = br#"{"id_name": "a", "name": "A", "category": "Clean", "parameters": [],
        "param_schema": {"z": {"type": "tab"}, "a": {"type": "tab"}, "m": {"type": "tab"}}, "zzz": 1, "aaa": 2}"#;
    let manifest = Manifest::from_json_bytes(text).unwrap();
    assert!(manifest.param_schema().params().keys().eq(["z", "a", "m"]));
    let json = manifest.to_json();
    assert!(
        json.starts_with(r#"{"id_name":"a","name":"A""#) && json.ends_with(r#""zzz":1,"aaa":2}"#),
        "{json}"
    );
    assert_eq!(Manifest::from_json_bytes(json.as_bytes()).unwrap(), manifest);
}

#[test]
fn all_problems_are_named_at_once() {
    let mut manifest = full();
    manifest["id_name"] = json!("2fast");
    manifest["category"] = json!("Cleaning");
    manifest["deprecated"]["end_date"] = json!("2026-02-30");
    manifest["parameters"][2]["defualt"] = json!("x");
    manifest["parameters"][4]["default"] = json!(1.5);
    manifest["parameters"][7]["options"][0]["value"] = json!(3);
    manifest["parameters"][18]["child_parameters"][0] = json!({"id_name": "t", "type": "tab"});
    manifest.as_object_mut().unwrap().remove("name");
    let text = invalid(&manifest).iter().map(Problem::to_string).collect::<Vec<_>>().join("\n");
    for wanted in [
        r#"id_name is "2fast"; give a letter, then letters, digits and "-""#,
        "name is missing; give a text",
        r#"category is "Cleaning"; give one of: "Add data", "Combine""#,
        r#"deprecated.end_date is "2026-02-30"; give a day, as 2026-01-31"#,
        r#"parameters[2].defualt is "x"; take this key out; there may be: "id_name", "type", "visible_if", "name""#,
        "parameters[4].default is 1.5; give a whole number",
        "parameters[7].options[0].value is 3; give a text",
        r#"parameters[18].child_parameters[0].type is "tab"; give one of: "statictext""#,
    ] {
        assert!(text.contains(wanted), "{wanted}\nis not in\n{text}");
    }
    assert_eq!(text.lines().count(), 8, "{text}");
}

#[test]
fn contradictions_are_named() {
    let mut manifest = full();
    manifest["id_name"] = json!("other");
    manifest["parameters"][5]["id_name"] = json!("integer");
    manifest["parameters"][7]["default"] = json!("c");
    manifest["parameters"][8]["default"] = json!(true);
    manifest["parameters"][8]["visible_if"]["value"] = json!(["a", "c"]);
    manifest["parameters"][10]["visible_if"]["id_name"] = json!("nothing");
    manifest["parameters"][10]["tab_parameter"] = json!("tabs");
    manifest["parameters"][17]["secret_parameter"] = json!("key");
    manifest["parameters"][18]["child_parameters"][1]["visible_if"]["value"] = json!("a");
    let text = inconsistent(&manifest);
    for wanted in [
        r#"parameters[5].id_name is "integer"; another parameter has this name"#,
        r#"parameters[7].default is "c"; give the value of an option: "a", "b""#,
        r#"parameters[8].visible_if.value is ["a","c"]; give a list of values of its options: "a", "b""#,
        r#"parameters[10].visible_if.id_name is "nothing"; give the id_name of another parameter"#,
        r#"parameters[10].tab_parameter is "tabs"; give the id_name of a parameter of type tab"#,
        r#"parameters[17].secret_parameter is "key"; give the id_name of a secret of provider oauth2"#,
        r#"parameters[18].child_parameters[1].visible_if.value is "a"; give a list of values"#,
        r#"parameters[19].secret_logic is {"provider":"oauth2","service":"google"}; only the module googlesheets"#,
    ] {
        assert!(text.contains(wanted), "{wanted}\nis not in\n{text}");
    }
    assert_eq!(text.lines().count(), 8, "{text}");

    let mut manifest = full();
    manifest["works_by"] = json!("table");
    let text = inconsistent(&manifest);
    assert!(text.starts_with("takes_row_ranges is true; set works_by to \"rows\" too"), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");

    let mut manifest = typed();
    manifest["param_schema"]["enum"]["default"] = json!("b");
    manifest["param_schema"]["columns"]["tab_parameter"] = json!("file");
    manifest["param_schema"]["list"]["inner_dtype"]["properties"]["a"]["tab_parameter"] = json!("x");
    let text = inconsistent(&manifest);
    for wanted in [
        r#"param_schema.enum.default is "b"; give one of the choices: "a", null, 3"#,
        r#"param_schema.columns.tab_parameter is "file""#,
        r#"param_schema.list.inner_dtype.properties.a.tab_parameter is "x""#,
    ] {
        assert!(text.contains(wanted), "{wanted}\nis not in\n{text}");
    }
}

#[test]
fn secrets_belong_to_certain_modules() {
    for (provider, service, module) in [
        ("oauth2", "google", "googlesheets"),
        ("oauth2", "intercom", "intercom"),
        ("oauth", "intercom", "intercom"),
        ("oauth1a", "twitter", "twitter"),
    ] {
        let logic = json!({"provider": provider, "service": service});
        let mut manifest = minimal(json!([{"id_name": "s", "type": "secret", "secret_logic": logic}]));
        assert!(inconsistent(&manifest).contains(&format!("only the module {module} may")));
        manifest["id_name"] = json!(module);
        parse(&manifest).unwrap();
    }
}

#[test]
fn hostile_bytes_meet_limits() {
    let error = |bytes: &[u8]| Manifest::from_json_bytes(bytes).unwrap_err();
    let large = vec![b' '; Manifest::MAX_BYTES + 1];
    assert_eq!(error(&large), ManifestError::TooLarge { bytes: large.len(), max: Manifest::MAX_BYTES });
    assert!(matches!(error(&large[1..]), ManifestError::Syntax { .. }), "a byte fewer is read");

    // Keys that nobody knows may nest too, and the manifest itself is a level.
    let nested = |depth: usize| {
        let inner = format!("{}{}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        format!(r#"{{"id_name": "a", "name": "A", "category": "Clean", "parameters": [], "x": {inner}}}"#)
    };
    Manifest::from_json_bytes(nested(Manifest::MAX_DEPTH).as_bytes()).unwrap();
    for depth in [Manifest::MAX_DEPTH + 1, 127, 128, 129, 100_000] {
        let max = Manifest::MAX_DEPTH;
        assert_eq!(error(nested(depth).as_bytes()), ManifestError::TooDeep { max }, "{depth}");
    }

    let twice = br#"{"id_name": "a", "id_name": "b"}"#;
    assert!(error(twice).to_string().contains(r#"the key "id_name" is there twice"#));
    assert!(matches!(error(b"\xff\xfe{}"), ManifestError::Syntax { line: 1, .. }));
    assert!(matches!(error(br#"{"id_name": 1e999}"#), ManifestError::Syntax { .. }));
    assert!(error(b"[]").to_string().starts_with("the manifest is []; give an object"));

    let many: Vec<u8> = format!(r#"{{"parameters": [{}0]}}"#, "0,".repeat(400_000)).into_bytes();
    let ManifestError::Invalid(problems) = error(&many) else { panic!("wanted Invalid") };
    assert_eq!(problems.len(), 100);
    let long = minimal(json!([{"id_name": "x", "type": "y".repeat(500_000)}]));
    assert!(invalid(&long)[0].to_string().len() < 1_000);
}

#[test]
fn many_references_to_many_options_take_no_time() {
    let options: Vec<Value> = (0..12_000).map(|n| json!({"value": n.to_string(), "label": ""})).collect();
    let values: Vec<String> = (0..12_000).map(|n| n.to_string()).rev().collect();
    let visible_if = json!({"id_name": "menu", "value": values});
    let mut parameters = vec![json!({"id_name": "menu", "type": "menu", "options": options})];
    for n in 0..4 {
        parameters.push(json!({"id_name": n.to_string(), "type": "condition", "visible_if": visible_if}));
    }
    let started = std::time::Instant::now();
    parse(&minimal(json!(parameters))).unwrap();
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

#[test]
fn yaml_is_the_same_manifest() {
    let yaml = "
# A comment.
id_name: drop-rows
name: Drop rows
category: Clean
deprecated:
  end_date: 2026-01-31
  message: |
    Two
    lines.
link: ''
parameters:
  - {id_name: first, type: integer, default: 1}
  - id_name: keep
    type: menu
    options: [{value: 'yes', label: Yes}, separator, {value: no, label: No}]
";
    let json = json!({
        "id_name": "drop-rows", "name": "Drop rows", "category": "Clean",
        "deprecated": {"end_date": "2026-01-31", "message": "Two\nlines.\n"}, "link": "",
        "parameters": [
            {"id_name": "first", "type": "integer", "default": 1},
            {"id_name": "keep", "type": "menu", "options": [
                {"value": "yes", "label": "Yes"}, "separator", {"value": "no", "label": "No"},
            ]},
        ],
    });
    let manifest = Manifest::from_yaml(yaml).unwrap();
    assert_eq!(manifest, parse(&json).unwrap());
    assert_eq!(serde_json::from_str::<Value>(&manifest.to_json()).unwrap(), json);
}

#[test]
fn yaml_errors_have_line_and_column() {
    let error = |yaml: &str| Manifest::from_yaml(yaml).unwrap_err();
    let syntax = error("id_name: a\nname: [b\ncategory: c\n");
    assert!(matches!(syntax, ManifestError::Syntax { line: 2.., column: 1.., .. }), "{syntax}");
    let twice = error("id_name: a\nname: A\nname: B\n");
    assert!(matches!(twice, ManifestError::Syntax { line: 3, .. }), "{twice}");

    let head = "id_name: a\nname: A\ncategory: Clean\nparameters:\n";
    let wrong = error(&format!("{head}  - id_name: x\n    type: strng\n"));
    assert!(
        wrong.to_string().starts_with(r#"line 6, column 11: parameters[0].type is "strng"; give one of"#),
        "{wrong}"
    );
    let missing = error(&format!("{head}  - type: string\n"));
    assert_eq!(missing.to_string(), "line 5, column 5: parameters[0].id_name is missing; give a text");
    let cross = error(&format!("{head}  - id_name: x\n    type: column\n    tab_parameter: y\n"));
    assert!(
        cross.to_string().starts_with("line 7, column 20: parameters[0].tab_parameter is \"y\""),
        "{cross}"
    );

    let json = "{\"id_name\": \"a\", \"name\": \"A\", \"category\": \"Clean\",\n \"parameters\": [\n  {\"id_name\": 3, \"type\": \"tab\"}]}";
    let wrong = error(json).to_string();
    assert!(wrong.starts_with("line 3, column 15: parameters[0].id_name is 3"), "{wrong}");
    let cut = error("{\"id_name\": \"a\",\n  \"name\" \"A\"}");
    assert!(matches!(cut, ManifestError::Syntax { line: 2, column: 3.., .. }), "{cut}");

    let bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
                d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";
    assert!(matches!(error(bomb), ManifestError::Syntax { .. }));
}

mod schema_file {
    //! `wit/manifest.schema.json` and the code are two tellings of the same rules.

    use std::sync::LazyLock;

    use super::*;

    static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(validator);

    fn validator() -> jsonschema::Validator {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/manifest.schema.json");
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let schema: Value = serde_json::from_str(&text).unwrap();
        jsonschema::draft7::meta::validate(&schema).unwrap_or_else(|error| panic!("{path}: {error}"));
        jsonschema::draft7::options().should_validate_formats(true).build(&schema).unwrap()
    }

    /// Whether the form is right, if not the content.
    fn code_takes(manifest: &Value) -> Result<(), String> {
        match parse(manifest) {
            Ok(_) | Err(ManifestError::Inconsistent(_)) => Ok(()),
            Err(error @ ManifestError::Invalid(_)) => Err(error.to_string()),
            Err(other) => panic!("{other}: {manifest}"),
        }
    }

    /// All places in `value` as JSON pointers, the root included.
    fn places(value: &Value, at: &str, found: &mut Vec<String>) {
        found.push(at.to_owned());
        match value {
            Value::Array(items) => {
                items
                    .iter()
                    .enumerate()
                    .for_each(|(index, item)| places(item, &format!("{at}/{index}"), found));
            }
            Value::Object(map) => {
                map.iter().for_each(|(key, item)| places(item, &format!("{at}/{key}"), found))
            }
            _ => {}
        }
    }

    /// What a place may be changed to: other types, other words, and what is special about some keys.
    fn replacements() -> Vec<Value> {
        vec![
            json!(null),
            json!(true),
            json!(0),
            json!(2.0),
            json!(2.5),
            json!(u64::MAX),
            json!(""),
            json!("x"),
            json!("a b"),
            json!("mailto:a@b"),
            json!("2026-12-31"),
            json!("2026-13-31"),
            json!("separator"),
            json!("string"),
            json!("column"),
            json!("tab"),
            json!("list"),
            json!("custom"),
            json!("oauth"),
            json!("intercom"),
            json!("number"),
            json!([]),
            json!(["text"]),
            json!(["separator"]),
            json!({}),
            json!({"type": "tab"}),
            json!({"type": "list"}),
            json!({"value": "x", "label": "X"}),
            json!({"value": true, "label": "X"}),
            json!({"id_name": "x", "type": "string"}),
        ]
    }

    /// Fails unless schema and code agree; says whether they take the manifest.
    fn agree(manifest: &Value) -> bool {
        let schema = VALIDATOR.validate(manifest).map_err(|error| error.to_string());
        let code = code_takes(manifest);
        assert_eq!(
            schema.is_ok(),
            code.is_ok(),
            "schema: {schema:?}
code: {code:?}
{manifest}"
        );
        code.is_ok()
    }

    fn remove(manifest: &mut Value, place: &str) {
        let Some((parent, key)) = place.rsplit_once('/') else {
            return;
        };
        match manifest.pointer_mut(parent) {
            Some(Value::Object(map)) => drop(map.remove(key)),
            Some(Value::Array(items)) => drop(items.remove(key.parse().unwrap())),
            _ => {}
        }
    }

    #[test]
    fn every_single_change_is_judged_alike() {
        let mut refused = 0;
        for manifest in [full(), typed()] {
            assert!(agree(&manifest));
            let mut found = Vec::new();
            places(&manifest, "", &mut found);
            for place in found {
                for replacement in replacements() {
                    let mut changed = manifest.clone();
                    *changed.pointer_mut(&place).unwrap() = replacement;
                    refused += usize::from(!agree(&changed));
                }
                let mut changed = manifest.clone();
                remove(&mut changed, &place);
                agree(&changed);
                let mut changed = manifest.clone();
                if let Some(Value::Object(map)) = changed.pointer_mut(&place) {
                    map.insert("one_key_more".to_owned(), json!({}));
                    agree(&changed);
                }
            }
        }
        assert!(refused > 1_000, "only {refused} of the changes were refused: the test has lost its teeth");
    }

    #[test]
    fn lists_take_certain_types() {
        let mut taken = Vec::new();
        for parameter in full()["parameters"].as_array().unwrap() {
            let list = json!({"id_name": "list", "type": "list", "child_parameters": [parameter]});
            if agree(&minimal(json!([list]))) {
                taken.push(parameter["type"].as_str().unwrap().to_owned());
            }
        }
        let words = "statictext button string numberformat integer float checkbox menu radio timezone column \
                     multicolumn condition";
        assert!(words.split_whitespace().eq(&taken), "{taken:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 300, ..ProptestConfig::default() })]

        #[test]
        fn several_changes_are_judged_alike(
            changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<proptest::sample::Index>()), 2..6),
            which in any::<bool>(),
        ) {
            let mut manifest = if which { full() } else { typed() };
            for (place, replacement) in changes {
                let mut found = Vec::new();
                places(&manifest, "", &mut found);
                let place = place.get(&found).clone();
                let mut choices = replacements();
                // Moving a part somewhere else finds keys that are right in another place only.
                choices.extend([full()["parameters"][7].clone(), typed()["param_schema"].clone()]);
                *manifest.pointer_mut(&place).unwrap() = replacement.get(&choices).clone();
            }
            agree(&manifest);
        }
    }
}
