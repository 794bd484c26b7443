//! What attacks aim at: all of it is the harness's own, made for this, in namespaces that go with it.
//!
//! Both sides know these names: the harness puts the bait out, the attacks go for it.

/// The harness itself, an engine: the first process of its namespace.
pub(crate) const ENGINE: i32 = 1;
/// A process of the same user as workers: the second.
pub(crate) const NEIGHBOUR: i32 = 2;

/// In the canary, in the environment, in another call's room, in shared memory.
pub(crate) const SECRET: &str = "canary-5f3a91";
/// The environment variable with the secret.
pub(crate) const VARIABLE: &str = "CRUNCHBOX_CANARY";
/// A descriptor of the engine's that goes through `exec`, with the secret behind it.
pub(crate) const DESCRIPTOR: i32 = 150;

/// Where the engine listens on its loopback interface.
pub(crate) const TCP: &str = "127.0.0.1:4001";
/// The same with UDP.
pub(crate) const UDP: &str = "127.0.0.1:4002";
/// Where clouds tell machines their secrets; an address of the engine's loopback interface here.
pub(crate) const METADATA: &str = "169.254.169.254:80";
/// An abstract socket of the engine's.
pub(crate) const ABSTRACT: &str = "crunchbox-canary";

/// The key of shared memory, semaphores and a message queue of the engine's.
pub(crate) const IPC_KEY: i32 = 0x5f3a_91c1;
/// The key of shared memory that a call leaves for the next one.
pub(crate) const LEFT_KEY: i32 = 0x5f3a_91c2;
/// A POSIX message queue of the engine's.
pub(crate) const QUEUE: &std::ffi::CStr = c"crunchbox-canary";
