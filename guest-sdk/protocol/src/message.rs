//! What steps and host say to each other, as plain Rust types. `wit/step.thrift` defines what they mean.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

/// A JSON object. Integers are within `i64`, floats are finite.
pub type JsonMap = serde_json::Map<String, serde_json::Value>;

/// Whose catalogue holds the text of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The module's own.
    Module,
    /// The helper library's.
    Cjwmodule,
    /// The parser library's.
    Cjwparse,
}

impl Source {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Source::Module => "module",
            Source::Cjwmodule => "cjwmodule",
            Source::Cjwparse => "cjwparse",
        }
    }

    /// The source that `word` names, if any does.
    pub fn from_word(word: &str) -> Option<Source> {
        [Source::Module, Source::Cjwmodule, Source::Cjwparse]
            .into_iter()
            .find(|source| source.as_str() == word)
    }
}

/// What is filled into a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum I18nArgument {
    /// A whole number.
    I32(i32),
    /// Any finite number.
    Double(f64),
    /// A text.
    String(String),
}

impl From<&str> for I18nArgument {
    fn from(text: &str) -> Self {
        I18nArgument::String(text.to_owned())
    }
}

impl From<String> for I18nArgument {
    fn from(text: String) -> Self {
        I18nArgument::String(text)
    }
}

impl From<i32> for I18nArgument {
    fn from(number: i32) -> Self {
        I18nArgument::I32(number)
    }
}

impl From<f64> for I18nArgument {
    fn from(number: f64) -> Self {
        I18nArgument::Double(number)
    }
}

/// A text for a person, by its id in a catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct I18nMessage {
    /// The id in the catalogue.
    pub id: String,
    /// What is filled in, by name.
    #[serde(default)]
    pub arguments: BTreeMap<String, I18nArgument>,
    /// Whose catalogue; `None` for the platform's own.
    #[serde(default)]
    pub source: Option<Source>,
}

impl I18nMessage {
    /// A message of the platform's own catalogue, without arguments.
    pub fn new(id: impl Into<String>) -> Self {
        I18nMessage { id: id.into(), arguments: BTreeMap::new(), source: None }
    }

    /// The same message with one more argument.
    #[must_use]
    pub fn arg(mut self, name: impl Into<String>, value: impl Into<I18nArgument>) -> Self {
        self.arguments.insert(name.into(), value.into());
        self
    }

    /// The same message from the catalogue of `source`.
    #[must_use]
    pub fn from_source(mut self, source: Source) -> Self {
        self.source = Some(source);
        self
    }
}

/// What a quick fix does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuickFixAction {
    /// Put another step before this one.
    PrependStep {
        /// Which module.
        #[serde(rename = "module")]
        module_slug: String,
        /// Its params, laid over the module's defaults.
        #[serde(rename = "params")]
        partial_params: JsonMap,
    },
}

/// A button that mends what a message complains of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuickFix {
    /// What the button says.
    pub button_text: I18nMessage,
    /// What it does.
    #[serde(flatten)]
    pub action: QuickFixAction,
}

impl QuickFix {
    /// A button that puts a step before this one, with these params laid over its module's defaults. What is no JSON
    /// object is no params.
    pub fn prepend_step(button_text: I18nMessage, module: &str, params: serde_json::Value) -> QuickFix {
        let partial_params = match params {
            serde_json::Value::Object(params) => params,
            _ => JsonMap::new(),
        };
        QuickFix {
            button_text,
            action: QuickFixAction::PrependStep { module_slug: module.to_owned(), partial_params },
        }
    }
}

/// What a step has to say of its result: an error if the result has no columns, else a warning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RenderError {
    /// The text.
    #[serde(flatten)]
    pub message: I18nMessage,
    /// The ways out that it offers.
    #[serde(default)]
    pub quick_fixes: Vec<QuickFix>,
}

impl From<I18nMessage> for RenderError {
    fn from(message: I18nMessage) -> Self {
        RenderError { message, quick_fixes: Vec::new() }
    }
}

impl RenderError {
    /// The same error with one more way out.
    #[must_use]
    pub fn quick_fix(mut self, fix: QuickFix) -> Self {
        self.quick_fixes.push(fix);
        self
    }
}

/// What a fetch has to say of its result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FetchError {
    /// The text.
    pub message: I18nMessage,
}

/// What a fetch left behind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FetchResult {
    /// The file's name in the request's `basedir`.
    pub filename: String,
    /// What there is to say of it.
    pub errors: Vec<FetchError>,
}

/// The output of another tab, for a step that asks for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TabOutput {
    /// The tab's name as its owner wrote it.
    pub tab_name: String,
    /// The table's file name in the request's `basedir`.
    pub table_filename: String,
}

/// A file that the user uploaded for this step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UploadedFile {
    /// The name it had: any text at all, unfit for a path.
    pub name: String,
    /// Its file name in the request's `basedir`.
    pub filename: String,
    /// Microseconds since 1970-01-01 UTC.
    pub uploaded_at_timestampus: i64,
}

/// One of several parts of a table: the rows whose keys fall to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPart {
    /// Which part is asked for, the first being 0.
    pub number: u32,
    /// How many there are. More than `number`.
    pub count: u32,
    /// The name in `/out` that the file must have which tells where the rows of the output belong among those of other parts.
    pub order_filename: String,
}

/// Asks a step for its table.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct RenderRequest {
    /// The directory that all file names but the output's are in, as the step sees it.
    pub basedir: String,
    /// The main table's file name; empty if there is none.
    pub input_filename: String,
    /// The params, cleaned.
    pub params: JsonMap,
    /// The name of the tab that the step is in.
    pub tab_name: String,
    /// What the step's last fetch left.
    pub fetch_result: Option<FetchResult>,
    /// The name in `/out` that the output must have.
    pub output_filename: String,
    /// Other tabs' outputs by slug.
    pub tab_outputs: BTreeMap<String, TabOutput>,
    /// Uploaded files by UUID.
    pub uploaded_files: BTreeMap<String, UploadedFile>,
    /// The rows of the input that are the step's table, the first being 0; `None` for all.
    pub input_rows: Option<Range<u64>>,
    /// The part of the table that the output is to be of; `None` for all of it.
    pub key_part: Option<KeyPart>,
}

/// Answers a [`RenderRequest`].
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct RenderResult {
    /// Errors, or warnings if the output table has columns.
    pub errors: Vec<RenderError>,
    /// For the step's own view of the result.
    pub json: JsonMap,
}

/// Asks a step to fetch data into a file. Shown as `{:?}` it keeps its secrets.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FetchRequest {
    /// The directory that the inputs are in, as the step sees it.
    pub basedir: String,
    /// The params, cleaned.
    pub params: JsonMap,
    /// Secrets by param name.
    pub secrets: JsonMap,
    /// What the last fetch left.
    pub last_fetch_result: Option<FetchResult>,
    /// The input table as Parquet, if there is one.
    pub input_table_parquet_filename: Option<String>,
    /// The name in `/out` that the output must have.
    pub output_filename: String,
    /// By UUID.
    pub uploaded_files: BTreeMap<String, UploadedFile>,
}

impl fmt::Debug for FetchRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchRequest")
            .field("basedir", &self.basedir)
            .field("params", &self.params)
            .field("secrets", &self.secrets.keys().collect::<Vec<_>>())
            .field("last_fetch_result", &self.last_fetch_result)
            .field("input_table_parquet_filename", &self.input_table_parquet_filename)
            .field("output_filename", &self.output_filename)
            .field("uploaded_files", &self.uploaded_files)
            .finish()
    }
}

/// Asks a step to bring old params up to date.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct MigrateParamsRequest {
    /// Params of any version that the module ever had.
    pub params: JsonMap,
}

/// Answers a [`MigrateParamsRequest`].
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct MigrateParamsResult {
    /// The same params, in today's form.
    pub params: JsonMap,
}

/// Says that a module could be started. Proves nothing, as the module itself says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ValidateModuleResult {}

impl fmt::Display for I18nArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            I18nArgument::String(text) => write!(f, "{text:?}"),
            I18nArgument::I32(number) => number.fmt(f),
            I18nArgument::Double(number) => number.fmt(f),
        }
    }
}

/// The id and the arguments: `too.few {n: 3}`.
impl fmt::Display for I18nMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)?;
        let mut before = " {";
        for (name, value) in &self.arguments {
            write!(f, "{before}{name}: {value}")?;
            before = ", ";
        }
        f.write_str(if self.arguments.is_empty() { "" } else { "}" })
    }
}

/// The message.
impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message.fmt(f)
    }
}

impl std::error::Error for I18nMessage {}

impl std::error::Error for RenderError {}
