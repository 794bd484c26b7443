//! The jailed executables: three small programs, one role each.
//!
//! | executable | feature | role |
//! | --- | --- | --- |
//! | `crunchbox-worker` | `run` | runs a step from compiled code; holds no compiler |
//! | `crunchbox-compiler` | `compiler` | turns a module into code |
//! | `crunchbox-tables` | `tables` | judges and converts tables |
//!
//! Each one confines itself, takes one [`Job`](crunchbox_protocol::Job) from its standard input, writes one
//! [`Report`](crunchbox_protocol::Report) back and ends. What it reads and runs is hostile; what it reports is
//! hostile to the engine.

#![deny(unsafe_code)] // but for the one function that loads compiled code

#[cfg(feature = "compiler")]
pub mod compile;
#[cfg(any(feature = "run", feature = "compiler"))]
mod config;
#[cfg(feature = "run")]
mod removed;
#[cfg(feature = "run")]
pub mod run;
pub mod serve;
#[cfg(feature = "run")]
mod shown;
#[cfg(feature = "run")]
mod stdio;
#[cfg(feature = "run")]
mod store;
#[cfg(feature = "tables")]
pub mod tables;
#[cfg(feature = "run")]
mod warm;
#[cfg(feature = "run")]
mod wasi;

#[global_allocator]
static HEAP: crunchbox_jail::Heap = crunchbox_jail::Heap;
