//! Write a Crunchbox step in Rust: one function from a table and params to a table.
//!
//! ```
//! use crunchbox_sdk::prelude::*;
//!
//! #[derive(serde::Deserialize)]
//! struct Params {
//!     n: usize,
//! }
//!
//! /// Keeps the first rows.
//! #[step]
//! fn render(table: RecordBatch, params: Params) -> Result<RecordBatch> {
//!     if params.n == 0 {
//!         return Err(I18nMessage::new("badParam.n.zero").from_source(Source::Module).into());
//!     }
//!     Ok(table.slice(0, params.n.min(table.num_rows())))
//! }
//! ```
//!
//! [`step`] makes the program's `main`, which speaks with the host; the function itself stays as it is, so that
//! `cargo test` can call it, or run it through [`testing`]. What `?` takes besides messages is a bug: its chain goes
//! to the log and the step ends with status 1. So does a panic, with file and line.
//!
//! Standard output is for the step's result; print to standard error, with `eprintln!`: that is the log.

#![deny(unsafe_code)]

mod cast;
pub mod charts;
mod columns;
mod context;
mod dictionary;
mod fetch;
pub mod figures;
pub mod groups;
#[cfg(all(target_family = "wasm", feature = "heap"))]
mod heap;
mod input;
pub mod keys;
mod main_loop;
mod migrate;
pub mod numbers;
pub mod order;
mod period;
mod ranges;
pub mod re2;
mod result;
mod rows;
mod stack;
mod table;
pub mod testing;
mod texts;
mod unconverted;

pub use cast::cast;
pub use columns::{
    ColumnKind, column, column_index, date_field, date_unit, number_field, number_format, result_field,
    timestamps, type_name, with_column, with_named_column,
};
pub use context::{Context, File};
pub use crunchbox_protocol::colnames;
pub use crunchbox_protocol::formats::{self, DateUnit};
pub use crunchbox_protocol::{
    FetchError, I18nArgument, I18nMessage, JsonMap, QuickFix, QuickFixAction, RenderError, Source,
};
pub use crunchbox_sdk_macros::step;
pub use dictionary::{compact, take_rows};
pub use fetch::{Fetch, Fetched};
pub use migrate::migrate_colnames;
pub use period::Period;
pub use ranges::parse_range;
pub use result::{Error, IntoOutput, Output, Result};
pub use stack::{alike, alike_or_texts, stack};
pub use texts::{as_text, map_ascii, map_text, plain, text_to};
pub use unconverted::Unconverted;

/// What most steps need.
pub mod prelude {
    pub use crate::{
        ColumnKind, Context, Error, I18nMessage, Output, QuickFix, QuickFixAction, RenderError, Result,
        Source, step,
    };
    pub use arrow::record_batch::RecordBatch;
}

/// What [`step`] expands to.
#[doc(hidden)]
pub mod __private {
    pub use crate::main_loop::{Call, Step, main};
    pub use crate::result::IntoOutput;
}

/// The authors' pages: what they show in Rust is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/authors/rust.md")]
struct AuthorsPages;
