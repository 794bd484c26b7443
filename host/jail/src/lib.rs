//! The walls that the operating system lends to a worker process.
//!
//! The parent's half is [`Child`]: it starts an executable with a clean environment and three descriptors,
//! hands it one job with the descriptors that the job needs, and kills and reaps it. The child's half is
//! [`enter`]: the first thing a worker does, before it has seen a byte of anybody's data. [`Layer`] names
//! what is in force then.
//!
//! This crate is where `unsafe` lives. Each block is in a file of its own concern.

mod child;
mod enter;
mod fds;
mod layer;
mod map;
mod reap;
mod transfer;

pub use child::{Child, SpawnError};
pub use enter::{EnterError, ResourceLimits, enter, limit_resources};
pub use layer::Layer;
pub use map::{Mapped, map_file};
pub use reap::{Exit, ResourceUsage};
pub use transfer::{MAX_DESCRIPTORS, Outgoing, ReceiveError, receive};
