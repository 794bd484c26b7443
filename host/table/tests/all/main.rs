//! Good tables pass and come back as they were; everything else is refused by the check that is meant for it.

mod conversions;
mod dictionaries;
mod hostile_tables;
mod malformed_arrow;
mod malformed_parquet;
mod merging;
mod properties;
mod ranges;
mod support;
