//! Reading parameters, and the types of their values, out of a manifest.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::Value;

use crate::node::Node;
use crate::parameter::{Choice, Parameter, ParameterKind, SecretLogic, Syntax, VisibleIf};
use crate::path::Path;
use crate::reader::{Object, Reader, one_of, word};
use crate::schema::{ColumnKind, ParamDtype};

/// A word for a kind of parameter, the keys that it may have beside `id_name`, `type` and `visible_if`, and
/// whether it may stand in a list.
const TYPES: [(&str, &[&str], bool); 21] = [
    ("statictext", &["name"], true),
    ("button", &["name"], true),
    ("string", &["name", "placeholder", "multiline", "default", "syntax"], true),
    ("numberformat", &["name", "default"], true),
    ("integer", &["name", "placeholder", "default"], true),
    ("float", &["name", "placeholder", "default"], true),
    ("checkbox", &["name", "default"], true),
    ("menu", &["name", "placeholder", "options", "default"], true),
    ("radio", &["name", "options", "default"], true),
    ("timezone", &["name"], true),
    ("column", &["name", "placeholder", "column_types", "tab_parameter"], true),
    ("multicolumn", &["name", "placeholder", "column_types", "tab_parameter"], true),
    ("condition", &["name"], true),
    ("multichartseries", &["name", "placeholder"], false),
    ("tab", &["name", "placeholder"], false),
    ("multitab", &["name", "placeholder"], false),
    ("file", &[], false),
    ("gdrivefile", &["secret_parameter"], false),
    ("list", &["name", "child_parameters"], false),
    ("secret", &["secret_logic"], false),
    ("custom", &["name"], false),
];

/// The words whose parameters must have a name.
const NAMED: [&str; 5] = ["statictext", "button", "numberformat", "checkbox", "timezone"];

const KINDS: [(&str, ColumnKind); 4] = [
    ("date", ColumnKind::Date),
    ("number", ColumnKind::Number),
    ("text", ColumnKind::Text),
    ("timestamp", ColumnKind::Timestamp),
];

/// Reads a list of parameters; `top` unless it stands in one.
pub(crate) fn read_parameters(reader: &mut Reader, node: &Node, path: &Path, top: bool) -> Vec<Parameter> {
    let items = reader.list(node, path).unwrap_or_default();
    let items = items.iter().enumerate();
    items.filter_map(|(index, item)| read_parameter(reader, item, &path.index(index), top)).collect()
}

fn read_parameter(reader: &mut Reader, node: &Node, path: &Path, top: bool) -> Option<Parameter> {
    let object = reader.object(node, path)?;
    let id_name = reader.required_text(object, "id_name", path);
    let visible_if = object.entries.get("visible_if").and_then(|node| {
        let path = path.key("visible_if");
        let object = reader.object(node, &path)?;
        reader.only(object, &path, &["id_name", "value", "invert"]);
        Some(VisibleIf {
            id_name: reader.required_text(object, "id_name", &path),
            invert: reader.flag(object, "invert", &path),
            value: reader.node(object, "value", &path, "the value that it must have")?.to_json(),
        })
    });

    let types: Vec<(&str, (&str, &[&str]))> = TYPES
        .iter()
        .filter(|(_, _, nests)| top || *nests)
        .map(|(word, keys, _)| (*word, (*word, *keys)))
        .collect();
    let (kind, keys) = reader.required(object, "type", path, &one_of(&types), word(&types))?;
    let allowed: Vec<&str> = ["id_name", "type", "visible_if"].iter().chain(keys).copied().collect();
    reader.only(object, path, &allowed);
    // A key that the kind does not have was noted just now; that its value is wrong too would be no news.
    let has = |key: &str| keys.contains(&key);
    let name = match (has("name"), NAMED.contains(&kind)) {
        (true, true) => reader.required_text(object, "name", path),
        (true, false) => reader.text(object, "name", path),
        (false, _) => String::new(),
    };
    let placeholder =
        if has("placeholder") { reader.text(object, "placeholder", path) } else { String::new() };
    let kind = read_kind(reader, object, path, kind)?;
    Some(Parameter { id_name, name, placeholder, visible_if, kind })
}

fn read_kind(reader: &mut Reader, object: Object<'_>, path: &Path, kind: &str) -> Option<ParameterKind> {
    let default = "default";
    Some(match kind {
        "statictext" => ParameterKind::Statictext,
        "button" => ParameterKind::Button,
        "string" => {
            let words = [("python", Syntax::Python), ("sql", Syntax::Sql)];
            ParameterKind::String {
                multiline: reader.flag(object, "multiline", path),
                default: reader.text(object, default, path),
                syntax: reader.optional(object, "syntax", path, &one_of(&words), word(&words)),
            }
        }
        "numberformat" => ParameterKind::Numberformat {
            default: match object.entries.contains_key(default) {
                true => reader.text(object, default, path),
                false => "{:,}".to_owned(),
            },
        },
        "integer" => ParameterKind::Integer {
            default: reader
                .optional(object, default, path, "a whole number of at most 64 bits", Node::as_integer)
                .unwrap_or_default(),
        },
        "float" => ParameterKind::Float {
            default: reader.optional(object, default, path, "a number", Node::as_float).unwrap_or_default(),
        },
        "checkbox" => ParameterKind::Checkbox { default: reader.flag(object, default, path) },
        "menu" => ParameterKind::Menu {
            options: read_options(reader, object, path, true),
            default: reader.optional(object, default, path, "an option's value, a text", |node| {
                node.as_text().map(Value::from)
            }),
        },
        "radio" => ParameterKind::Radio {
            options: read_options(reader, object, path, false),
            default: reader.optional(object, default, path, "an option's value", text_or_bool),
        },
        "timezone" => ParameterKind::Timezone,
        "column" => {
            let (column_types, tab_parameter) = read_column(reader, object, path);
            ParameterKind::Column { column_types, tab_parameter }
        }
        "multicolumn" => {
            let (column_types, tab_parameter) = read_column(reader, object, path);
            ParameterKind::Multicolumn { column_types, tab_parameter }
        }
        "condition" => ParameterKind::Condition,
        "multichartseries" => ParameterKind::Multichartseries,
        "tab" => ParameterKind::Tab,
        "multitab" => ParameterKind::Multitab,
        "file" => ParameterKind::File,
        "gdrivefile" => ParameterKind::Gdrivefile {
            secret_parameter: reader.required_text(object, "secret_parameter", path),
        },
        "list" => {
            let node = reader.node(object, "child_parameters", path, "a list of parameters")?;
            let path = path.key("child_parameters");
            ParameterKind::List { child_parameters: read_parameters(reader, node, &path, false) }
        }
        "secret" => {
            let node = reader.node(object, "secret_logic", path, "{provider, …}")?;
            ParameterKind::Secret { secret_logic: read_secret(reader, node, &path.key("secret_logic"))? }
        }
        _ => ParameterKind::Custom,
    })
}

fn text_or_bool(node: &Node) -> Option<Value> {
    node.as_text().map(Value::from).or_else(|| node.as_bool().map(Value::from))
}

/// Options of a menu, or of a radio group: that one has no separators, but values that are true or false.
fn read_options(reader: &mut Reader, object: Object<'_>, path: &Path, menu: bool) -> Vec<Choice> {
    let expected =
        if menu { "a list of {value, label} and \"separator\"" } else { "a list of {value, label}" };
    let Some(node) = reader.node(object, "options", path, expected) else {
        return Vec::new();
    };
    let path = &path.key("options");
    let Some(items) = reader.list(node, path) else {
        return Vec::new();
    };
    let is_separator = |item: &Node| menu && item.as_text() == Some("separator");
    if items.iter().all(is_separator) {
        reader.wrong(node, path, "give at least one option, {value, label}");
    }
    let mut options = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let path = path.index(index);
        if is_separator(item) {
            options.push(Choice::Separator);
            continue;
        }
        let Some(object) = reader.object(item, &path) else {
            continue;
        };
        reader.only(object, &path, &["value", "label"]);
        let label = reader.required_text(object, "label", &path);
        let value = match menu {
            true => reader.required(object, "value", &path, "a text", |node| node.as_text().map(Value::from)),
            false => reader.required(object, "value", &path, "a text, true or false", text_or_bool),
        };
        if let Some(value) = value {
            options.push(Choice::Option { value, label });
        }
    }
    options
}

/// `column_types` and `tab_parameter`.
fn read_column(
    reader: &mut Reader,
    object: Object<'_>,
    path: &Path,
) -> (BTreeSet<ColumnKind>, Option<String>) {
    let expected = format!("a list of one or more, each {}", one_of(&KINDS));
    let kinds = |node: &Node| {
        let items = node.as_list().filter(|items| !items.is_empty())?;
        items.iter().map(|item| word(&KINDS)(item)).collect()
    };
    let column_types = reader.optional(object, "column_types", path, &expected, kinds).unwrap_or_default();
    let tab = reader.optional(object, "tab_parameter", path, "the id_name of a tab parameter", Node::as_text);
    (column_types, tab.map(str::to_owned))
}

fn read_secret(reader: &mut Reader, node: &Node, path: &Path) -> Option<SecretLogic> {
    let services: [(&str, &[(&str, &str)]); 4] = [
        ("oauth1a", &[("twitter", "twitter")]),
        ("oauth2", &[("google", "google"), ("intercom", "intercom")]),
        ("oauth", &[("intercom", "intercom")]),
        ("string", &[]),
    ];
    let object = reader.object(node, path)?;
    let words = services.map(|(provider, services)| (provider, (provider, services)));
    let (provider, services) = reader.required(object, "provider", path, &one_of(&words), word(&words))?;
    if provider == "string" {
        let keys = ["provider", "label", "pattern", "placeholder", "help", "help_url", "help_url_prompt"];
        reader.only(object, path, &keys);
        return Some(SecretLogic::String {
            label: reader.required_text(object, "label", path),
            pattern: reader.text(object, "pattern", path),
            placeholder: reader.text(object, "placeholder", path),
            help: reader.text(object, "help", path),
            help_url: reader.text(object, "help_url", path),
            help_url_prompt: reader.text(object, "help_url_prompt", path),
        });
    }
    reader.only(object, path, &["provider", "service"]);
    let service = reader.required(object, "service", path, &one_of(services), word(services))?;
    Some(SecretLogic::Oauth { provider: provider.to_owned(), service: service.to_owned() })
}

/// The type that a manifest's `param_schema` gives for a param.
pub(crate) fn read_dtype(reader: &mut Reader, node: &Node, path: &Path) -> Option<ParamDtype> {
    const WORDS: [(&str, (&str, &[&str])); 18] = [
        ("string", ("string", &["default"])),
        ("boolean", ("boolean", &["default"])),
        ("integer", ("integer", &["default"])),
        ("float", ("float", &["default"])),
        ("enum", ("enum", &["choices", "default"])),
        ("timezone", ("timezone", &[])),
        ("column", ("column", &["column_types", "tab_parameter"])),
        ("multicolumn", ("multicolumn", &["column_types", "tab_parameter"])),
        ("condition", ("condition", &[])),
        ("multichartseries", ("multichartseries", &[])),
        ("tab", ("tab", &[])),
        ("tabs", ("multitab", &[])),
        ("multitab", ("multitab", &[])),
        ("file", ("file", &[])),
        ("list", ("list", &["inner_dtype"])),
        ("dict", ("dict", &["properties"])),
        ("map", ("map", &["value_dtype"])),
        ("option", ("option", &["inner_dtype"])),
    ];
    let object = reader.object(node, path)?;
    let (kind, keys) = reader.required(object, "type", path, &one_of(&WORDS), word(&WORDS))?;
    let allowed: Vec<&str> = ["type"].iter().chain(keys).copied().collect();
    reader.only(object, path, &allowed);
    let inner = |reader: &mut Reader, key: &str| {
        let node = reader.node(object, key, path, "a type, {type, …}")?;
        read_dtype(reader, node, &path.key(key)).map(Box::new)
    };
    Some(match kind {
        "string" => ParamDtype::String { default: reader.text(object, "default", path) },
        "boolean" => ParamDtype::Boolean { default: reader.flag(object, "default", path) },
        "integer" => {
            let expected = "a whole number of at most 64 bits";
            let default = reader.optional(object, "default", path, expected, Node::as_integer);
            ParamDtype::Integer { default: default.unwrap_or_default() }
        }
        "float" => {
            let default = reader.optional(object, "default", path, "a number", Node::as_float);
            ParamDtype::Float { default: default.unwrap_or_default() }
        }
        "enum" => {
            let expected = "a list of one value or more";
            let values = |node: &Node| node.as_list().filter(|items| !items.is_empty()).map(<[Node]>::to_vec);
            let choices = reader.required(object, "choices", path, expected, values).unwrap_or_default();
            let default = reader.node(object, "default", path, "one of the choices")?;
            ParamDtype::Enum {
                choices: choices.iter().map(Node::to_json).collect(),
                default: default.to_json(),
            }
        }
        "timezone" => ParamDtype::Timezone,
        "column" => {
            let (column_types, tab_parameter) = read_column(reader, object, path);
            ParamDtype::Column { column_types, tab_parameter }
        }
        "multicolumn" => {
            let (column_types, tab_parameter) = read_column(reader, object, path);
            ParamDtype::Multicolumn { column_types, tab_parameter }
        }
        "condition" => ParamDtype::Condition,
        "multichartseries" => ParamDtype::Multichartseries,
        "tab" => ParamDtype::Tab,
        "multitab" => ParamDtype::Multitab,
        "file" => ParamDtype::File,
        "list" => ParamDtype::List(inner(reader, "inner_dtype")?),
        "dict" => {
            let node = reader.node(object, "properties", path, "an object of types")?;
            ParamDtype::Dict(read_dtypes(reader, node, &path.key("properties")))
        }
        "map" => ParamDtype::Map(inner(reader, "value_dtype")?),
        _ => ParamDtype::Option(inner(reader, "inner_dtype")?),
    })
}

/// Types by name.
pub(crate) fn read_dtypes(reader: &mut Reader, node: &Node, path: &Path) -> IndexMap<String, ParamDtype> {
    let Some(object) = reader.object(node, path) else {
        return IndexMap::new();
    };
    let named =
        |(name, node): (&String, &Node)| Some((name.clone(), read_dtype(reader, node, &path.key(name))?));
    object.entries.iter().filter_map(named).collect()
}
