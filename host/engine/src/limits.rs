//! Every cap on a step, with its unit, its default and its reason.

use std::time::Duration;

use crunchbox_protocol::{Profile, TableLimits};

use crate::Error;

/// What a step may use. All of it is per call.
///
/// | limit | default | what ends a step that passes it |
/// | --- | --- | --- |
/// | `fuel` | 1,000,000,000,000 | `fuel` |
/// | `memory_bytes` | 1 GiB | `memory`, if the step fails behind the refusal |
/// | `table_elements` | 10,000,000 | `memory` or `trap` |
/// | `stack_bytes` | 1 MiB | `stack` |
/// | `wall_time` | 60 s | `time` |
/// | `stdout_bytes` | 2 MiB | `output` |
/// | `log_bytes` | 100 KiB | nothing: what is longer is cut |
/// | `output_bytes` | 16 GiB | `output` |
/// | `output_files` | 1,000 | `output` |
/// | `compile_time` | 120 s | `bad-module` |
/// | `worker_memory_bytes` | 4 GiB | `bad-module` or `bad-table` |
/// | `table` | the profile's | `bad-table` |
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// Wasmtime's unit, about one per instruction; bulk operations are charged by size. Deterministic: the same
    /// module with the same input uses the same fuel. The default is a few minutes' worth: `wall_time` ends an
    /// endless loop first, unless the caller wants a result that does not depend on the machine's speed.
    pub fuel: u64,
    /// All linear memories together, in bytes. At least a page of 64 KiB. Growth past it is refused (the step
    /// sees -1); what the worker itself takes comes on top.
    pub memory_bytes: u64,
    /// Elements of each wasm table.
    pub table_elements: u64,
    /// The wasm stack, in bytes. A step's own stack in linear memory is its own affair. At most 64 MiB.
    pub stack_bytes: u64,
    /// From the moment the worker is asked until it is dead, in real time. The same time again is given to
    /// each conversion of an input and to the validation of the output.
    pub wall_time: Duration,
    /// The step's message on its standard output, in bytes. At most 1 GiB.
    pub stdout_bytes: u64,
    /// How much of the step's standard error is kept, in bytes. The rest is read and thrown away.
    pub log_bytes: u64,
    /// All files in the step's output folder together, in bytes; and all that the step has removed and holds open.
    pub output_bytes: u64,
    /// How many files, folders and links may be in the step's output folder.
    pub output_files: u64,
    /// How long compiling may take, in real time.
    pub compile_time: Duration,
    /// What a worker may have that compiles the module or judges a table, in bytes.
    pub worker_memory_bytes: u64,
    /// Which rules a table must keep: the step's inputs are brought into it, its output is held to it. `None`
    /// for what the module's manifest asks for, else [`Profile::Arrow`].
    pub profile: Option<Profile>,
    /// How large a table may be; `None` for the profile's own limits.
    pub table: Option<TableLimits>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            fuel: 1_000_000_000_000,
            memory_bytes: 1 << 30,
            table_elements: 10_000_000,
            stack_bytes: 1 << 20,
            wall_time: Duration::from_secs(60),
            stdout_bytes: 2 << 20,
            log_bytes: 100 << 10,
            output_bytes: 16 << 30,
            output_files: 1_000,
            compile_time: Duration::from_secs(120),
            worker_memory_bytes: 4 << 30,
            profile: None,
            table: None,
        }
    }
}

macro_rules! with {
    ($($name:ident $field:ident $type:ty),* $(,)?) => {$(
        #[doc = concat!("The same limits with another [`", stringify!($field), "`](Limits::", stringify!($field), ").")]
        #[must_use]
        pub fn $name(mut self, value: $type) -> Self {
            self.$field = value;
            self
        }
    )*};
}

impl Limits {
    with! {
        with_fuel fuel u64,
        with_memory_bytes memory_bytes u64,
        with_table_elements table_elements u64,
        with_stack_bytes stack_bytes u64,
        with_wall_time wall_time Duration,
        with_stdout_bytes stdout_bytes u64,
        with_log_bytes log_bytes u64,
        with_output_bytes output_bytes u64,
        with_output_files output_files u64,
        with_compile_time compile_time Duration,
        with_worker_memory_bytes worker_memory_bytes u64,
        with_profile profile Option<Profile>,
        with_table table Option<TableLimits>,
    }

    /// What the profile is, where neither caller nor module names one.
    pub(crate) fn profile(&self) -> Profile {
        self.profile.unwrap_or_default()
    }

    pub(crate) fn table(&self) -> TableLimits {
        self.table.clone().unwrap_or_else(|| TableLimits::of(self.profile()))
    }

    /// Refuses limits that no step could run under, or that this machine can't keep.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let page = 64 << 10;
        let checks = [
            (self.fuel >= 1, "fuel", "at least 1"),
            (self.fuel <= i64::MAX as u64, "fuel", "at most 9223372036854775807"),
            (self.memory_bytes >= page, "memory_bytes", "at least 65536, one page"),
            (self.stack_bytes >= page, "stack_bytes", "at least 65536"),
            (self.stack_bytes <= 64 << 20, "stack_bytes", "at most 67108864 (64 MiB)"),
            (!self.wall_time.is_zero(), "wall_time", "more than nothing"),
            (!self.compile_time.is_zero(), "compile_time", "more than nothing"),
            (self.stdout_bytes >= 1, "stdout_bytes", "at least 1"),
            (self.stdout_bytes <= 1 << 30, "stdout_bytes", "at most 1073741824 (1 GiB)"),
        ];
        match checks.into_iter().find(|(holds, ..)| !holds) {
            None => Ok(()),
            Some((_, limit, rule)) => {
                Err(Error::InvalidRequest { what: format!("the limit `{limit}` must be {rule}") })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_hold_and_senseless_limits_do_not() {
        Limits::default().check().unwrap();
        let bad = [
            Limits::default().with_fuel(0),
            Limits::default().with_fuel(u64::MAX),
            Limits::default().with_memory_bytes(65535),
            Limits::default().with_stack_bytes(1 << 30),
            Limits::default().with_wall_time(Duration::ZERO),
            Limits::default().with_stdout_bytes(0),
        ];
        for limits in bad {
            limits.check().unwrap_err();
        }
    }
}
