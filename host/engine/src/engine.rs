//! The engine: holds what calls share, and makes them.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crunchbox_jail::{ControlGroup, GroupLimits, Layer, Layers};
use crunchbox_params::Manifest;

use crate::cache::{Code, CodeCache};
use crate::call::Call;
use crate::workers::Workers;
use crate::{
    Control, Error, FetchRequest, FetchedFile, JsonMap, Limits, Module, Outcome, RenderRequest, Verdict,
};

/// Runs steps. Long-lived; many threads may share one.
#[derive(Debug)]
pub struct Engine {
    pub(crate) workers: Workers,
    pub(crate) cache: CodeCache,
    /// Code whose checksum this engine has compared already, still open.
    known: Mutex<HashMap<String, Arc<Code>>>,
}

/// How an [`Engine`] is to be.
#[derive(Clone, Debug)]
pub struct EngineBuilder {
    workers: Option<PathBuf>,
    cache: Option<PathBuf>,
    scratch: Option<PathBuf>,
    required: Vec<String>,
    idle_workers: usize,
    group: GroupLimits,
    delegated: Option<PathBuf>,
}

impl EngineBuilder {
    /// The folder of the worker executables: `crunchbox-worker`, `crunchbox-compiler` and `crunchbox-tables`, as
    /// `cargo xtask build` leaves them in `target/release`.
    ///
    /// Without this they are looked for in `$CRUNCHBOX_WORKERS` alone, if that is set; else beside the running
    /// program and in `../libexec/crunchbox` from there. They must be of the same build as this library.
    #[must_use]
    pub fn workers(mut self, folder: impl Into<PathBuf>) -> Self {
        self.workers = Some(folder.into());
        self
    }

    /// The folder for compiled code: kept between programs, shared by engines at once, safe to delete. Without
    /// this: `crunchbox` in `$XDG_CACHE_HOME`, else in `~/.cache`.
    #[must_use]
    pub fn cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(folder.into());
        self
    }

    /// The folder for the tables of running calls. Without this: the system's folder for temporary files.
    #[must_use]
    pub fn scratch(mut self, folder: impl Into<PathBuf>) -> Self {
        self.scratch = Some(folder.into());
        self
    }

    /// How many workers of a kind are kept ready for the calls to come, once there has been one: each is a process that
    /// sleeps, with some 3 MB of its own. Without this: two. With none, every call waits for a worker to be made.
    #[must_use]
    pub fn idle_workers(mut self, count: usize) -> Self {
        self.idle_workers = count;
        self
    }

    /// What all workers of the engine may take together, where they can be put into a control group (the layer
    /// `cgroup`): memory in bytes, processes and threads. Without this: three quarters of the machine's memory, and
    /// 1,024 processes.
    #[must_use]
    pub fn worker_group(mut self, memory_bytes: u64, processes: u32) -> Self {
        self.group = GroupLimits { memory_bytes, processes };
        self
    }

    /// A folder of control groups (version 2) that was delegated to this user and has no process of its own. Without
    /// this, a place is looked for beside the program's own group, where root finds one.
    #[must_use]
    pub fn delegated_group(mut self, folder: impl Into<PathBuf>) -> Self {
        self.delegated = Some(folder.into());
        self
    }

    /// Refuse every call if one of these layers can't be had, before anything has run.
    #[must_use]
    pub fn require<S: Into<String>>(mut self, layers: impl IntoIterator<Item = S>) -> Self {
        self.required.extend(layers.into_iter().map(Into::into));
        self
    }

    /// Looks for all that the engine needs.
    ///
    /// # Errors
    /// [`Error::LayerMissing`] if a required layer can't be had, [`Error::WorkerNotFound`] if an executable is
    /// missing, [`Error::Io`] if the cache or scratch folder can't be used.
    pub fn build(self) -> Result<Engine, Error> {
        let parse = |name: &String| {
            name.parse::<Layer>().map_err(|reason| Error::LayerMissing { layer: name.clone(), reason })
        };
        let required = self.required.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        let choosy = !required.is_empty();
        let scratch = self.scratch.unwrap_or_else(std::env::temp_dir);
        let group = ControlGroup::new(self.group, self.delegated);
        let workers = Workers::find(self.workers.as_deref(), &scratch, self.idle_workers, group, required)?;
        let cache = CodeCache::open(&self.cache.map_or_else(default_cache, Ok)?)?;
        let engine = Engine { workers, cache, known: Mutex::default() };
        if choosy {
            engine.layers()?;
        }
        Ok(engine)
    }
}

fn default_cache() -> Result<PathBuf, Error> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .map(|folder| folder.join("crunchbox").join("code"))
        .ok_or_else(|| Error::InvalidRequest {
            what:
                "neither XDG_CACHE_HOME nor HOME says where compiled code may be kept; set one, or the cache \
                   folder"
                    .to_owned(),
        })
}

impl Engine {
    /// A builder with the defaults.
    pub fn builder() -> EngineBuilder {
        EngineBuilder {
            workers: None,
            cache: None,
            scratch: None,
            required: Vec::new(),
            idle_workers: 2,
            group: GroupLimits::default(),
            delegated: None,
        }
    }

    /// Has a worker made for the first call, and does not wait for it: for who knows that there will be one soon.
    pub fn prepare(&self) {
        self.workers.prepare(&self.workers.run);
    }

    /// The layers that are around a step on this machine: those of a worker that is made for the question.
    ///
    /// # Errors
    /// [`Error::Spawn`] if no worker can be had, [`Error::LayerMissing`] if it lacks one that is required.
    pub fn layers(&self) -> Result<Layers, Error> {
        match self.workers.hire(&self.workers.run, None)? {
            Ok(hired) => Ok(hired.child.layers().clone()),
            // Nobody could have cancelled it.
            Err(verdict) => Err(Error::WorkerFailed { role: "run", reason: verdict.to_string() }),
        }
    }

    /// The programs that are run as workers: they must be nobody's to change but the caller's or root's.
    pub fn worker_executables(&self) -> [&Path; 3] {
        self.workers.executables()
    }

    /// The folder that compiled code is kept in.
    pub fn code_folder(&self) -> &Path {
        self.cache.folder()
    }

    /// Asks a module for its table.
    ///
    /// # Errors
    /// What is not the step's fault: [`Error`] says what. What the step does is in the outcome's verdict.
    pub fn render(&self, request: &RenderRequest, limits: &Limits) -> Result<Outcome, Error> {
        self.render_with(request, limits, Control::default())
    }

    /// The same, watched and cancellable.
    ///
    /// # Errors
    /// As [`Engine::render`].
    pub fn render_with(
        &self,
        request: &RenderRequest,
        limits: &Limits,
        control: Control<'_>,
    ) -> Result<Outcome, Error> {
        limits.check()?;
        let mut call =
            Call::new(self, &request.module, "render", request.real_clock_and_random, limits, control);
        let result = call.render(request);
        call.end(result)
    }

    /// Asks a module whether it can be started: the outcome's verdict is `ok` if it compiles, has a good manifest or none,
    /// starts, and answers as the contract wants it. That is its own word, and proves no more.
    ///
    /// # Errors
    /// What is not the module's fault.
    pub fn validate(
        &self,
        module: &Module,
        limits: &Limits,
        control: Control<'_>,
    ) -> Result<Outcome<()>, Error> {
        limits.check()?;
        let mut call = Call::new(self, module, "validate", false, limits, control);
        let result = call.validate();
        call.end(result)
    }

    /// Asks a module to bring params up to date, whatever version of it they were stored by: the outcome's output. They
    /// are as the module gives them, and may be anything that the manifest does not ask for.
    ///
    /// # Errors
    /// What is not the module's fault.
    pub fn migrate_params(
        &self,
        module: &Module,
        params: &JsonMap,
        limits: &Limits,
        control: Control<'_>,
    ) -> Result<Outcome<JsonMap>, Error> {
        limits.check()?;
        let mut call = Call::new(self, module, "migrate-params", false, limits, control);
        let result = call.migrate_params(params);
        call.end(result)
    }

    /// Asks a module to fetch data into a file.
    ///
    /// # Errors
    /// What is not the step's fault.
    pub fn fetch(
        &self,
        request: &FetchRequest,
        limits: &Limits,
        control: Control<'_>,
    ) -> Result<Outcome<FetchedFile>, Error> {
        limits.check()?;
        let open = request.real_clock_and_random;
        let mut call = Call::new(self, &request.module, "fetch", open, limits, control);
        let result = call.fetch(request);
        call.end(result)
    }

    /// Compiles a module into the cache, if its code isn't there, and reads its manifest.
    ///
    /// The outer result is the engine's, the inner one the module's: `Err(verdict)` is `bad-module`, or
    /// `cancelled`.
    ///
    /// # Errors
    /// What is not the module's fault.
    pub fn compile(
        &self,
        module: &Module,
        limits: &Limits,
        control: Control<'_>,
    ) -> Result<Result<Option<Manifest>, Verdict>, Error> {
        limits.check()?;
        if let Some(code) = self.known_code(&module.hash())
            && code.as_fd().is_none()
        {
            self.forget_code(&module.hash(), &code);
        }
        let code = match crate::compile::code(self, module, limits, control)? {
            Ok(code) => code,
            Err(verdict) => return Ok(Err(verdict)),
        };
        Ok(crate::compile::manifest(&code))
    }

    /// The catalogues of messages that a module carries: an object by language of objects of texts by message id. They are
    /// as the module has them, unchecked; `None` if it has none or has not been compiled yet.
    pub fn catalogues(&self, module: &Module) -> Option<JsonMap> {
        self.known_code(&module.hash())?.told.catalogues.clone()
    }

    /// Whether a module's code is in the cache.
    pub fn is_compiled(&self, module: &Module) -> bool {
        self.known_code(&module.hash()).is_some_and(|code| code.as_fd().is_some())
    }

    /// A file without a name, to be written and read.
    pub(crate) fn scratch_file(&self) -> Result<File, Error> {
        self.workers.scratch_file()
    }

    /// A module's code, if it has been compiled.
    pub(crate) fn known_code(&self, hash: &str) -> Option<Arc<Code>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(code) = known.get(hash) {
            return Some(Arc::clone(code));
        }
        let code = Arc::new(self.cache.find(hash)?);
        known.insert(hash.to_owned(), Arc::clone(&code));
        Some(code)
    }

    /// Remembers code that was just compiled.
    pub(crate) fn learn_code(&self, hash: &str, code: Code) -> Arc<Code> {
        let code = Arc::new(code);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(hash.to_owned(), Arc::clone(&code));
        code
    }

    /// Forgets code that turned out not to fit, unless other code has come in its place by now.
    pub(crate) fn forget_code(&self, hash: &str, stale: &Code) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.get(hash).is_some_and(|known| std::ptr::eq(&**known, stale)) {
            known.remove(hash);
            // Before anybody looks again.
            self.cache.forget(hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Told;
    use crate::workers::tests::executables;

    #[test]
    fn code_that_came_in_the_place_of_stale_code_is_not_forgotten() {
        let folder = executables();
        let engine = Engine::builder()
            .workers(folder.path())
            .cache(folder.path().join("code"))
            .scratch(folder.path())
            .build()
            .unwrap();
        let code = || {
            let draft = engine.cache.draft("aa").unwrap();
            engine.learn_code("aa", engine.cache.keep("aa", draft, Told::default()).unwrap())
        };
        let [stale, fresh] = [code(), code()];
        engine.forget_code("aa", &stale);
        assert!(Arc::ptr_eq(&engine.known_code("aa").unwrap(), &fresh));
        engine.forget_code("aa", &fresh);
        assert!(engine.known_code("aa").is_none());
    }
}
