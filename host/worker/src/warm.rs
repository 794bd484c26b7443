//! What libraries do once in each process, done in the spawner: its workers find it done, and without a page of their own
//! for it. They ask the processor what it can do, which stops a virtual machine for each question; they get themselves
//! keys for a thread's values; they draw a first seed.
//!
//! A seed that all workers share is no seed: what a step may draw from is set by `wasi.rs` in every case.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crunchbox_jail::{Room, hand_down_code, tidy_heap};
use crunchbox_protocol::{End, Job, Message, Report, Role, RunJob};
use wasmtime::Func;

use crate::removed::Removed;
use crate::run::{Ground, runtime, store};
use crate::stdio::Capture;

const FUEL: u64 = 1_000;

/// Lives through a job in which there is nothing.
///
/// # Errors
/// If that can't be done: then no job can.
pub(crate) fn warm_up(ground: &Ground) -> anyhow::Result<()> {
    let job = RunJob {
        module_id: "nothing".to_owned(),
        call: "render".to_owned(),
        fuel: FUEL,
        memory_bytes: 0,
        input_bytes: 0,
        table_elements: 0,
        stack_bytes: 0,
        stdout_bytes: 0,
        real_clock_and_random: false,
    };
    let bytes = Job::new(Role::Run(job.clone()), 0, Duration::ZERO, 0).to_bytes(b"request");
    Job::from_bytes(&bytes).map_err(anyhow::Error::msg)?;
    ask_the_processor();
    let (control, engine) = UnixStream::pair()?;
    let removed = Removed::new(0, &File::from(OwnedFd::from(engine)), &control)?;
    let room = Room { inputs: "/".into(), outputs: "/".into() };
    let mut store = store(ground, &job, b"request".to_vec(), &room, control, Capture::new(0), removed)?;
    // On a stack of its own, as a step is.
    let nothing = Func::wrap(&mut store, || ());
    runtime()?.block_on(nothing.call_async(&mut store, &[], &mut [])).map_err(anyhow::Error::from)?;
    Report::new(End::Done, "").encode()?;
    drop(store);
    tidy_heap();
    hand_down_code();
    Ok(())
}

/// The standard library keeps the answers.
fn ask_the_processor() {
    #[cfg(target_arch = "x86_64")]
    let _ = std::arch::is_x86_feature_detected!("avx2");
    #[cfg(target_arch = "aarch64")]
    let _ = std::arch::is_aarch64_feature_detected!("neon");
}
