//! Arrow, Parquet and CSV files as untrusted bytes: validation, conversion and a look at the first rows.
//!
//! A step, or whoever uploaded a file, may have written anything. So nothing here trusts a length, an offset, a
//! count or a name, and every problem comes back as a [`TableError`] that says which [`Check`] failed and in which
//! column. Panics of the libraries underneath are caught and become [`Check::Malformed`]; what cannot be caught
//! (an allocation that fails, a stack that overflows) is checked for beforehand, and the process that calls this is
//! meant to be one that may die.
//!
//! * [`validate`] judges an Arrow IPC file: every byte that a reader would rely on, then the rules of a [`Profile`].
//! * [`convert`] turns one format into another, batch by batch; [`check`] only sees whether it could be, and [`look`] at
//!   which columns there are.
//! * [`place`] makes room in one Arrow file for the record batches of others, behind each other.
//! * [`merge`] puts the rows of several in order.
//! * [`preview`] gives the first rows as text.
//!
//! ```
//! use crunchbox_table::{ConvertOptions, FileFormat, Input, Profile, TableLimits};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! let path = dir.path().join("table.arrow");
//! let csv = Input::Buffer(b"city,people\nParis,2100000\nRome,2800000\n".to_vec().into());
//! let options = ConvertOptions::new(Profile::Arrow);
//! crunchbox_table::convert(csv, FileFormat::Csv, FileFormat::Arrow, std::fs::File::create(&path)?, &options)?;
//!
//! let file = std::fs::read(&path)?.into();
//! let info = crunchbox_table::validate(&file, Profile::Arrow, &TableLimits::default())?;
//! assert_eq!(info.rows, 2);
//! assert_eq!(info.columns[1].type_name, "number");
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod ahead;
mod convert;
mod csv_source;
mod error;
mod info;
mod input;
mod ipc;
mod merge;
mod normalise;
mod parquet_source;
mod pieces;
mod place;
mod preview;
mod rules;
mod sink;
mod source;
mod validate;
mod values;
mod wide;

pub use arrow::buffer::Buffer;
pub use convert::{ConvertOptions, check, convert, look};
pub use crunchbox_protocol::{FileFormat, Place, Profile, TableLimits};
pub use error::{Check, TableError};
pub use info::{ColumnInfo, TableInfo};
pub use input::{Input, Release};
pub use merge::merge;
pub use place::place;
pub use preview::{Preview, preview};
pub use validate::{validate, validate_rows};
