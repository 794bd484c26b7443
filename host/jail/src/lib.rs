//! The walls that the operating system lends to a worker process.
//!
//! The engine's half is [`Spawner`]: it starts a worker executable once, with a clean environment and three
//! descriptors, and asks it for workers. The executable's half is [`serve`]: a spawner that clones itself into
//! workers, each of which confines itself before it has seen a byte of anybody's data, and tells the engine which
//! [`Layers`] are in force. Then the engine hands that [`Child`] its one job, and kills and reaps it.
//!
//! This crate is where `unsafe` lives. Each block is in a file of its own concern.

mod capabilities;
mod cgroup;
mod child;
mod clone;
mod code;
mod end;
mod enter;
mod fault;
mod fds;
mod heap;
mod homes;
mod landlock;
mod layer;
mod map;
mod memory;
mod namespaces;
mod news;
mod reap;
mod removed;
mod root;
mod seccomp;
mod shorten;
#[cfg(test)]
mod smaps;
mod spawner;
mod transfer;
mod window;
mod zygote;

pub use cgroup::{ControlGroup, GroupLimits};
pub use child::{Child, SpawnError};
pub use code::hand_down_code;
pub use end::end;
pub use enter::{EnterError, Jailed, ResourceLimits, limit_resources};
pub use fault::{expect_faults, report_faults};
pub use heap::Heap;
pub use layer::{Layer, Layers, Missing};
pub use map::{Mapped, map_file};
pub use memory::{forbid_new_code, keep_freed_memory, tidy_heap};
pub use namespaces::{WORKER_ID, worker_id};
#[doc(hidden)]
pub use news::check_news;
pub use reap::{Exit, ResourceUsage};
pub use removed::{disk_bytes, removed_bytes};
pub use root::Room;
pub use seccomp::Profile;
pub use spawner::{Lost, Pending, Spawner};
pub use transfer::{MAX_DESCRIPTORS, Outgoing, ReceiveError, receive};
pub use window::{blank, prefer_large_pages, show};
pub use zygote::serve;
