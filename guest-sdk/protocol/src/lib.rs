//! What Crunchbox's host and its steps say to each other.
//!
//! The messages are plain Rust types ([`RenderRequest`], [`RenderResult`] and their parts); [`Message`] puts
//! them into Thrift's binary protocol and takes them out of it again. Bytes from the other side are hostile
//! until [`Message::decode`] has read them: it caps what they may ask for and never panics.
//!
//! ```
//! use crunchbox_protocol::{Caps, I18nMessage, Message, RenderResult};
//!
//! let result = RenderResult { errors: vec![I18nMessage::new("too.few").arg("n", 3).into()], ..Default::default() };
//! let bytes = result.encode()?;
//! assert_eq!(RenderResult::decode(&bytes, &Caps::default())?, result);
//! assert!(RenderResult::decode(&bytes[1..], &Caps::default()).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Job`] and [`Report`] are what the engine and its own worker processes exchange.

#![forbid(unsafe_code)]

pub mod colnames;
mod convert;
mod decode;
pub mod formats;
mod job;
mod message;
mod report;
#[allow(clippy::all, dead_code, missing_docs, unreachable_pub)] // Generated: `cargo xtask thrift` makes them anew.
mod wire {
    #[rustfmt::skip]
    pub(crate) mod report;
    #[rustfmt::skip]
    pub(crate) mod step;
}

pub use convert::{EncodeError, Message};
pub use decode::{Caps, DecodeError};
pub use job::{FileFormat, Job, Profile, Role, RunJob, TableJob, TableLimits};
pub use message::{
    FetchError, FetchRequest, FetchResult, I18nArgument, I18nMessage, JsonMap, KeyPart, MigrateParamsRequest,
    MigrateParamsResult, QuickFix, QuickFixAction, RenderError, RenderRequest, RenderResult, Source,
    TabOutput, UploadedFile, ValidateModuleResult,
};
pub use report::{ColumnReport, End, Place, Report, TableReport};

/// The version of the contract with a step that this crate speaks: `wit/step.thrift`'s.
pub const CONTRACT_VERSION: u32 = 1;
