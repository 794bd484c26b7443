//! What a module says of itself and of its params: the manifest, the params' types and defaults, and the way from
//! params as a user stores them to params as a step sees them.
//!
//! 1. [`Manifest::from_json_bytes`] reads what a module carries. The bytes are not trusted.
//! 2. [`ParamSchema::prepare`] fills in defaults and checks the values.
//! 3. [`clean`] holds them against the columns, tabs and files that are there.
//!
//! ```
//! use crunchbox_params::{CleanInput, ColumnKind, InputColumn, Manifest, clean};
//! use serde_json::json;
//!
//! let manifest = Manifest::from_json_bytes(
//!     br#"{
//!         "id_name": "at-least", "name": "At least", "category": "Clean",
//!         "parameters": [
//!             {"id_name": "column", "type": "column", "column_types": ["number"]},
//!             {"id_name": "min", "type": "float"}
//!         ]
//!     }"#,
//! )?;
//! let stored = json!({"column": "A"}).as_object().unwrap().clone();
//! let params = manifest.param_schema().prepare(&stored)?;
//! let columns = vec![InputColumn::new("A", ColumnKind::Number)];
//! let cleaned = clean(manifest.param_schema(), &params, &CleanInput { columns, ..CleanInput::default() })?;
//! assert_eq!(serde_json::Value::Object(cleaned.params), json!({"column": "A", "min": 0.0}));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod clean;
mod condition;
mod form;
mod manifest;
mod named;
mod node;
mod parameter;
mod path;
mod prompt;
mod reader;
mod schema;

pub use clean::{CleanError, CleanInput, Cleaned, InputColumn, InputTab, clean, uploaded_filename};
pub use manifest::{Category, Deprecated, Manifest, ManifestError, Reads, WorksBy};
pub use parameter::{Choice, Parameter, ParameterKind, SecretLogic, Syntax, VisibleIf};
pub use reader::Problem;
pub use schema::{ColumnKind, ParamDtype, ParamError, ParamSchema};
