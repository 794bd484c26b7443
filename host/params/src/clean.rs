//! Params as a step sees them: stored params, held against the tables and files that are really there.

use std::collections::{BTreeSet, HashSet};

use crunchbox_protocol::{JsonMap, RenderError};
use serde_json::{Value, json};

use crate::condition;
use crate::path::Path;
use crate::prompt::{Prompts, Wanted};
use crate::schema::{ColumnKind, ParamDtype, ParamError, ParamSchema};

/// A column of a table, as far as params care.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputColumn {
    /// Its name.
    pub name: String,
    /// What it holds; `None` for anything that [`ColumnKind`] has no word for. Such a column only fits params that
    /// take all kinds.
    pub kind: Option<ColumnKind>,
}

impl InputColumn {
    /// A column of one of the four kinds.
    pub fn new(name: impl Into<String>, kind: ColumnKind) -> InputColumn {
        InputColumn { name: name.into(), kind: Some(kind) }
    }
}

/// Another tab of the workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputTab {
    /// The name in params.
    pub slug: String,
    /// The name that its owner gave it.
    pub name: String,
    /// The columns of its output: `None` if it is not rendered yet, none at all if it failed or is empty.
    pub columns: Option<Vec<InputColumn>>,
}

/// What params may name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CleanInput {
    /// The columns of the step's input table.
    pub columns: Vec<InputColumn>,
    /// The workflow's tabs, in its order.
    pub tabs: Vec<InputTab>,
    /// The UUIDs of the files uploaded for the step.
    pub files: BTreeSet<String>,
}

/// Params that fit their input.
#[derive(Clone, Debug, PartialEq)]
pub struct Cleaned {
    /// The params, as the step sees them.
    pub params: JsonMap,
    /// The slugs of the tabs that they name, in workflow order.
    pub tabs: Vec<String>,
    /// The UUIDs of the files that they name.
    pub files: BTreeSet<String>,
}

/// Params that a step can't be run with.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CleanError {
    /// A tab is named that is not rendered yet, as it waits for this one.
    #[error("the param {path} names the tab {slug:?}, which waits for this one; choose another tab")]
    TabCycle {
        /// Which param.
        path: String,
        /// Which tab.
        slug: String,
    },
    /// A tab is named that has no output.
    #[error("the param {path} names the tab {slug:?}, which has no output; mend that tab or choose another")]
    TabOutputUnreachable {
        /// Which param.
        path: String,
        /// Which tab.
        slug: String,
    },
    /// The user has something to mend, and here is how.
    #[error("the params don't fit the input's columns, or hold values that don't fit them")]
    Prompting(
        /// What, in the order in which to tell it.
        Vec<RenderError>,
    ),
    /// The params were not of their types to begin with: they have not passed [`ParamSchema::check`].
    #[error(transparent)]
    Param(#[from] ParamError),
}

/// Cleans params that [`ParamSchema::check`] has passed, or that are clean already: then they stay the same.
///
/// Columns, tabs and files that are not there are taken out, whole numbers become floats where floats are wanted,
/// conditions get their normal form.
///
/// ```
/// use crunchbox_params::{CleanInput, ColumnKind, InputColumn, ParamDtype, ParamSchema, clean};
/// use serde_json::json;
///
/// let columns = ParamDtype::Multicolumn { column_types: Default::default(), tab_parameter: None };
/// let schema = ParamSchema::new([("colnames".to_owned(), columns)]);
/// let params = json!({"colnames": ["C", "B"]}).as_object().unwrap().clone();
/// let input = CleanInput {
///     columns: vec![InputColumn::new("A", ColumnKind::Text), InputColumn::new("B", ColumnKind::Number)],
///     ..CleanInput::default()
/// };
/// assert_eq!(clean(&schema, &params, &input)?.params["colnames"], json!(["B"]));
/// # Ok::<(), crunchbox_params::CleanError>(())
/// ```
///
/// # Errors
/// [`CleanError`]. A tab that can't be used outranks what the user may be prompted for.
pub fn clean(schema: &ParamSchema, params: &JsonMap, input: &CleanInput) -> Result<Cleaned, CleanError> {
    let mut cleaner =
        Cleaner { input, params, tabs: HashSet::new(), files: BTreeSet::new(), prompts: Prompts::default() };
    let params = cleaner.keys(schema.params(), params, &Path::Root)?;
    let errors = cleaner.prompts.into_errors();
    if !errors.is_empty() {
        return Err(CleanError::Prompting(errors));
    }
    let named = |tab: &&InputTab| cleaner.tabs.contains(tab.slug.as_str());
    let tabs = input.tabs.iter().filter(named).map(|tab| tab.slug.clone()).collect();
    Ok(Cleaned { params, tabs, files: cleaner.files })
}

struct Cleaner<'a> {
    input: &'a CleanInput,
    params: &'a JsonMap,
    tabs: HashSet<&'a str>,
    files: BTreeSet<String>,
    prompts: Prompts,
}

impl<'a> Cleaner<'a> {
    fn keys<'d>(
        &mut self,
        properties: impl IntoIterator<Item = (&'d String, &'d ParamDtype)>,
        map: &JsonMap,
        path: &Path,
    ) -> Result<JsonMap, CleanError> {
        let mut cleaned = JsonMap::new();
        for (key, dtype) in properties {
            let path = path.key(key);
            let Some(value) = map.get(key) else {
                let expected = "add it, or fill in the defaults".to_owned();
                return Err(ParamError::Missing { path: path.to_string(), expected }.into());
            };
            cleaned.insert(key.clone(), self.value(dtype, value, &path)?);
        }
        match map.keys().find(|key| !cleaned.contains_key(*key)) {
            None => Ok(cleaned),
            Some(key) => Err(ParamError::Unknown {
                path: path.key(key).to_string(),
                known: crate::path::listed(cleaned.keys()),
            }
            .into()),
        }
    }

    fn value(&mut self, dtype: &ParamDtype, value: &Value, path: &Path) -> Result<Value, CleanError> {
        let wrong = || {
            CleanError::from(dtype.check_at(value, path).err().unwrap_or_else(|| {
                // Only for values that the check takes and cleaning doesn't; there are none.
                ParamError::wrong(path, value, "give a value that can be cleaned")
            }))
        };
        match dtype {
            ParamDtype::Float { .. } => match value.as_f64() {
                Some(float) => Ok(json!(float)),
                None => Err(wrong()),
            },
            ParamDtype::Column { column_types, tab_parameter } => {
                let name = value.as_str().ok_or_else(wrong)?;
                let columns = self.columns(tab_parameter.as_deref())?;
                match columns.iter().find(|column| column.name == name) {
                    Some(column) => {
                        self.prompts.want(name, column.kind, column_types);
                        Ok(json!(name))
                    }
                    None => Ok(json!("")),
                }
            }
            ParamDtype::Multicolumn { column_types, tab_parameter } => {
                let names = value.as_array().ok_or_else(wrong)?;
                let names: HashSet<&str> =
                    names.iter().map(|name| name.as_str().ok_or_else(wrong)).collect::<Result<_, _>>()?;
                let chosen: Vec<&InputColumn> = self
                    .columns(tab_parameter.as_deref())?
                    .iter()
                    .filter(|column| names.contains(column.name.as_str()))
                    .collect();
                for column in &chosen {
                    self.prompts.want(&column.name, column.kind, column_types);
                }
                Ok(chosen.iter().map(|column| column.name.as_str()).collect())
            }
            ParamDtype::Condition => {
                let columns = &self.input.columns;
                let kind =
                    |name: &str| columns.iter().find(|column| column.name == name).map(|column| column.kind);
                Ok(condition::clean(value, path, &kind, &mut self.prompts)?)
            }
            ParamDtype::Multichartseries => {
                let mut kept = Vec::new();
                for entry in value.as_array().ok_or_else(wrong)? {
                    let name = entry.get("column").and_then(Value::as_str).ok_or_else(wrong)?;
                    if let Some(column) = self.input.columns.iter().find(|column| column.name == name) {
                        self.prompts.want(name, column.kind, &Wanted::from([ColumnKind::Number]));
                        kept.push(entry.clone());
                    }
                }
                Ok(Value::Array(kept))
            }
            ParamDtype::Tab => match value {
                Value::Null => Ok(Value::Null),
                Value::String(slug) => match self.tab(slug, path)? {
                    Some(tab) => Ok(json!(tab.slug)),
                    None => Ok(Value::Null),
                },
                _ => Err(wrong()),
            },
            ParamDtype::Multitab => {
                let mut named = HashSet::new();
                for (index, slug) in value.as_array().ok_or_else(wrong)?.iter().enumerate() {
                    if let Some(tab) = self.tab(slug.as_str().ok_or_else(wrong)?, &path.index(index))? {
                        named.insert(tab.slug.as_str());
                    }
                }
                let in_order = self.input.tabs.iter().map(|tab| tab.slug.as_str());
                Ok(in_order.filter(|slug| named.contains(slug)).collect())
            }
            ParamDtype::File => match value {
                Value::Null => Ok(Value::Null),
                Value::String(uuid) if self.input.files.contains(uuid) => {
                    self.files.insert(uuid.clone());
                    Ok(value.clone())
                }
                Value::String(_) => Ok(Value::Null),
                _ => Err(wrong()),
            },
            ParamDtype::List(inner) => {
                let items = value.as_array().ok_or_else(wrong)?;
                let items = items.iter().enumerate();
                items.map(|(index, item)| self.value(inner, item, &path.index(index))).collect()
            }
            ParamDtype::Dict(properties) => {
                Ok(Value::Object(self.keys(properties, value.as_object().ok_or_else(wrong)?, path)?))
            }
            ParamDtype::Map(inner) => {
                let map = value.as_object().ok_or_else(wrong)?;
                let cleaned =
                    map.iter().map(|(key, item)| Ok((key.clone(), self.value(inner, item, &path.key(key))?)));
                cleaned.collect()
            }
            ParamDtype::Option(inner) => match value {
                Value::Null => Ok(Value::Null),
                _ => self.value(inner, value, path),
            },
            ParamDtype::String { .. }
            | ParamDtype::Boolean { .. }
            | ParamDtype::Integer { .. }
            | ParamDtype::Enum { .. }
            | ParamDtype::Timezone => {
                dtype.check_at(value, path)?;
                Ok(value.clone())
            }
        }
    }

    /// The tab of that slug, noted as used; `None` if there is no such tab.
    fn tab(&mut self, slug: &str, path: &Path) -> Result<Option<&'a InputTab>, CleanError> {
        let Some(tab) = self.input.tabs.iter().find(|tab| tab.slug == slug) else {
            return Ok(None);
        };
        match &tab.columns {
            None => Err(CleanError::TabCycle { path: path.to_string(), slug: slug.to_owned() }),
            Some(columns) if columns.is_empty() => {
                Err(CleanError::TabOutputUnreachable { path: path.to_string(), slug: slug.to_owned() })
            }
            Some(_) => {
                self.tabs.insert(&tab.slug);
                Ok(Some(tab))
            }
        }
    }

    /// The columns that a column param chooses from: the step's own input's, or those of the tab that another
    /// param names, which are none if it names none.
    fn columns(&mut self, tab_parameter: Option<&str>) -> Result<&'a [InputColumn], CleanError> {
        let Some(parameter) = tab_parameter else {
            return Ok(&self.input.columns);
        };
        let slug = self.params.get(parameter).and_then(Value::as_str).unwrap_or("");
        let tab = self.tab(slug, &Path::Root.key(parameter))?;
        Ok(tab.and_then(|tab| tab.columns.as_deref()).unwrap_or_default())
    }
}

/// The name under which an uploaded file is laid out for a step: its UUID and its own name, all but
/// `-_.,()` and ASCII letters and digits replaced by `-`.
///
/// Of a name that would be too long for a file system the beginning is cut, so that the suffix stays.
pub fn uploaded_filename(uuid: &str, name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.,()".contains(c);
    let name: String = name.chars().map(|c| if plain(c) { c } else { '-' }).collect();
    let room = 254_usize.saturating_sub(uuid.len());
    format!("{uuid}_{}", &name[name.len().saturating_sub(room)..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(dtype: ParamDtype, value: Value, input: &CleanInput) -> Result<Cleaned, CleanError> {
        clean(
            &ParamSchema::new([("value".to_owned(), dtype)]),
            json!({"value": value}).as_object().unwrap(),
            input,
        )
    }

    #[test]
    fn files_that_are_not_there_become_null() {
        let uuid = "0123abcd-0123-4567-89ab-0123456789ab";
        let input = CleanInput { files: BTreeSet::from([uuid.to_owned()]), ..CleanInput::default() };
        let kept = cleaned(ParamDtype::File, json!(uuid), &input).unwrap();
        assert_eq!((&kept.params["value"], kept.files), (&json!(uuid), input.files.clone()));
        let dropped = cleaned(ParamDtype::File, json!(uuid), &CleanInput::default()).unwrap();
        assert_eq!((&dropped.params["value"], dropped.files.len()), (&Value::Null, 0));
    }

    #[test]
    fn values_of_another_type_are_param_errors() {
        let input = CleanInput::default();
        let multicolumn = ParamDtype::Multicolumn { column_types: Wanted::new(), tab_parameter: None };
        for (dtype, value) in [
            (ParamDtype::Float { default: 0.0 }, json!("1")),
            (ParamDtype::Integer { default: 0 }, json!(1.5)),
            (multicolumn, json!(["A", 3])),
            (ParamDtype::Condition, json!({"operation": "and"})),
            (ParamDtype::Condition, json!([])),
            (ParamDtype::Multichartseries, json!([{"color": "#fff"}])),
            (ParamDtype::Tab, json!(3)),
            (ParamDtype::Multitab, json!([null])),
            (ParamDtype::List(Box::new(ParamDtype::Tab)), json!([[]])),
            (ParamDtype::Dict(Default::default()), json!({"a": 1})),
        ] {
            let error = cleaned(dtype, value.clone(), &input).expect_err(&value.to_string());
            assert!(matches!(error, CleanError::Param(_)), "{value}: {error}");
            assert!(error.to_string().starts_with("the param value"), "{error}");
        }
    }

    #[test]
    fn a_tab_error_outranks_a_prompt() {
        let schema = ParamSchema::new([
            (
                "a".to_owned(),
                ParamDtype::Column { column_types: [ColumnKind::Date].into(), tab_parameter: None },
            ),
            ("b".to_owned(), ParamDtype::Tab),
        ]);
        let tab = InputTab { slug: "t".to_owned(), name: "T".to_owned(), columns: None };
        let columns = vec![InputColumn::new("A", ColumnKind::Text)];
        let input = CleanInput { columns, tabs: vec![tab], ..CleanInput::default() };
        let error = clean(&schema, json!({"a": "A", "b": "t"}).as_object().unwrap(), &input).unwrap_err();
        assert_eq!(error, CleanError::TabCycle { path: "b".to_owned(), slug: "t".to_owned() });
    }

    #[test]
    fn uploaded_names_are_safe() {
        assert_eq!(uploaded_filename("u", "../é a(1).csv"), "u_..---a(1).csv");
        let long =
            uploaded_filename("0123abcd-0123-4567-89ab-0123456789ab", &format!("{}.csv", "a".repeat(300)));
        assert_eq!(long.len(), 255);
        assert!(long.ends_with("a.csv"));
    }
}
