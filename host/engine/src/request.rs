//! What a caller asks of a step.

use std::path::PathBuf;

use crunchbox_protocol::JsonMap;
use serde_json::Value;

use crate::Module;

/// Params, and how far they have been prepared.
#[derive(Clone, Debug, PartialEq)]
pub enum Params {
    /// As a user stores them. What is missing gets its default, all is checked against the module's manifest and
    /// cleaned for the input at hand. A module without a manifest gets them as they are.
    Stored(JsonMap),
    /// Exactly as the step is to see them.
    Clean(JsonMap),
}

/// A table by the file it is in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TabInput {
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

/// A file that the step's params name by its UUID.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FileInput {
    pub(crate) uuid: String,
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

/// Asks a module for its table.
///
/// Tables are `.arrow`, `.parquet` or `.csv` files, by their names' endings.
#[derive(Clone, Debug)]
pub struct RenderRequest {
    pub(crate) module: Module,
    pub(crate) params: Params,
    pub(crate) input: Option<PathBuf>,
    pub(crate) tab_name: String,
    pub(crate) tabs: Vec<TabInput>,
    pub(crate) files: Vec<FileInput>,
    pub(crate) output: Option<PathBuf>,
    pub(crate) real_clock_and_random: bool,
}

impl RenderRequest {
    /// A request without input or params.
    pub fn new(module: &Module) -> RenderRequest {
        RenderRequest {
            module: module.clone(),
            params: Params::Stored(JsonMap::new()),
            input: None,
            tab_name: String::new(),
            tabs: Vec::new(),
            files: Vec::new(),
            output: None,
            real_clock_and_random: false,
        }
    }

    /// The main table. Without one the step gets a table that has no columns.
    #[must_use]
    pub fn input(mut self, path: impl Into<PathBuf>) -> Self {
        self.input = Some(path.into());
        self
    }

    /// Params as a user stores them: an object. Anything else counts as no params at all.
    #[must_use]
    pub fn params(mut self, params: Value) -> Self {
        self.params = Params::Stored(object(params));
        self
    }

    /// Params exactly as the step is to see them: an object. Anything else counts as no params at all.
    #[must_use]
    pub fn clean_params(mut self, params: Value) -> Self {
        self.params = Params::Clean(object(params));
        self
    }

    /// The name of the tab that the step is in.
    #[must_use]
    pub fn tab_name(mut self, name: impl Into<String>) -> Self {
        self.tab_name = name.into();
        self
    }

    /// The output of another tab, which params may name by its slug. Tabs are in the order they are given.
    #[must_use]
    pub fn tab(mut self, slug: impl Into<String>, name: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        self.tabs.push(TabInput { slug: slug.into(), name: name.into(), path: path.into() });
        self
    }

    /// A file, which params may name by its UUID. The step gets its bytes as they are.
    #[must_use]
    pub fn file(
        mut self,
        uuid: impl Into<String>,
        name: impl Into<String>,
        path: impl Into<PathBuf>,
    ) -> Self {
        self.files.push(FileInput { uuid: uuid.into(), name: name.into(), path: path.into() });
        self
    }

    /// Where the table is to be written, if the verdict is `ok` and it has columns. What was there before is
    /// replaced in one go, or not at all.
    #[must_use]
    pub fn output(mut self, path: impl Into<PathBuf>) -> Self {
        self.output = Some(path.into());
        self
    }

    /// Gives the step the machine's clocks and random numbers. Without them it lives in 2000-01-01T00:00:00Z and
    /// draws the same numbers in each call, so that the same request has the same result.
    #[must_use]
    pub fn real_clock_and_random(mut self, open: bool) -> Self {
        self.real_clock_and_random = open;
        self
    }

    /// The module.
    pub fn module(&self) -> &Module {
        &self.module
    }
}

fn object(value: Value) -> JsonMap {
    match value {
        Value::Object(map) => map,
        _ => JsonMap::new(),
    }
}
