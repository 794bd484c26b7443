//! An engine as the command line asks for it, with Ctrl-C and a sign of life while it works.

use std::io::IsTerminal;
use std::time::Duration;

use anyhow::Context;
use crunchbox::{CancelToken, Control, Engine, Stage};
use indicatif::{ProgressBar, ProgressStyle};

use crate::args::EngineArgs;

/// What a command works with.
pub(crate) struct Session {
    pub(crate) engine: Engine,
    cancel: CancelToken,
    spinner: ProgressBar,
}

impl Session {
    pub(crate) fn new(args: &EngineArgs) -> anyhow::Result<Session> {
        // A command is one call: nothing comes after it that a worker could be kept ready for.
        let mut builder = Engine::builder()
            .idle_workers(0)
            .require(args.require.iter().filter(|name| !name.is_empty()).cloned());
        if let Some(cache) = &args.cache {
            builder = builder.cache(cache);
        }
        let cancel = CancelToken::new()?;
        let token = cancel.clone();
        // Before the engine makes its first folder, which a Ctrl-C from here on sees removed.
        ctrlc::set_handler(move || token.cancel()).context("can't handle Ctrl-C")?;
        let engine = builder.build()?;
        Ok(Session { engine, cancel, spinner: spinner() })
    }

    /// Does `work` under this session's watch.
    pub(crate) fn watched<T>(&self, work: impl FnOnce(&Engine, Control<'_>) -> T) -> T {
        let on_stage = |stage: Stage| self.spinner.set_message(stage.to_string());
        let result = work(&self.engine, Control { cancel: Some(&self.cancel), on_stage: Some(&on_stage) });
        self.spinner.finish_and_clear();
        result
    }
}

/// Shows nothing unless standard error is a terminal, and nothing there before a moment has passed.
fn spinner() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let spinner = ProgressBar::new_spinner();
    // A fixed template that is known to be one.
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        spinner.set_style(style);
    }
    spinner.enable_steady_tick(Duration::from_millis(150));
    spinner
}
