//! The form of a module: its parameters as the manifest lists them, and what type of value each stands for.

mod read;

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::Value;

pub(crate) use self::read::{read_dtypes, read_parameters};
use crate::schema::{ColumnKind, ParamDtype};

/// One field of a module's form.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Parameter {
    /// The param's name.
    pub id_name: String,
    /// What the user reads beside it.
    pub name: String,
    /// What the user reads in it while it is empty.
    pub placeholder: String,
    /// When it is shown; `None` if always.
    pub visible_if: Option<VisibleIf>,
    /// What it is.
    pub kind: ParameterKind,
}

/// Shows a field depending on another one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct VisibleIf {
    /// The other one.
    pub id_name: String,
    /// What it must be: a list of options if it has options.
    pub value: Value,
    /// Whether to show the field exactly when it is not.
    pub invert: bool,
}

/// What a field is, and what only such a field has.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ParameterKind {
    /// Text to read.
    Statictext,
    /// Something to press.
    Button,
    /// Text to enter.
    String {
        /// Whether it may have several lines.
        multiline: bool,
        /// What it is at first.
        default: String,
        /// The language it is in.
        syntax: Option<Syntax>,
    },
    /// A number format such as `{:,}`.
    Numberformat {
        /// What it is at first.
        default: String,
    },
    /// A whole number.
    Integer {
        /// What it is at first.
        default: i64,
    },
    /// A number.
    Float {
        /// What it is at first.
        default: f64,
    },
    /// Yes or no.
    Checkbox {
        /// What it is at first.
        default: bool,
    },
    /// One of several options, shown when asked for.
    Menu {
        /// What there is to choose from.
        options: Vec<Choice>,
        /// What is chosen at first; `None` for the first option.
        default: Option<Value>,
    },
    /// One of several options, all shown.
    Radio {
        /// What there is to choose from.
        options: Vec<Choice>,
        /// What is chosen at first; `None` for the first option.
        default: Option<Value>,
    },
    /// A time zone.
    Timezone,
    /// A column.
    Column {
        /// Which kinds will do; empty if all.
        column_types: BTreeSet<ColumnKind>,
        /// The `tab` parameter that says whose columns; `None` for the input's.
        tab_parameter: Option<String>,
    },
    /// Columns.
    Multicolumn {
        /// Which kinds will do; empty if all.
        column_types: BTreeSet<ColumnKind>,
        /// The `tab` parameter that says whose columns; `None` for the input's.
        tab_parameter: Option<String>,
    },
    /// A filter condition.
    Condition,
    /// Columns with colours.
    Multichartseries,
    /// Another tab.
    Tab,
    /// Other tabs.
    Multitab,
    /// An uploaded file.
    File,
    /// A file on Google Drive.
    Gdrivefile {
        /// The `secret` parameter to get it with.
        secret_parameter: String,
    },
    /// Any number of the same fields.
    List {
        /// The fields.
        child_parameters: Vec<Parameter>,
    },
    /// A secret. Its value is no param: only fetching gets to see it.
    Secret {
        /// How the user gives it.
        secret_logic: SecretLogic,
    },
    /// A field of the module's own making.
    Custom,
}

/// A language that a text may be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Syntax {
    /// Python.
    Python,
    /// SQL.
    Sql,
}

/// One line of a menu, one button of a radio group.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Choice {
    /// A line between options.
    Separator,
    /// An option.
    Option {
        /// The param's value if it is chosen.
        value: Value,
        /// What the user reads.
        label: String,
    },
}

impl Choice {
    pub(crate) fn value(&self) -> Option<&Value> {
        match self {
            Choice::Separator => None,
            Choice::Option { value, .. } => Some(value),
        }
    }
}

/// How a secret is come by.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretLogic {
    /// By signing in elsewhere.
    Oauth {
        /// The protocol: `oauth1a`, `oauth2`, or `oauth`, which is an old word.
        provider: String,
        /// Where: `twitter`, `google`, `intercom`.
        service: String,
    },
    /// By typing it.
    String {
        /// What the user reads beside it.
        label: String,
        /// An expression (RE2) that it must match.
        pattern: String,
        /// What the user reads in it while it is empty.
        placeholder: String,
        /// What the user reads below it.
        help: String,
        /// Where there is more to read.
        help_url: String,
        /// The text of the link to there.
        help_url_prompt: String,
    },
}

impl ParameterKind {
    /// The word for it in a manifest.
    pub fn word(&self) -> &'static str {
        match self {
            ParameterKind::Statictext => "statictext",
            ParameterKind::Button => "button",
            ParameterKind::String { .. } => "string",
            ParameterKind::Numberformat { .. } => "numberformat",
            ParameterKind::Integer { .. } => "integer",
            ParameterKind::Float { .. } => "float",
            ParameterKind::Checkbox { .. } => "checkbox",
            ParameterKind::Menu { .. } => "menu",
            ParameterKind::Radio { .. } => "radio",
            ParameterKind::Timezone => "timezone",
            ParameterKind::Column { .. } => "column",
            ParameterKind::Multicolumn { .. } => "multicolumn",
            ParameterKind::Condition => "condition",
            ParameterKind::Multichartseries => "multichartseries",
            ParameterKind::Tab => "tab",
            ParameterKind::Multitab => "multitab",
            ParameterKind::File => "file",
            ParameterKind::Gdrivefile { .. } => "gdrivefile",
            ParameterKind::List { .. } => "list",
            ParameterKind::Secret { .. } => "secret",
            ParameterKind::Custom => "custom",
        }
    }
}

impl Parameter {
    /// The type of the param's value; `None` if it has none.
    pub fn dtype(&self) -> Option<ParamDtype> {
        let text = |default: &str| ParamDtype::String { default: default.to_owned() };
        Some(match &self.kind {
            ParameterKind::Statictext | ParameterKind::Button | ParameterKind::Secret { .. } => return None,
            ParameterKind::String { default, .. } | ParameterKind::Numberformat { default } => text(default),
            ParameterKind::Custom => text(""),
            ParameterKind::Integer { default } => ParamDtype::Integer { default: *default },
            ParameterKind::Float { default } => ParamDtype::Float { default: *default },
            ParameterKind::Checkbox { default } => ParamDtype::Boolean { default: *default },
            ParameterKind::Menu { options, default } | ParameterKind::Radio { options, default } => {
                let choices: Vec<Value> = options.iter().filter_map(Choice::value).cloned().collect();
                let default = default.clone().or_else(|| choices.first().cloned()).unwrap_or_default();
                ParamDtype::Enum { choices, default }
            }
            ParameterKind::Timezone => ParamDtype::Timezone,
            ParameterKind::Column { column_types, tab_parameter } => ParamDtype::Column {
                column_types: column_types.clone(),
                tab_parameter: tab_parameter.clone(),
            },
            ParameterKind::Multicolumn { column_types, tab_parameter } => ParamDtype::Multicolumn {
                column_types: column_types.clone(),
                tab_parameter: tab_parameter.clone(),
            },
            ParameterKind::Condition => ParamDtype::Condition,
            ParameterKind::Multichartseries => ParamDtype::Multichartseries,
            ParameterKind::Tab => ParamDtype::Tab,
            ParameterKind::Multitab => ParamDtype::Multitab,
            ParameterKind::File => ParamDtype::File,
            ParameterKind::Gdrivefile { .. } => {
                let keys = ["id", "name", "url", "mimeType"];
                let properties = keys.map(|key| (key.to_owned(), text("")));
                ParamDtype::Option(Box::new(ParamDtype::Dict(IndexMap::from(properties))))
            }
            ParameterKind::List { child_parameters } => {
                ParamDtype::List(Box::new(ParamDtype::Dict(dtypes(child_parameters))))
            }
        })
    }

    /// The values of its options; `None` if it is not of a kind that has any.
    pub(crate) fn option_values(&self) -> Option<impl Iterator<Item = &Value>> {
        match &self.kind {
            ParameterKind::Menu { options, .. } | ParameterKind::Radio { options, .. } => {
                Some(options.iter().filter_map(Choice::value))
            }
            _ => None,
        }
    }
}

/// The types of all that have one, by name.
pub(crate) fn dtypes(parameters: &[Parameter]) -> IndexMap<String, ParamDtype> {
    let named = |parameter: &Parameter| Some((parameter.id_name.clone(), parameter.dtype()?));
    parameters.iter().filter_map(named).collect()
}
