//! One call, from the caller's request to the outcome. Each hop takes and gives one named type.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crunchbox_jail::{Child, worker_id};
use crunchbox_params::{Manifest, uploaded_filename};
use crunchbox_protocol as protocol;
use crunchbox_protocol::{
    End, FileFormat, Job, JsonMap, Message, Profile, Report, Role, RunJob, TableReport, UploadedFile,
};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
use tempfile::NamedTempFile;

use crate::cache::Code;
use crate::collect::{Assignment, Collected, collect};
use crate::judge;
use crate::params::{self, Prepared};
use crate::scratch::RunDir;
use crate::tables::{self, Judged, TableTask};
use crate::watch::Watch;
use crate::workers::Hired;
use crate::{
    Control, Engine, Error, Layers, Limits, Log, Module, Outcome, OutputTable, RenderRequest, Stage, Usage,
    Verdict,
};

/// What a worker may have of private memory besides the step's linear memory: wasmtime, the request, the step's
/// standard output.
const WORKER_OWN_BYTES: u64 = 256 << 20;

/// More than any module of [`Module::MAX_BYTES`] compiles to.
const MAX_CODE_BYTES: u64 = 16 << 30;

/// The names that a step finds its tables under.
const INPUT: &str = "input.arrow";
const OUTPUT: &str = "output.arrow";

/// A call in progress.
pub(crate) struct Call<'a> {
    engine: &'a Engine,
    request: &'a RenderRequest,
    limits: Limits,
    control: Control<'a>,
    started: Instant,
    outcome: Outcome,
}

/// Why a call is over before its end: a verdict, or a fault of the host's.
enum Stop {
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

impl<'a> Call<'a> {
    pub(crate) fn new(
        engine: &'a Engine,
        request: &'a RenderRequest,
        limits: &Limits,
        control: Control<'a>,
    ) -> Self {
        let outcome = Outcome {
            verdict: Verdict::Ok,
            errors: Vec::new(),
            json: JsonMap::new(),
            usage: Usage::default(),
            layers: Layers::default(),
            log: Log::default(),
            output: None,
        };
        Call { engine, request, limits: limits.clone(), control, started: Instant::now(), outcome }
    }

    pub(crate) fn render(mut self) -> Result<Outcome, Error> {
        match self.run() {
            Ok(()) => {}
            Err(Stop::Verdict(verdict)) => {
                self.outcome.verdict = verdict;
                self.outcome.output = None;
            }
            Err(Stop::Error(error)) => return Err(error),
        }
        self.outcome.usage.total_time = self.started.elapsed();
        Ok(self.outcome)
    }

    fn run(&mut self) -> Result<(), Stop> {
        let destination = self.request.output.as_deref().map(Destination::prepare).transpose()?;
        let code = code(self.engine, &self.request.module, &self.limits, self.control)??;
        if self.limits.profile.is_none() {
            self.limits.profile = profile_of(&code)?;
        }
        let (report, run_dir) = match self.attempt(&code)? {
            (Report { end: End::StaleCode, .. }, _) => self.attempt_anew()?,
            done => done,
        };
        let output_path = run_dir.outputs().join(OUTPUT);
        let full =
            fs::symlink_metadata(&output_path).is_ok_and(|file| file.size() >= self.limits.output_bytes);
        judge::ending(&report, full, &self.limits)?;
        let result = judge::message(&report, &self.limits)?;
        self.outcome.errors = result.errors;
        self.outcome.json = result.json;
        self.outcome.output = self.take_table(&output_path)?;
        if self.outcome.output.is_none() && !self.outcome.errors.is_empty() {
            return Err(Verdict::StepError.into());
        }
        if let (Some(destination), Some(table)) = (destination, &self.outcome.output) {
            self.control.enter(Stage::WritingOutput);
            destination.write(self.engine, table, &self.limits, self.control)??;
        }
        Ok(())
    }

    /// Runs the step in a worker, with its inputs in the worker's room.
    fn attempt(&mut self, code: &Code) -> Result<(Report, RunDir), Stop> {
        let workers = &self.engine.workers;
        let has_tables = self.request.input.is_some() || !self.request.tabs.is_empty();
        if has_tables || self.request.output.is_some() {
            workers.prepare(&workers.tables);
        }
        let Hired { child, run_dir } = workers.hire(&workers.run, self.control.cancel)??;
        let run_dir = run_dir
            .ok_or_else(|| Error::WorkerFailed { role: "run", reason: "it has no room".to_owned() })?;
        self.outcome.layers = child.layers().clone();
        let tables = self.lay_out(&run_dir)?;
        let params = self.prepare_params(code, &tables)?;
        let request = self.wire_request(&run_dir, params, &tables)?;
        self.control.enter(Stage::Running);
        let report = self.dispatch(code, child, &request, &run_dir)?;
        Ok((report, run_dir))
    }

    /// The same with code that was compiled anew, for code that turned out not to fit this machine.
    fn attempt_anew(&mut self) -> Result<(Report, RunDir), Stop> {
        self.engine.forget_code(&self.request.module.hash());
        let fresh = code(self.engine, &self.request.module, &self.limits, self.control)??;
        (self.outcome.usage.bytes_in, self.outcome.usage.rows_in) = (0, 0);
        let (report, run_dir) = self.attempt(&fresh)?;
        if report.end == End::StaleCode {
            let reason = format!("the code that was compiled just now does not fit: {}", report.detail);
            return Err(Error::WorkerFailed { role: "run", reason }.into());
        }
        Ok((report, run_dir))
    }

    /// Brings the inputs into the room, tables as uncompressed Arrow by way of a jailed worker each.
    fn lay_out(&mut self, run_dir: &RunDir) -> Result<InputTables, Stop> {
        let mut tables = InputTables::default();
        if let Some(path) = &self.request.input {
            tables.main = Some(self.bring_in(path, &run_dir.create_input(INPUT)?)?);
        }
        for (index, tab) in self.request.tabs.iter().enumerate() {
            let name = format!("tab-{index}.arrow");
            let table = self.bring_in(&tab.path, &run_dir.create_input(&name)?)?;
            let (slug, tab_name) = (tab.slug.clone(), tab.name.clone());
            tables.tabs.push(TabTable { slug, name: tab_name, filename: name, table });
        }
        for file in &self.request.files {
            let filename = uploaded_filename(&file.uuid, &file.name);
            let mut source = File::open(&file.path).map_err(Error::io("open", &file.path))?;
            let mut target = run_dir.create_input(&filename)?;
            let bytes = io::copy(&mut source, &mut target).map_err(Error::io("copy", &file.path))?;
            self.outcome.usage.bytes_in += bytes;
            let modified = source.metadata().map_err(Error::io("look at", &file.path))?;
            let micros =
                modified.mtime().saturating_mul(1_000_000).saturating_add(modified.mtime_nsec() / 1_000);
            let uploaded =
                UploadedFile { name: file.name.clone(), filename, uploaded_at_timestampus: micros };
            tables.files.push((file.uuid.clone(), uploaded));
        }
        Ok(tables)
    }

    fn bring_in(&mut self, path: &Path, output: &File) -> Result<TableReport, Stop> {
        self.control.enter(Stage::ReadingInput);
        let format = tables::format_of(path)?;
        let source = tables::open_input(path)?;
        let task = TableTask {
            file: &source,
            format,
            convert_to: Some((FileFormat::Arrow, output)),
            preview_rows: 0,
        };
        let table = match tables::run(self.engine, &task, &self.limits, self.control)? {
            Judged::Good(table) => table,
            Judged::Bad { detail, column, .. } => {
                let reason = match column {
                    Some(column) => format!("column {column:?}: {detail}"),
                    None => detail,
                };
                return Err(Error::InvalidInput { path: path.to_owned(), reason }.into());
            }
            Judged::Unfinished(verdict @ Verdict::Cancelled) => return Err(verdict.into()),
            Judged::Unfinished(verdict) => {
                let reason = format!("reading it did not end well: {verdict}");
                return Err(Error::InvalidInput { path: path.to_owned(), reason }.into());
            }
        };
        self.outcome.usage.bytes_in += output.metadata().map_err(Error::io("look at", path))?.len();
        self.outcome.usage.rows_in += table.rows;
        Ok(table)
    }

    fn prepare_params(&mut self, code: &Code, tables: &InputTables) -> Result<JsonMap, Stop> {
        match params::prepare(&self.request.params, manifest(code)?.as_ref(), tables) {
            Prepared::Ready(params) => Ok(params),
            Prepared::Bad(reason) => Err(Verdict::BadParams { reason }.into()),
            Prepared::Prompt(errors) => {
                self.outcome.errors = errors;
                Err(Verdict::StepError.into())
            }
        }
    }

    fn wire_request(&self, run_dir: &RunDir, params: JsonMap, tables: &InputTables) -> Result<Vec<u8>, Stop> {
        let input_filename = match tables.main {
            Some(_) => INPUT.to_owned(),
            None => {
                // A step without an input gets what it would itself leave for no table: an empty file.
                run_dir.create_input(INPUT)?;
                INPUT.to_owned()
            }
        };
        let request = protocol::RenderRequest {
            basedir: "/in".to_owned(),
            input_filename,
            params,
            tab_name: self.request.tab_name.clone(),
            fetch_result: None,
            output_filename: OUTPUT.to_owned(),
            tab_outputs: tables
                .tabs
                .iter()
                .map(|tab| {
                    let (tab_name, table_filename) = (tab.name.clone(), tab.filename.clone());
                    (tab.slug.clone(), protocol::TabOutput { tab_name, table_filename })
                })
                .collect(),
            uploaded_files: tables.files.iter().cloned().collect(),
        };
        request.encode().map_err(|error| Stop::Verdict(Verdict::BadParams { reason: error.to_string() }))
    }

    fn dispatch(
        &mut self,
        code: &Code,
        child: Child,
        request: &[u8],
        run_dir: &RunDir,
    ) -> Result<Report, Stop> {
        let limits = &self.limits;
        let role = Role::Run(RunJob {
            module_id: self.request.module.id().to_owned(),
            call: "render".to_owned(),
            fuel: limits.fuel,
            memory_bytes: limits.memory_bytes,
            table_elements: limits.table_elements,
            stack_bytes: limits.stack_bytes,
            stdout_bytes: limits.stdout_bytes,
            real_clock_and_random: self.request.real_clock_and_random,
        });
        let memory_bytes = limits.memory_bytes.saturating_add(WORKER_OWN_BYTES);
        let job = Job::new(role, memory_bytes, limits.wall_time, limits.output_bytes);
        let workers = &self.engine.workers;
        let caps = Report::caps(limits.stdout_bytes);
        let outputs = run_dir.outputs();
        let collected = collect(Assignment {
            child,
            job: job.to_bytes(request),
            files: vec![code.as_fd()],
            report_limit: caps.message_bytes,
            log_limit: usize::try_from(limits.log_bytes).unwrap_or(usize::MAX),
            wall_time: limits.wall_time,
            cancel: self.control.cancel,
            watch: Some(Watch::new(outputs, limits)),
            memory_bytes,
            meanwhile: &|| workers.keep_ready(&workers.run),
        })?;
        self.note(&collected);
        let limits = &self.limits;
        let report = judge::report("run", &collected, &caps, limits.wall_time)??;
        let usage = &mut self.outcome.usage;
        usage.fuel = report.fuel.min(limits.fuel);
        usage.peak_memory_bytes = report.peak_memory_bytes.min(limits.memory_bytes);
        Ok(report)
    }

    /// Takes down what was measured from outside.
    fn note(&mut self, collected: &Collected) {
        let usage = &mut self.outcome.usage;
        usage.cpu_time = collected.used.cpu;
        usage.wall_time = collected.wall_time;
        usage.peak_rss_bytes = collected.used.max_rss_bytes;
        usage.log_bytes = collected.log.total;
        self.outcome.log = Log {
            text: String::from_utf8_lossy(&collected.log.bytes).into_owned(),
            truncated: collected.log.truncated(),
        };
    }

    /// Takes the step's table out of its folder, if it left one, and has it judged.
    fn take_table(&mut self, path: &Path) -> Result<Option<OutputTable>, Stop> {
        let Some(file) = open_output(path)? else { return Ok(None) };
        let bytes = file.metadata().map_err(Error::io("look at", path))?.len();
        self.outcome.usage.bytes_out = bytes;
        if bytes == 0 {
            return Ok(None);
        }
        if bytes > self.limits.output_bytes {
            return Err(Verdict::Output { which: "output_bytes", limit: self.limits.output_bytes }.into());
        }
        self.control.enter(Stage::CheckingOutput);
        let task = TableTask { file: &file, format: FileFormat::Arrow, convert_to: None, preview_rows: 0 };
        match tables::run(self.engine, &task, &self.limits, self.control)? {
            Judged::Good(table) if table.columns.is_empty() => Ok(None),
            Judged::Good(table) => {
                self.outcome.usage.rows_out = table.rows;
                Ok(Some(OutputTable::new(file, table)))
            }
            Judged::Bad { check, column, detail } => Err(Verdict::BadTable { check, column, detail }.into()),
            Judged::Unfinished(verdict @ Verdict::Cancelled) => Err(verdict.into()),
            Judged::Unfinished(verdict) => {
                let detail = format!("checking it did not end well: {verdict}");
                Err(Verdict::BadTable { check: "checkable".to_owned(), column: None, detail }.into())
            }
        }
    }
}

/// The tables that a step gets, as the workers that converted them saw them.
#[derive(Default)]
pub(crate) struct InputTables {
    pub(crate) main: Option<TableReport>,
    pub(crate) tabs: Vec<TabTable>,
    /// UUID, file.
    pub(crate) files: Vec<(String, UploadedFile)>,
}

/// Another tab's table.
pub(crate) struct TabTable {
    pub(crate) slug: String,
    pub(crate) name: String,
    filename: String,
    pub(crate) table: TableReport,
}

/// A module's code: from the cache, else from a compiler. The inner error is the verdict on the module.
pub(crate) fn code(
    engine: &Engine,
    module: &Module,
    limits: &Limits,
    control: Control<'_>,
) -> Result<Result<Arc<Code>, Verdict>, Error> {
    let hash = module.hash();
    if let Some(code) = engine.known_code(&hash) {
        return Ok(Ok(code));
    }
    control.enter(Stage::Compiling);
    // The bytes that were hashed are the bytes that are compiled, whatever happens to the file meanwhile.
    let wasm = in_memory(module.bytes())?;
    let draft = engine.cache.draft()?;
    let job = Job::new(Role::Compile, limits.worker_memory_bytes, limits.compile_time, MAX_CODE_BYTES);
    let caps = Report::caps(limits.stdout_bytes);
    let child = match engine.workers.hire(&engine.workers.compile, control.cancel)? {
        Ok(hired) => hired.child,
        Err(verdict) => return Ok(Err(verdict)),
    };
    let collected = collect(Assignment {
        child,
        job: job.to_bytes(&[]),
        files: vec![wasm.as_fd(), draft.as_file().as_fd()],
        report_limit: caps.message_bytes,
        log_limit: 4 << 10,
        wall_time: limits.compile_time,
        cancel: control.cancel,
        watch: None,
        memory_bytes: limits.worker_memory_bytes,
        meanwhile: &|| (),
    })?;
    let reason = match judge::report("compile", &collected, &caps, limits.compile_time)? {
        Ok(report) if report.end == End::Done => {
            let code = engine.cache.keep(&hash, draft, report.manifest)?;
            return Ok(Ok(engine.learn_code(&hash, code)));
        }
        Ok(report) => report.detail,
        Err(Verdict::Cancelled) => return Ok(Err(Verdict::Cancelled)),
        Err(verdict) => format!("compiling it did not end well: {verdict}"),
    };
    Ok(Err(Verdict::BadModule { reason }))
}

/// What a module says of itself.
pub(crate) fn manifest(code: &Code) -> Result<Option<Manifest>, Verdict> {
    params::manifest(code.manifest.as_ref()).map_err(|reason| Verdict::BadModule { reason })
}

/// The profile that a module's manifest asks for.
fn profile_of(code: &Code) -> Result<Option<Profile>, Verdict> {
    let Some(value) = code.manifest.as_ref().and_then(|manifest| manifest.get("profile")) else {
        return Ok(None);
    };
    let word = value.as_str().unwrap_or_default();
    word.parse().map(Some).map_err(|reason| Verdict::BadModule { reason: format!("its manifest: {reason}") })
}

fn in_memory(bytes: &[u8]) -> Result<File, Error> {
    use rustix::fs::{MemfdFlags, memfd_create};
    use std::io::Write;
    let failed = || Error::system("make a file in memory");
    let mut file =
        File::from(memfd_create("module", MemfdFlags::CLOEXEC).map_err(|errno| failed()(errno.into()))?);
    file.write_all(bytes).map_err(failed())?;
    Ok(file)
}

/// Opens what a step left under the output's name, if it is the plain file that was asked for.
///
/// It is looked at before it is opened, through no link, and must have no second name: a step that planted a
/// link to a file that it can't read itself must not have it read by us.
fn open_output(path: &Path) -> Result<Option<File>, Stop> {
    let bad = |detail: &str| {
        Stop::Verdict(Verdict::BadTable {
            check: "output-file".to_owned(),
            column: None,
            detail: format!("{OUTPUT} {detail}"),
        })
    };
    let open = |flags: OFlags| {
        let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        openat2(CWD, path, flags | OFlags::CLOEXEC | OFlags::NOFOLLOW, Mode::empty(), resolve).map(File::from)
    };
    let seen = match open(OFlags::PATH) {
        Ok(seen) => seen,
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        Err(rustix::io::Errno::LOOP) => return Err(bad("is a symbolic link")),
        Err(errno) => return Err(Error::io("look at", path)(errno.into()).into()),
    };
    let seen = seen.metadata().map_err(Error::io("look at", path))?;
    if seen.file_type().is_symlink() {
        return Err(bad("is a symbolic link"));
    }
    if !seen.is_file() {
        return Err(bad("is not a plain file"));
    }
    if seen.nlink() != 1 {
        return Err(bad("has a second name"));
    }
    if seen.uid() != worker_id().unwrap_or(rustix::process::geteuid().as_raw()) {
        return Err(bad("belongs to somebody else"));
    }
    let file =
        open(OFlags::RDONLY | OFlags::NONBLOCK).map_err(|errno| Error::io("open", path)(errno.into()))?;
    let opened = file.metadata().map_err(Error::io("look at", path))?;
    if (opened.dev(), opened.ino()) != (seen.dev(), seen.ino()) {
        return Err(bad("was replaced while it was looked at"));
    }
    Ok(Some(file))
}

/// Where a table goes that the caller wants written, checked before anything runs.
pub(crate) struct Destination {
    path: PathBuf,
    format: FileFormat,
    draft: NamedTempFile,
}

impl Destination {
    /// Makes a file beside `path`, which later takes its name.
    pub(crate) fn prepare(path: &Path) -> Result<Destination, Error> {
        let format = tables::format_of(path)?;
        // What a link leads to is replaced, not the link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if let Ok(there) = fs::metadata(&path)
            && !there.is_file()
        {
            let what = format!("{} is there and is no plain file: name another output", path.display());
            return Err(Error::InvalidRequest { what });
        }
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        let draft = tempfile::Builder::new()
            .prefix(".crunchbox-")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(&folder)
            .map_err(|error| Destination::unwritable(&path, &folder, error))?;
        Ok(Destination { path, format, draft })
    }

    /// What there is to say where no file can be made: most often it is the caller's to mend.
    fn unwritable(path: &Path, folder: &Path, error: std::io::Error) -> Error {
        use std::io::ErrorKind;
        let reason = match error.kind() {
            ErrorKind::NotFound => "there is no such folder; make it first, or name another output",
            ErrorKind::NotADirectory => "that is no folder; name another output",
            ErrorKind::PermissionDenied => "it can't be written in; name another output",
            ErrorKind::ReadOnlyFilesystem => "it is on a read-only file system; name another output",
            _ => return Error::Io { action: "create the output in", path: folder.to_owned(), source: error },
        };
        let what = format!("can't write {} in {}: {reason}", path.display(), folder.display());
        Error::InvalidRequest { what }
    }

    /// Writes the table and puts it in its place. On any failure what was there before stays.
    fn write(
        self,
        engine: &Engine,
        table: &OutputTable,
        limits: &Limits,
        control: Control<'_>,
    ) -> Result<Result<(), Verdict>, Error> {
        let source = table.file()?;
        if self.format == FileFormat::Arrow {
            let mut draft = self.draft.as_file();
            std::io::copy(&mut &source, &mut draft).map_err(Error::io("write", &self.path))?;
            return self.keep().map(Ok);
        }
        let convert_to = Some((self.format, self.draft.as_file()));
        let task = TableTask { file: &source, format: FileFormat::Arrow, convert_to, preview_rows: 0 };
        match tables::run(engine, &task, limits, control)? {
            Judged::Good(_) => self.keep().map(Ok),
            Judged::Unfinished(Verdict::Cancelled) => Ok(Err(Verdict::Cancelled)),
            Judged::Bad { check, column, detail } => {
                let detail = format!("as {}: {detail}", self.format.extension());
                Ok(Err(Verdict::BadTable { check, column, detail }))
            }
            Judged::Unfinished(verdict) => {
                Err(Error::WorkerFailed { role: "table", reason: format!("while writing: {verdict}") })
            }
        }
    }

    /// The file that the table is to be written to.
    pub(crate) fn file(&self) -> &File {
        self.draft.as_file()
    }

    /// The format that the table is to be written in.
    pub(crate) fn format(&self) -> FileFormat {
        self.format
    }

    /// Gives the written file its name.
    pub(crate) fn keep(self) -> Result<(), Error> {
        self.draft.as_file().sync_data().map_err(Error::io("write", &self.path))?;
        self.draft.persist(&self.path).map_err(|error| Error::io("replace", &self.path)(error.error))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(path: &Path) -> String {
        match open_output(path) {
            Err(Stop::Verdict(Verdict::BadTable { detail, .. })) => detail,
            _ => panic!("{} was taken", path.display()),
        }
    }

    #[test]
    fn only_the_plain_file_that_was_asked_for_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(OUTPUT);
        assert!(matches!(open_output(&path), Ok(None)));
        std::os::unix::fs::symlink("/etc/passwd", &path).unwrap();
        assert!(refused(&path).contains("symbolic link"));
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/nowhere", &path).unwrap();
        assert!(refused(&path).contains("symbolic link"), "dangling");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(refused(&path).contains("plain file"));
        fs::remove_dir(&path).unwrap();
        rustix::fs::mknodat(CWD, &path, rustix::fs::FileType::Fifo, Mode::from(0o600), 0).unwrap();
        assert!(refused(&path).contains("plain file"), "a pipe, which would hang its reader");
        fs::remove_file(&path).unwrap();
        std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert!(refused(&path).contains("plain file"), "a socket");
        fs::remove_file(&path).unwrap();
        fs::write(folder.path().join("other"), "").unwrap();
        fs::hard_link(folder.path().join("other"), &path).unwrap();
        assert!(refused(&path).contains("second name"));
        fs::remove_file(&path).unwrap();
        fs::write(&path, "x").unwrap();
        if let Some(worker) = worker_id() {
            assert!(refused(&path).contains("somebody else"), "it is root's, and no worker is root");
            std::os::unix::fs::chown(&path, Some(worker), Some(worker)).unwrap();
        }
        assert!(matches!(open_output(&path), Ok(Some(_))));
    }

    #[test]
    fn an_output_that_is_no_plain_file_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dir.arrow");
        fs::create_dir(&path).unwrap();
        assert!(matches!(Destination::prepare(&path), Err(Error::InvalidRequest { .. })));
        assert!(matches!(
            Destination::prepare(Path::new("/nowhere/x.arrow")),
            Err(Error::InvalidRequest { .. })
        ));
        assert!(matches!(Destination::prepare(Path::new("x.xls")), Err(Error::InvalidRequest { .. })));
    }

    #[test]
    fn an_output_that_is_given_up_leaves_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        fs::write(&path, "old").unwrap();
        drop(Destination::prepare(&path).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
