//! From what was seen of a worker to what is to be made of it.
//!
//! The order is the contract's: a step that was cancelled, was late or died is judged by that, then one that
//! failed by how it failed, then its message, and its table last. A good message never saves a bad end, and what
//! the engine measured itself outranks what the worker says.

use std::time::Duration;

use crunchbox_jail::Exit;
use crunchbox_protocol::{Caps, DecodeError, End, Job, Message, Report};

use crate::collect::{Collected, Ended};
use crate::{Error, Limits, Verdict};

const SIGKILL: i32 = 9;
const SIGSYS: i32 = 31;
const SIGXCPU: i32 = 24;

/// A worker that said something, however bad.
pub(crate) type Said = Result<Report, Verdict>;

/// Takes a worker's report, or the verdict on a worker that gives none.
///
/// # Errors
/// [`Error::WorkerFailed`] if the worker says that it could not do its work.
pub(crate) fn report(
    role: &'static str,
    collected: &Collected,
    caps: &Caps,
    wall_time: Duration,
) -> Result<Said, Error> {
    let verdict = match collected.ended.clone() {
        Ended::Overfull(verdict) => verdict,
        Ended::Cancelled => Verdict::Cancelled,
        Ended::Bloated { found, limit } => Verdict::Memory { limit, wanted: found },
        Ended::TimedOut | Ended::Alone(Exit::Signal(SIGXCPU)) => Verdict::Time { limit: wall_time },
        Ended::Alone(Exit::Signal(SIGSYS)) => Verdict::Denied,
        // The first process of a pid namespace has no ear for SIGXCPU: the kernel's cap kills it.
        Ended::Alone(Exit::Signal(SIGKILL)) if used_up(collected.used.cpu, wall_time) => {
            Verdict::Time { limit: wall_time }
        }
        Ended::Alone(Exit::Signal(signal)) => {
            let detail = format!("the {role} worker was killed by signal {signal} ({})", signal_name(signal));
            Verdict::Killed { signal: Some(signal), detail }
        }
        Ended::Alone(Exit::Status(status)) if status != 0 => {
            let detail = format!("the {role} worker ended with status {status} before it could report");
            Verdict::Killed { signal: None, detail }
        }
        Ended::Alone(Exit::Status(_)) => match decode(collected, caps) {
            Ok(report) if report.end == End::Fault => {
                return Err(Error::WorkerFailed { role, reason: report.detail });
            }
            Ok(report) => return Ok(Ok(report)),
            Err(error) => Verdict::BadMessage { reason: format!("the {role} worker's report: {error}") },
        },
    };
    Ok(Err(verdict))
}

/// Whether all processor time is gone that a job had. Kernels count it in ticks, so the last second is open.
fn used_up(cpu: Duration, wall_time: Duration) -> bool {
    cpu.as_secs() + 1 >= Job::cpu_seconds_within(wall_time)
}

fn decode(collected: &Collected, caps: &Caps) -> Result<Report, DecodeError> {
    if collected.report.truncated() {
        let bytes = usize::try_from(collected.report.total).unwrap_or(usize::MAX);
        return Err(DecodeError::TooLong { bytes, limit: caps.message_bytes });
    }
    Report::decode(&collected.report.bytes, caps)
}

/// What a step's end means, before its message and its table are looked at. `output_is_full`: the file that it
/// wrote is as large as it may be.
pub(crate) fn ending(report: &Report, output_is_full: bool, limits: &Limits) -> Result<(), Verdict> {
    let memory = || Verdict::Memory { limit: limits.memory_bytes, wanted: report.refused_bytes };
    let detail = || report.detail.clone();
    let verdict = match report.end {
        End::Done if report.stdout_overflow => {
            Verdict::Output { which: "stdout_bytes", limit: limits.stdout_bytes }
        }
        End::Done => return Ok(()),
        End::Fuel => Verdict::Fuel { limit: limits.fuel },
        End::Stack => Verdict::Stack { detail: detail() },
        End::Memory => memory(),
        End::Output => Verdict::Output { which: "output_bytes", limit: limits.output_bytes },
        End::BadModule => Verdict::BadModule { reason: detail() },
        // What failed behind a refusal most likely failed of it: name the limit that was hit first.
        End::Exit | End::Trap if report.refused_bytes > 0 => memory(),
        End::Exit | End::Trap if output_is_full => {
            Verdict::Output { which: "output_bytes", limit: limits.output_bytes }
        }
        End::Exit => Verdict::Exit { status: report.exit_status },
        End::Trap => Verdict::Trap { detail: detail() },
        End::StaleCode | End::BadTable | End::Fault => {
            Verdict::BadMessage { reason: "the run worker's report makes no sense for a step".to_owned() }
        }
    };
    Err(verdict)
}

/// The step's own message.
pub(crate) fn message<M: Message>(report: &Report, limits: &Limits) -> Result<M, Verdict> {
    let bytes = usize::try_from(limits.stdout_bytes).unwrap_or(usize::MAX);
    M::decode(&report.stdout, &Caps::default().with_message_bytes(bytes)).map_err(|error| {
        let reason = if report.stdout.is_empty() {
            "nothing was written to standard output; a step writes its result there".to_owned()
        } else {
            error.to_string()
        };
        Verdict::BadMessage { reason }
    })
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS: a file was cut short while it was mapped",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => "see signal(7)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crunchbox_jail::ResourceUsage;

    fn ended(end: End, change: impl FnOnce(&mut Report)) -> Verdict {
        let mut report = Report::new(end, "why");
        change(&mut report);
        ending(&report, false, &Limits::default()).unwrap_err()
    }

    #[test]
    fn the_limit_that_was_hit_first_is_named() {
        assert_eq!(ended(End::Trap, |_| ()).word(), "trap");
        assert_eq!(ended(End::Trap, |report| report.refused_bytes = 9).word(), "memory");
        assert_eq!(ended(End::Exit, |report| report.refused_bytes = 9).word(), "memory");
        assert_eq!(ended(End::Fuel, |report| report.refused_bytes = 9).word(), "fuel");
        let full = ending(&Report::new(End::Exit, ""), true, &Limits::default()).unwrap_err();
        assert_eq!(full.word(), "output");
    }

    #[test]
    fn a_refusal_that_the_step_got_over_is_nothing() {
        let mut report = Report::new(End::Done, "");
        report.refused_bytes = 9;
        ending(&report, true, &Limits::default()).unwrap();
        report.stdout_overflow = true;
        assert_eq!(ending(&report, false, &Limits::default()).unwrap_err().word(), "output");
    }

    #[test]
    fn a_worker_that_died_is_judged_by_how() {
        let verdict = |ended, cpu| {
            let used = ResourceUsage { cpu: Duration::from_secs(cpu), max_rss_bytes: 0 };
            let (report, log) = Default::default();
            let collected = Collected { ended, report, log, used, wall_time: Duration::ZERO };
            report_of(&collected).unwrap_err().word()
        };
        assert_eq!(verdict(Ended::Alone(Exit::Signal(SIGSYS)), 0), "denied");
        assert_eq!(verdict(Ended::Alone(Exit::Signal(SIGKILL)), 11), "time");
        assert_eq!(verdict(Ended::Alone(Exit::Signal(SIGKILL)), 10), "killed");
        assert_eq!(verdict(Ended::Alone(Exit::Signal(SIGXCPU)), 0), "time");
        assert_eq!(verdict(Ended::Alone(Exit::Status(7)), 0), "killed");
        assert_eq!(verdict(Ended::Alone(Exit::Status(0)), 0), "bad-message");
        assert_eq!(verdict(Ended::Cancelled, 99), "cancelled");
    }

    fn report_of(collected: &Collected) -> Said {
        report("run", collected, &Report::caps(100), Duration::from_secs(1)).unwrap()
    }

    #[test]
    fn an_end_that_is_no_steps_is_no_steps_message() {
        for end in [End::StaleCode, End::BadTable, End::Fault] {
            assert_eq!(ended(end, |_| ()).word(), "bad-message");
        }
    }
}
