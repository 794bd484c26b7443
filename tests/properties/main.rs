//! What holds for each shipped step whatever the table: in the compiled modules, through the engine, so that each output
//! has also passed the rules for tables.
//!
//! Each run tries the same tables. `PROPTEST_RNG_SEED=…` tries others, `PROPTEST_CASES=…` more of them.

#![forbid(unsafe_code)]

mod any_params;
mod cells;
mod charts;
mod columns;
mod groups;
mod rows;
mod shapes;
mod sql;
mod steps;
mod tables;
mod tabs;
mod texts;
mod times;
