//! What an attack is, and what it finds where it is let loose.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crunchbox_jail::Layer;

use crate::sys::call;

/// One attempt at what a worker must not be able to do.
pub(crate) struct Attack {
    /// The engine's verdict with all layers on: `denied` for a system call that kills, `exit` for one that is refused.
    pub(crate) verdict: &'static str,
    /// The same where the engine is root, who sees more of its workers.
    pub(crate) verdict_of_root: &'static str,
    /// Layers that stand alone against it: without one of them it may win.
    pub(crate) only: &'static [Layer],
    /// Whether walls have to do with it at all; else it is the engine who judges, whatever the walls.
    pub(crate) walls: bool,
    /// Whether it is made twice, as it leaves something for the next call; the second counts.
    pub(crate) twice: bool,
    /// A layer that every worker has, which is what stops it.
    pub(crate) always: Option<Layer>,
    /// Says what was won, or why nothing was.
    pub(crate) run: fn(&Scene) -> io::Result<String>,
}

impl Attack {
    pub(crate) const fn new(verdict: &'static str, run: fn(&Scene) -> io::Result<String>) -> Attack {
        Attack { verdict, verdict_of_root: verdict, only: &[], walls: true, twice: false, always: None, run }
    }

    /// Root's engine has another verdict.
    pub(crate) const fn of_root(self, verdict: &'static str) -> Attack {
        Attack { verdict_of_root: verdict, ..self }
    }

    /// These are all that stops it.
    pub(crate) const fn only(self, layers: &'static [Layer]) -> Attack {
        Attack { only: layers, ..self }
    }

    /// It leaves something for the next call, which looks for it.
    pub(crate) const fn twice(self) -> Attack {
        Attack { twice: true, ..self }
    }

    /// A layer stops it that no worker can be made without.
    pub(crate) const fn stopped_by(self, layer: Layer) -> Attack {
        Attack { always: Some(layer), ..self }
    }

    /// No wall stops it: the engine sees through it.
    pub(crate) const fn judged(self) -> Attack {
        Attack { walls: false, ..self }
    }
}

/// Where an attack finds itself.
pub(crate) struct Scene {
    /// The job's folders.
    pub(crate) inputs: PathBuf,
    /// See [`inputs`](Scene::inputs).
    pub(crate) outputs: PathBuf,
    /// The step's compiled code.
    pub(crate) code: File,
    /// The harness's folder, by the name that it has outside.
    pub(crate) world: PathBuf,
    /// How long the machine had been running when the spawner was started.
    pub(crate) booted: Duration,
}

impl Scene {
    /// A file of somebody else's, which anybody may read and write who finds it.
    pub(crate) fn canary(&self) -> PathBuf {
        self.world.join("outside/canary")
    }

    /// The one input that every step has.
    pub(crate) fn input(&self) -> PathBuf {
        self.inputs.join("input.arrow")
    }

    /// A new name among the outputs.
    pub(crate) fn output(&self, name: impl AsRef<Path>) -> PathBuf {
        self.outputs.join(name)
    }
}

/// A refusal in words of our own.
pub(crate) fn refused(why: &str) -> io::Result<String> {
    Err(io::Error::other(why))
}

/// A call for which this error comes only behind the check of rights: whoever gets it was let through.
pub(crate) fn let_through(result: io::Result<usize>, behind: i32) -> io::Result<String> {
    match result {
        Ok(_) => Ok("it worked".to_owned()),
        Err(error) if error.raw_os_error() == Some(behind) => Ok(format!("it had the right to ({error})")),
        Err(error) => Err(error),
    }
}

/// Maps a gigabyte in parts, and touches none of it: that the kernel grants it is enough.
pub(crate) fn take(flags: i32) -> io::Result<String> {
    for _ in 0..64 {
        call!(SYS_mmap, 0, 16 << 20, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0)?;
    }
    Ok("a gigabyte".to_owned())
}

/// Raises a limit of this process by one.
pub(crate) fn raise(resource: u32) -> io::Result<String> {
    let mut limits = [0u64; 2];
    call!(SYS_prlimit64, 0, resource, 0, &mut limits)?;
    if limits[1] == u64::MAX {
        return Ok("there is no limit".to_owned());
    }
    call!(SYS_prlimit64, 0, resource, &[limits[1] + 1; 2], 0)?;
    Ok("raised".to_owned())
}

/// Which file is behind a descriptor, if one is.
pub(crate) fn file_of(fd: i32) -> Option<(u64, u64)> {
    // The descriptor is only looked at, through the number that it has.
    let mut status = [0u64; 32];
    call!(SYS_fstat, fd, &mut status).ok()?;
    Some((status[0], status[1]))
}
