//! What all calls have in common: code, a worker with a room, a request, a report, and the order of judgement.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::Instant;

use crunchbox_jail::Child;
use crunchbox_params::Manifest;
use crunchbox_protocol::{End, Job, JsonMap, Message, RenderError, Report, Role, RunJob};

use crate::cache::Code;
use crate::collect::{Assignment, Collected, collect};
use crate::compile::{code, manifest};
use crate::scratch::RunDir;
use crate::watch::Watch;
use crate::workers::Hired;
use crate::{Control, Engine, Error, Layers, Limits, Log, Module, Outcome, Stage, Usage, Verdict, judge};

/// What a worker may have of private memory besides the step's linear memory: wasmtime, the request, the step's
/// standard output.
const WORKER_OWN_BYTES: u64 = 256 << 20;

/// A call in progress.
pub(crate) struct Call<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) module: &'a Module,
    pub(crate) limits: Limits,
    pub(crate) control: Control<'a>,
    /// What the step has to say.
    pub(crate) errors: Vec<RenderError>,
    pub(crate) json: JsonMap,
    pub(crate) usage: Usage,
    /// What was asked last.
    asked: &'static str,
    real_clock_and_random: bool,
    pub(crate) layers: Layers,
    log: Log,
    started: Instant,
}

/// What a call has to tell, whatever comes of it.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) errors: Vec<RenderError>,
    pub(crate) json: JsonMap,
    pub(crate) usage: Usage,
    layers: Layers,
    log: Log,
}

impl Told {
    /// The same of another part of the call, which comes behind.
    pub(crate) fn add(&mut self, part: Told, limits: &Limits) {
        for error in part.errors {
            if !self.errors.contains(&error) {
                self.errors.push(error);
            }
        }
        self.json = part.json;
        self.layers = part.layers;
        self.usage.add(&part.usage);
        self.log.add(&part.log, limits.log_bytes);
    }
}

/// Why a call is over before its end: a verdict, or a fault of the host's.
pub(crate) enum Stop {
    Verdict(Verdict),
    Error(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Error(error)
    }
}

impl From<Verdict> for Stop {
    fn from(verdict: Verdict) -> Self {
        Stop::Verdict(verdict)
    }
}

/// What is asked of a step.
pub(crate) struct Question<'q> {
    /// The call, as the step's second argument says it.
    pub(crate) call: &'static str,
    /// The files that are asked of the step.
    pub(crate) output: &'static [&'static str],
    /// Fills the worker's room, and gives the request. Called again if the code has to be made anew.
    #[expect(clippy::type_complexity, reason = "it is said once, and its parts have names")]
    pub(crate) request: &'q mut dyn FnMut(&mut Call<'_>, &RunDir) -> Result<Vec<u8>, Stop>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(
        engine: &'a Engine,
        module: &'a Module,
        call: &'static str,
        real_clock_and_random: bool,
        limits: &Limits,
        control: Control<'a>,
    ) -> Self {
        Call {
            engine,
            module,
            limits: limits.clone(),
            control,
            errors: Vec::new(),
            json: JsonMap::new(),
            usage: Usage::default(),
            asked: call,
            real_clock_and_random,
            layers: Layers::default(),
            log: Log::default(),
            started: Instant::now(),
        }
    }

    /// All that there is to tell, `result` being what the step made or why there is none of it.
    pub(crate) fn end<O>(mut self, result: Result<Option<O>, Stop>) -> Result<Outcome<O>, Error> {
        let (verdict, output) = match result {
            Ok(output) => (Verdict::Ok, output),
            Err(Stop::Verdict(verdict)) => (verdict, None),
            Err(Stop::Error(error)) => return Err(error),
        };
        self.usage.total_time = self.started.elapsed();
        let Call { asked: call, errors, json, usage, layers, log, .. } = self;
        Ok(Outcome { call, verdict, errors, json, usage, layers, log, output })
    }

    /// What it has to tell so far.
    pub(crate) fn told(self) -> Told {
        let Call { errors, json, usage, layers, log, .. } = self;
        Told { errors, json, usage, layers, log }
    }

    /// Takes over what its parts have to tell.
    pub(crate) fn hear(&mut self, told: Told) {
        let Told { errors, json, usage, layers, log } = told;
        (self.errors, self.json, self.layers) = (errors, json, layers);
        self.usage.add(&usage);
        self.log.add(&log, self.limits.log_bytes);
    }

    /// The module's code, and its manifest if it has one. What that says of tables holds from here on, if the caller said
    /// nothing.
    pub(crate) fn open(&mut self) -> Result<(Arc<Code>, Option<Manifest>), Stop> {
        let code = code(self.engine, self.module, &self.limits, self.control)??;
        let manifest = manifest(&code)?;
        let profile = manifest.as_ref().and_then(|manifest| manifest.profile);
        self.limits.profile = self.limits.profile.or(profile);
        Ok((code, manifest))
    }

    /// Asks the step, in a worker of its own, and judges how it ended and what it answers. The room is as the step left it.
    pub(crate) fn ask<M: Message>(
        &mut self,
        code: &Code,
        mut question: Question<'_>,
    ) -> Result<(M, RunDir), Stop> {
        self.asked = question.call;
        let before = self.usage.clone();
        let (report, room) = match self.attempt(code, &mut question)? {
            (Report { end: End::StaleCode, .. }, _) => {
                // The inputs are brought once more.
                self.usage = before;
                self.attempt_anew(code, &mut question)?
            }
            done => done,
        };
        let full = question.output.iter().any(|name| {
            let file = fs::symlink_metadata(room.outputs().join(name));
            file.is_ok_and(|file| file.size() >= self.limits.output_bytes)
        });
        judge::ending(&report, full, &self.limits)?;
        Ok((judge::message(&report, &self.limits)?, room))
    }

    fn attempt(&mut self, code: &Code, question: &mut Question<'_>) -> Result<(Report, RunDir), Stop> {
        let workers = &self.engine.workers;
        let Hired { child, run_dir } = workers.hire(&workers.run, self.control.cancel)??;
        let mut room = run_dir
            .ok_or_else(|| Error::WorkerFailed { role: "run", reason: "it has no room".to_owned() })?;
        self.layers = child.layers().clone();
        let request = (question.request)(self, &room)?;
        self.control.enter(Stage::Running);
        let report = self.dispatch(code, child, question.call, &request, &room)?;
        room.left_by(&self.layers);
        Ok((report, room))
    }

    /// The same with code that was compiled anew, for code that turned out not to fit this machine. Of the parts of a call
    /// one compiles it, and the others find it.
    fn attempt_anew(&mut self, stale: &Code, question: &mut Question<'_>) -> Result<(Report, RunDir), Stop> {
        self.engine.forget_code(&self.module.hash(), stale);
        let fresh = code(self.engine, self.module, &self.limits, self.control)??;
        let (report, room) = self.attempt(&fresh, question)?;
        if report.end == End::StaleCode {
            let reason = format!("the code that was compiled just now does not fit: {}", report.detail);
            return Err(Error::WorkerFailed { role: "run", reason }.into());
        }
        Ok((report, room))
    }

    fn dispatch(
        &mut self,
        code: &Code,
        child: Child,
        call: &str,
        request: &[u8],
        room: &RunDir,
    ) -> Result<Report, Stop> {
        let Some(code) = code.as_fd() else {
            return Ok(Report::new(End::StaleCode, "its file in the cache is not what its name says"));
        };
        let limits = &self.limits;
        // The step may have all of its inputs shown in its memory.
        let input_bytes = self.usage.bytes_in;
        let role = Role::Run(RunJob {
            module_id: self.module.id().to_owned(),
            call: call.to_owned(),
            fuel: limits.fuel,
            memory_bytes: limits.memory_bytes,
            input_bytes,
            table_elements: limits.table_elements,
            stack_bytes: limits.stack_bytes,
            stdout_bytes: limits.stdout_bytes,
            real_clock_and_random: self.real_clock_and_random,
        });
        let memory_bytes = limits.memory_bytes.saturating_add(WORKER_OWN_BYTES);
        let kernel_bytes = memory_bytes.saturating_add(input_bytes);
        let job = Job::new(role, kernel_bytes, limits.wall_time, limits.output_bytes);
        let workers = &self.engine.workers;
        let caps = Report::caps(limits.stdout_bytes);
        let outputs = room.outputs();
        let collected = collect(Assignment {
            child,
            job: job.to_bytes(request),
            files: vec![code],
            report_limit: caps.message_bytes,
            log_limit: usize::try_from(limits.log_bytes).unwrap_or(usize::MAX),
            wall_time: limits.wall_time,
            cancel: self.control.cancel,
            watch: Some(Watch::new(outputs, limits)),
            memory_bytes: kernel_bytes,
            meanwhile: &|| workers.keep_ready(&workers.run),
        })?;
        self.note(&collected);
        let limits = &self.limits;
        let report = judge::report("run", &collected, &caps, limits.wall_time)??;
        let usage = &mut self.usage;
        usage.fuel = report.fuel.min(limits.fuel);
        usage.peak_memory_bytes = report.peak_memory_bytes.min(kernel_bytes);
        Ok(report)
    }

    /// Takes down what was measured from outside.
    fn note(&mut self, collected: &Collected) {
        let usage = &mut self.usage;
        usage.cpu_time = collected.used.cpu;
        usage.wall_time = collected.wall_time;
        usage.peak_rss_bytes = collected.used.max_rss_bytes;
        usage.log_bytes = collected.log.total;
        self.log = Log {
            text: String::from_utf8_lossy(&collected.log.bytes).into_owned(),
            truncated: collected.log.truncated(),
        };
    }
}
