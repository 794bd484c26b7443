//! What the tests share: the built command, tables as JSON describes them, their comparison; and processes.

#![forbid(unsafe_code)]

mod built;
mod case_table;
mod processes;

pub use built::{Built, Run};
pub use case_table::{CaseColumn, CaseTable, assert_same, read_table, write_batches, write_table};
pub use processes::{children, private_bytes, rss_bytes, workers};
