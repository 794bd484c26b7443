//! Running the steps.

use std::collections::HashMap;
use std::fmt;
use std::sync::{LazyLock, Mutex};

use crunchbox::{Engine, JsonMap, Limits, Module, RenderError, RenderRequest, Verdict};
use crunchbox_tests::{Built, CaseTable, read_table, write_batches};
use proptest::test_runner::{Config, RngSeed};
use serde_json::Value;

use crate::tables::Table;

/// Every table goes through three workers, so some dozens of tables are what a test has time for.
pub(crate) fn some() -> Config {
    cases(32)
}

/// For tests that run several steps for each table.
pub(crate) fn few() -> Config {
    cases(16)
}

fn cases(cases: u32) -> Config {
    let asked = |name: &str| std::env::var_os(name).is_some();
    let mut config = Config { max_shrink_iters: 400, failure_persistence: None, ..Config::default() };
    if !asked("PROPTEST_CASES") {
        config.cases = cases;
    }
    if !asked("PROPTEST_RNG_SEED") {
        config.rng_seed = RngSeed::Fixed(1);
    }
    config
}

struct Steps {
    built: Built,
    engine: Engine,
    modules: Mutex<HashMap<String, Module>>,
}

/// Never dropped: what it leaves in its scratch folder is swept by the next one there.
static STEPS: LazyLock<Steps> = LazyLock::new(|| {
    let built = Built::find().unwrap();
    let engine = Engine::builder().workers(built.programs()).scratch(env!("CARGO_TARGET_TMPDIR"));
    Steps { built, engine: engine.build().unwrap(), modules: Mutex::default() }
});

/// A shipped step.
pub(crate) fn module(id: &str) -> Module {
    let mut modules = STEPS.modules.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let open = || Module::open(STEPS.built.module(id).unwrap()).unwrap();
    modules.entry(id.to_owned()).or_insert_with(open).clone()
}

/// Params as a step is to see them, or as a user stores them.
pub(crate) enum Params {
    Clean(Value),
    Stored(Value),
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Params::Clean(params) | Params::Stored(params)) = self;
        params.fmt(f)
    }
}

/// What a step gave.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The table, if it has columns.
    pub(crate) table: Option<CaseTable>,
    pub(crate) errors: Vec<RenderError>,
    /// The chart, from steps that describe one.
    pub(crate) json: JsonMap,
}

impl Ran {
    /// The table of a step that has nothing to say.
    #[track_caller]
    pub(crate) fn silent(self) -> CaseTable {
        assert!(self.errors.is_empty(), "the step says {:?}", self.errors);
        self.table()
    }

    /// The table, whatever the step says.
    #[track_caller]
    pub(crate) fn table(self) -> CaseTable {
        self.table.unwrap_or_else(|| panic!("there is no table: {:?}", self.errors))
    }

    /// The messages' ids.
    pub(crate) fn ids(&self) -> Vec<&str> {
        self.errors.iter().map(|error| error.message.id.as_str()).collect()
    }
}

/// Runs a step with params that are clean.
pub(crate) fn run(id: &str, params: Value, input: &Table) -> Ran {
    run_with(id, Params::Clean(params), input, &[])
}

/// Runs a step, with other tabs by their slugs, which are their names too.
///
/// # Panics
/// If it does not end well, or its table breaks a rule.
pub(crate) fn run_with(id: &str, params: Params, input: &Table, tabs: &[(&str, &Table)]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(format!("{name}.arrow"));
    write_batches(&input.table, &path("input"), input.batch_rows).unwrap();
    let request =
        RenderRequest::new(&module(id)).input(path("input")).output(path("output")).tab_name("this");
    let shown = params.to_string();
    let mut request = match params {
        Params::Clean(params) => request.clean_params(params),
        Params::Stored(params) => request.params(params),
    };
    for (slug, tab) in tabs {
        write_batches(&tab.table, &path(slug), tab.batch_rows).unwrap();
        request = request.tab(*slug, *slug, path(slug));
    }
    let outcome = STEPS.engine.render(&request, &Limits::default()).unwrap();
    match outcome.verdict {
        Verdict::Ok | Verdict::StepError => {}
        verdict => panic!("{id} with {shown} ended with {verdict}\n{}", outcome.log.text),
    }
    let table = path("output").exists().then(|| read_table(&path("output")).unwrap());
    Ran { table, errors: outcome.errors, json: outcome.json }
}
