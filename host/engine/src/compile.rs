//! From a module's bytes to code that can be run, by way of a jailed compiler.

use std::fs::File;
use std::os::fd::AsFd;
use std::sync::Arc;

use crunchbox_params::Manifest;
use crunchbox_protocol::{End, Job, Report, Role};

use crate::cache::{Code, Told};
use crate::collect::{Assignment, collect};
use crate::{Control, Engine, Error, Limits, Module, Stage, Verdict, judge, params};

/// More than any module of [`Module::MAX_BYTES`] compiles to.
const MAX_CODE_BYTES: u64 = 16 << 30;

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
    let draft = engine.cache.draft(&hash)?;
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
            let told = Told { manifest: report.manifest, catalogues: report.catalogues };
            let code = engine.cache.keep(&hash, draft, told)?;
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
    params::manifest(code.told.manifest.as_ref()).map_err(|reason| Verdict::BadModule { reason })
}

fn in_memory(bytes: &[u8]) -> Result<File, Error> {
    use rustix::fs::{MemfdFlags, memfd_create};
    use std::io::Write;
    let failed = Error::system("make a file in memory");
    let mut file =
        File::from(memfd_create("module", MemfdFlags::CLOEXEC).map_err(|errno| failed(errno.into()))?);
    file.write_all(bytes).map_err(failed)?;
    Ok(file)
}
