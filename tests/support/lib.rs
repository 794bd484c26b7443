//! What the tests share: the built command, tables as JSON describes them, and their comparison.

#![forbid(unsafe_code)]

mod built;
mod case_table;

pub use built::{Built, Run};
pub use case_table::{CaseColumn, CaseTable, assert_same, read_table, write_table};
