//! What holds a worker, by name.

use std::fmt;
use std::str::FromStr;

/// One wall around a worker process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Layer {
    /// The step's code is WebAssembly: it reaches its own memory, and what it was handed, and nothing else.
    Wasm,
    /// The worker is a process of its own, made for one job, and dies with it.
    Process,
    /// None of the caller's environment variables.
    Environment,
    /// None of the caller's descriptors, only those of the job.
    Descriptors,
    /// Memory, file size, processor time, open files and core dumps are capped by the kernel.
    Rlimits,
    /// Nothing that the worker executes can gain rights.
    NoNewPrivs,
    /// The worker dies when the thread that asked for it does.
    ParentDeath,
    /// Other processes of the same user can't look into the worker, and it leaves no core dump.
    NotDumpable,
}

impl Layer {
    /// Every layer there is.
    pub const ALL: [Layer; 8] = [
        Layer::Wasm,
        Layer::Process,
        Layer::Environment,
        Layer::Descriptors,
        Layer::Rlimits,
        Layer::NoNewPrivs,
        Layer::ParentDeath,
        Layer::NotDumpable,
    ];

    /// The layer's name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Layer::Wasm => "wasm",
            Layer::Process => "process",
            Layer::Environment => "environment",
            Layer::Descriptors => "descriptors",
            Layer::Rlimits => "rlimits",
            Layer::NoNewPrivs => "no-new-privs",
            Layer::ParentDeath => "parent-death",
            Layer::NotDumpable => "not-dumpable",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Layer {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Layer::ALL.into_iter().find(|layer| layer.name() == name).ok_or_else(|| {
            let known: Vec<_> = Layer::ALL.iter().map(|layer| layer.name()).collect();
            format!("there is no layer `{name}` here; there are {}", known.join(", "))
        })
    }
}
