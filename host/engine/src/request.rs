//! What a caller asks of a step.

use std::fmt;
use std::num::NonZeroU8;
use std::path::PathBuf;

use crunchbox_protocol::{FetchError, JsonMap};
use serde_json::Value;

use crate::{Module, OutputTable};

/// Params, and how far they have been prepared.
#[derive(Clone, Debug, PartialEq)]
pub enum Params {
    /// As a user stores them. The module migrates them, if its manifest says that it does (`migrates_params`); what
    /// is missing gets its default, all is checked against the manifest and cleaned for the input at hand. A module
    /// without a manifest gets them as they are.
    Stored(JsonMap),
    /// Exactly as the step is to see them.
    Clean(JsonMap),
}

/// Where a table is.
#[derive(Clone, Debug)]
pub(crate) enum TableInput {
    /// In a file of the caller's.
    File(PathBuf),
    /// It came out of another call.
    Table(OutputTable),
}

/// Another tab's table.
#[derive(Clone, Debug)]
pub(crate) struct TabInput {
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) table: TableInput,
}

/// A file that the step's params name by its UUID.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FileInput {
    pub(crate) uuid: String,
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

/// What a fetch left, for the calls that follow it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fetched {
    pub(crate) path: Option<PathBuf>,
    pub(crate) errors: Vec<FetchError>,
}

/// Asks a module for its table.
///
/// Tables are `.arrow`, `.parquet` or `.csv` files, by their names' endings.
#[derive(Clone, Debug)]
pub struct RenderRequest {
    pub(crate) module: Module,
    pub(crate) params: Params,
    pub(crate) input: Option<TableInput>,
    pub(crate) tab_name: String,
    pub(crate) tabs: Vec<TabInput>,
    pub(crate) files: Vec<FileInput>,
    pub(crate) fetched: Option<Fetched>,
    pub(crate) output: Option<PathBuf>,
    pub(crate) jobs: NonZeroU8,
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
            fetched: None,
            output: None,
            jobs: NonZeroU8::MIN,
            real_clock_and_random: false,
        }
    }

    /// The main table. Without one the step gets a table that has no columns.
    #[must_use]
    pub fn input(mut self, path: impl Into<PathBuf>) -> Self {
        self.input = Some(TableInput::File(path.into()));
        self
    }

    /// The main table, as it came out of another call. If that was a call of the same engine under the same limits of tables,
    /// nothing is copied, converted or judged again: the step is shown that call's file.
    #[must_use]
    pub fn input_table(mut self, table: &OutputTable) -> Self {
        self.input = Some(TableInput::Table(table.clone()));
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
        let table = TableInput::File(path.into());
        self.tabs.push(TabInput { slug: slug.into(), name: name.into(), table });
        self
    }

    /// The same, as it came out of another call; see [`input_table`](RenderRequest::input_table).
    #[must_use]
    pub fn tab_table(
        mut self,
        slug: impl Into<String>,
        name: impl Into<String>,
        table: &OutputTable,
    ) -> Self {
        let table = TableInput::Table(table.clone());
        self.tabs.push(TabInput { slug: slug.into(), name: name.into(), table });
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

    /// What the module's last fetch left, and what it had to say. The step gets the file's bytes as they are; without a
    /// file it gets an empty one.
    #[must_use]
    pub fn fetched(mut self, path: Option<PathBuf>, errors: Vec<FetchError>) -> Self {
        self.fetched = Some(Fetched { path, errors });
        self
    }

    /// Where the table is to be written, if the verdict is `ok` and it has columns. What was there before is
    /// replaced in one go, or not at all.
    #[must_use]
    pub fn output(mut self, path: impl Into<PathBuf>) -> Self {
        self.output = Some(path.into());
        self
    }

    /// How many workers may work on the table at a time, if the module's manifest says that it works by rows or by key (`works_by`);
    /// else, and for small tables, there is one. Each has the limits of the call for itself, but for time, fuel and output, which all
    /// have together. By key each of them, at most eight, looks at all keys and tells where its rows belong, so they need more of
    /// both. The result is the same, byte for byte.
    #[must_use]
    pub fn jobs(mut self, jobs: NonZeroU8) -> Self {
        self.jobs = jobs;
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

/// Asks a module to fetch data into a file, which may hold any bytes.
///
/// A step has no network: it fetches from the files that it is handed.
#[derive(Clone)]
pub struct FetchRequest {
    pub(crate) module: Module,
    pub(crate) params: Params,
    pub(crate) secrets: JsonMap,
    pub(crate) input: Option<TableInput>,
    pub(crate) files: Vec<FileInput>,
    pub(crate) last: Option<Fetched>,
    pub(crate) output: Option<PathBuf>,
    pub(crate) real_clock_and_random: bool,
}

impl FetchRequest {
    /// A request without params, secrets or files.
    pub fn new(module: &Module) -> FetchRequest {
        FetchRequest {
            module: module.clone(),
            params: Params::Stored(JsonMap::new()),
            secrets: JsonMap::new(),
            input: None,
            files: Vec::new(),
            last: None,
            output: None,
            real_clock_and_random: false,
        }
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

    /// A secret, under its param's name. It goes to the step and nowhere else: no log, report or cache of ours holds it.
    /// What the step does with it is another matter: it may write it to its log, its messages and its file.
    #[must_use]
    pub fn secret(mut self, name: impl Into<String>, value: Value) -> Self {
        self.secrets.insert(name.into(), value);
        self
    }

    /// The table that comes before the step, which it gets as Parquet.
    #[must_use]
    pub fn input(mut self, path: impl Into<PathBuf>) -> Self {
        self.input = Some(TableInput::File(path.into()));
        self
    }

    /// A file to fetch from, which params may name by its UUID. The step gets its bytes as they are.
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

    /// What the last fetch left, and what it had to say. Without a file the step gets an empty one.
    #[must_use]
    pub fn last(mut self, path: Option<PathBuf>, errors: Vec<FetchError>) -> Self {
        self.last = Some(Fetched { path, errors });
        self
    }

    /// Where the file is to be written, if the verdict is `ok` and there is one. What was there before is replaced in
    /// one go, or not at all.
    #[must_use]
    pub fn output(mut self, path: impl Into<PathBuf>) -> Self {
        self.output = Some(path.into());
        self
    }

    /// As [`RenderRequest::real_clock_and_random`].
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

/// All but the secrets, of which it shows the names.
impl fmt::Debug for FetchRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchRequest")
            .field("module", &self.module.id())
            .field("params", &self.params)
            .field("secrets", &self.secrets.keys().collect::<Vec<_>>())
            .field("input", &self.input)
            .field("files", &self.files)
            .field("last", &self.last)
            .field("output", &self.output)
            .field("real_clock_and_random", &self.real_clock_and_random)
            .finish()
    }
}

fn object(value: Value) -> JsonMap {
    match value {
        Value::Object(map) => map,
        _ => JsonMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_is_shown_keeps_its_secrets() {
        let module = Module::from_bytes("x", Vec::new()).unwrap();
        let request = FetchRequest::new(&module).secret("key", "hunter2".into());
        let shown = format!("{request:?}");
        assert!(shown.contains("key") && !shown.contains("hunter2"), "{shown}");
    }
}
