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
    /// The worker dies when its spawner does, and the spawner when its engine does.
    ParentDeath,
    /// Other processes of the same user can't look into the worker, and it leaves no core dump.
    NotDumpable,
    /// Where the engine runs as root the worker is another user, who owns nothing but the job's own folder.
    User,
    /// Whatever rights the worker might win, they are over its own namespaces only.
    UserNamespace,
    /// It sees no process but itself, and what it starts dies with it.
    PidNamespace,
    /// Its root holds `/in` and `/out` and nothing else: the machine's files have no name here.
    MountNamespace,
    /// No network: not an address to send from.
    NetNamespace,
    /// No shared memory, semaphores or message queues of others.
    IpcNamespace,
    /// It can't change the machine's name.
    UtsNamespace,
    /// It doesn't see which control group it is in.
    CgroupNamespace,
    /// It can't tell when the machine was started.
    TimeNamespace,
    /// No capability, and no way back to one.
    Capabilities,
    /// The kernel checks each file access against what the job may touch, and forbids TCP and signals to others.
    Landlock,
    /// A system call that the worker's role has no need of kills it.
    Seccomp,
    /// Once the step's code is loaded, no memory becomes executable.
    Mdwe,
    /// All workers of an engine together take no more memory and processes than their control group may.
    Cgroup,
}

impl Layer {
    /// Every layer there is.
    pub const ALL: [Layer; 22] = [
        Layer::Wasm,
        Layer::Process,
        Layer::Environment,
        Layer::Descriptors,
        Layer::Rlimits,
        Layer::NoNewPrivs,
        Layer::ParentDeath,
        Layer::NotDumpable,
        Layer::User,
        Layer::UserNamespace,
        Layer::PidNamespace,
        Layer::MountNamespace,
        Layer::NetNamespace,
        Layer::IpcNamespace,
        Layer::UtsNamespace,
        Layer::CgroupNamespace,
        Layer::TimeNamespace,
        Layer::Capabilities,
        Layer::Landlock,
        Layer::Seccomp,
        Layer::Mdwe,
        Layer::Cgroup,
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
            Layer::User => "user",
            Layer::UserNamespace => "user-namespace",
            Layer::PidNamespace => "pid-namespace",
            Layer::MountNamespace => "mount-namespace",
            Layer::NetNamespace => "net-namespace",
            Layer::IpcNamespace => "ipc-namespace",
            Layer::UtsNamespace => "uts-namespace",
            Layer::CgroupNamespace => "cgroup-namespace",
            Layer::TimeNamespace => "time-namespace",
            Layer::Capabilities => "capabilities",
            Layer::Landlock => "landlock",
            Layer::Seccomp => "seccomp",
            Layer::Mdwe => "mdwe",
            Layer::Cgroup => "cgroup",
        }
    }

    /// Which layers stop most of what this one would, where it can't be had.
    pub fn replaced_by(self) -> &'static [Layer] {
        match self {
            Layer::User => &[Layer::MountNamespace, Layer::Landlock],
            Layer::PidNamespace | Layer::NetNamespace => &[Layer::Seccomp, Layer::Landlock],
            Layer::MountNamespace => &[Layer::Landlock],
            Layer::Landlock => &[Layer::MountNamespace, Layer::Seccomp],
            Layer::Seccomp => &[Layer::MountNamespace, Layer::NetNamespace, Layer::Landlock],
            Layer::IpcNamespace | Layer::UtsNamespace => &[Layer::Seccomp],
            Layer::Cgroup => &[Layer::Rlimits],
            Layer::NotDumpable => &[Layer::PidNamespace, Layer::Seccomp],
            _ => &[],
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

/// A layer that is not in force, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The layer.
    pub layer: Layer,
    /// What stands in its way, in words.
    pub reason: String,
}

/// Which layers are in force around one worker: every layer is in one list or the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layers {
    /// Those in force, in the order of [`Layer::ALL`].
    pub on: Vec<Layer>,
    /// Those that could not be had.
    pub missing: Vec<Missing>,
}

impl Layers {
    /// Everything but these is in force.
    pub(crate) fn without(missing: Vec<Missing>) -> Layers {
        let off = |layer: &Layer| missing.iter().any(|found| found.layer == *layer);
        Layers { on: Layer::ALL.into_iter().filter(|layer| !off(layer)).collect(), missing }
    }

    /// Why a layer is not in force; `None` if it is.
    pub fn reason(&self, layer: Layer) -> Option<&str> {
        self.missing.iter().find(|missing| missing.layer == layer).map(|missing| missing.reason.as_str())
    }

    /// The same without one more.
    pub(crate) fn lacking(mut self, missing: Missing) -> Layers {
        self.on.retain(|layer| *layer != missing.layer);
        self.missing.push(missing);
        self
    }

    /// One line for each missing layer, for the way from a worker to the engine.
    pub(crate) fn to_lines(&self) -> String {
        let line = |missing: &Missing| format!("{}\t{}\n", missing.layer, missing.reason.replace('\n', " "));
        self.missing.iter().map(line).collect()
    }

    /// Reads what [`to_lines`](Layers::to_lines) wrote; `None` if it did not.
    pub(crate) fn from_lines(lines: &str) -> Option<Layers> {
        // Not `lines`, which takes a carriage return for a part of the end.
        let missing = lines.split_terminator('\n').map(|line| {
            let (layer, reason) = line.split_once('\t')?;
            Some(Missing { layer: layer.parse().ok()?, reason: reason.to_owned() })
        });
        Some(Layers::without(missing.collect::<Option<_>>()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_has_one_name_and_is_found_by_it() {
        for layer in Layer::ALL {
            assert_eq!(layer.name().parse(), Ok(layer));
        }
        assert!("moat".parse::<Layer>().unwrap_err().contains("seccomp, mdwe, cgroup"));
    }

    #[test]
    fn what_is_missing_arrives_with_its_reason() {
        let reason = "the kernel\nhas none\r".to_owned();
        let layers = Layers::without(vec![Missing { layer: Layer::Landlock, reason }]);
        let arrived = Layers::from_lines(&layers.to_lines()).unwrap();
        assert_eq!(arrived.reason(Layer::Landlock), Some("the kernel has none\r"));
        assert_eq!((arrived.on.len(), arrived.reason(Layer::Seccomp)), (Layer::ALL.len() - 1, None));
        assert_eq!(Layers::from_lines("moat\tdry\n"), None);
    }
}
