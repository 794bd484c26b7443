//! How numbers, timestamps and dates are written as text. Steps that convert columns to text and the host, which
//! writes CSV files, write the same.

mod date;
mod number;
mod timestamp;

pub use date::{DateUnit, UnknownUnit};
pub use number::{BadFormat, NumberFormat};
pub use timestamp::{parse_timestamp, timestamp_text};
