//! What the tests share: the built command, the steps' manifests, tables as JSON describes them, their comparison; and
//! processes.

#![forbid(unsafe_code)]

mod built;
mod case_inputs;
mod case_table;
mod manifests;
mod processes;

pub use built::{Built, Run};
pub use case_inputs::{CaseTab, write_inputs};
pub use case_table::{CaseColumn, CaseTable, assert_same, read_table, write_batches, write_table};
pub use manifests::manifests;
pub use processes::{children, private_bytes, rss_bytes, workers};
