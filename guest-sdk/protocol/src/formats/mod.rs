//! How numbers, timestamps and dates are written as text: steps write by these rules, and the host holds tables to
//! them.

mod date;
mod number;
mod timestamp;

pub use date::{DateUnit, UnknownUnit};
pub use number::{InvalidNumberFormat, NumberFormat};
pub use timestamp::{parse_timestamp, timestamp_text};
