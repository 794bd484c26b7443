//! What a step gets of the world: two directories, a request, a log. Nothing else.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;
use crunchbox_jail::Room;
use crunchbox_protocol::RunJob;
use rand::rngs::{StdRng, SysRng};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::SplitMix64;
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::{FsPerms, HostMonotonicClock, HostWallClock, WasiCtxBuilder};

use crate::stdio::{Capture, Log, Stream};

/// The second that every step without a clock of its own lives in: 2000-01-01T00:00:00Z.
const FIXED_TIME: Duration = Duration::from_secs(946_684_800);

struct FixedClock;

impl HostWallClock for FixedClock {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        FIXED_TIME
    }
}

/// A clock that a look moves on by a microsecond, so that who waits for time to pass does not wait forever.
struct CountingClock(AtomicU64);

impl HostMonotonicClock for CountingClock {
    fn resolution(&self) -> u64 {
        1_000
    }

    fn now(&self) -> u64 {
        self.0.fetch_add(1_000, Ordering::Relaxed)
    }
}

/// The context of one run.
pub(crate) fn context(
    job: &RunJob,
    request: Vec<u8>,
    room: &Room,
    stdout: Capture,
) -> anyhow::Result<WasiP1Ctx> {
    let mut builder = WasiCtxBuilder::new();
    builder
        .args(&[&job.module_id, &job.call])
        .stdin(MemoryInputPipe::new(request))
        .stdout(Stream(stdout))
        .stderr(Stream(Log))
        // File calls run on this thread: a worker has no other, and needs none for its one step.
        .allow_blocking_current_thread(true);
    if job.real_clock_and_random {
        builder.secure_random(chance()?).insecure_random(chance()?).insecure_random_seed(chance()?.random());
    } else {
        builder
            .wall_clock(FixedClock)
            .monotonic_clock(CountingClock(AtomicU64::new(0)))
            .secure_random(fixed_numbers())
            .insecure_random(fixed_numbers())
            .insecure_random_seed(0);
    }
    for (folder, name, permissions) in
        [(&room.inputs, "/in", FsPerms::ReadOnly), (&room.outputs, "/out", FsPerms::ReadWrite)]
    {
        builder.preopened_dir(folder, name, permissions).map_err(anyhow::Error::from)?;
    }
    Ok(builder.build_p1())
}

/// Chance from the kernel. What the libraries would take comes from a generator that the spawner has started already: all
/// of its workers, and so all steps, would draw the same.
fn chance() -> anyhow::Result<StdRng> {
    StdRng::try_from_rng(&mut SysRng).context("the kernel has no random numbers")
}

/// What a step without random numbers of its own gets in their place: a sequence that looks like chance (SplitMix64's,
/// from the seed 0) and is the same in every run.
fn fixed_numbers() -> SplitMix64 {
    SplitMix64::seed_from_u64(0)
}
