//! Runs untrusted data *steps* and says in one word how each ended.
//!
//! A step is a WebAssembly module that takes tables and parameters and gives back a table, messages and JSON.
//! It runs inside wasmtime, inside a subprocess that holds nothing of the caller's, with limits on fuel, memory,
//! time and output, and with no network.
//!
//! ```no_run
//! use crunchbox::{Engine, Limits, Module, RenderRequest, Verdict};
//!
//! let engine = Engine::builder().build()?;
//! let module = Module::open("target/modules/filter.wasm")?;
//! let condition = serde_json::json!({"operation": "number_is_greater_than", "column": "distance", "value": 1000});
//! let params = serde_json::json!({"keep": true, "condition": condition});
//! let request = RenderRequest::new(&module).input("flights.parquet").clean_params(params).output("long.parquet");
//! let outcome = engine.render(&request, &Limits::default())?; // Err: not the step's fault
//! match outcome.verdict {
//!     Verdict::Ok => println!("{} rows", outcome.usage.rows_out),
//!     why => eprintln!("{why}"), // how the step ended
//! }
//! # Ok::<(), crunchbox::Error>(())
//! ```
//!
//! The engine needs its worker executables; [`EngineBuilder::workers`] says where they are looked for.

#![forbid(unsafe_code)]

mod blank;
mod cache;
mod call;
mod collect;
mod compile;
mod control;
mod copy;
mod destination;
mod draft;
mod draw;
mod engine;
mod error;
mod fetch;
mod housekeeper;
mod inputs;
mod joined;
mod judge;
mod lend;
mod limits;
mod merged;
mod migrate;
mod module;
mod outcome;
mod output;
mod output_file;
mod params;
mod parts;
mod remove;
mod render;
mod request;
mod scratch;
mod sealed;
mod shipped;
mod tables;
mod validate;
mod watch;
mod workers;

#[doc(hidden)]
pub use cache::code_by_entry;
pub use control::{CancelToken, Control, Stage};
pub use crunchbox_jail::{Layer, Layers, Missing, WORKER_ID};
pub use crunchbox_params::Manifest;
pub use crunchbox_protocol::{
    ColumnReport as Column, FetchError, FileFormat, I18nArgument, I18nMessage, JsonMap, Profile, QuickFix,
    QuickFixAction, RenderError, Source, TableLimits, TableReport as TableInfo,
};
pub use draw::{DrawingFile, NotDrawn, Picture};
pub use engine::{Engine, EngineBuilder};
pub use error::Error;
pub use limits::Limits;
pub use module::Module;
pub use outcome::{Log, Outcome, Usage, Verdict};
pub use output::{FetchedFile, OutputTable};
pub use request::{FetchRequest, Params, RenderRequest};
