//! The tables that a case or an example gives to a step, as files and as arguments of the command.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;

use crate::case_table::{CaseTable, write_table};

/// Another tab.
#[derive(Debug, Deserialize)]
pub struct CaseTab {
    /// Its name.
    pub name: String,
    /// What is in it.
    #[serde(flatten)]
    pub table: CaseTable,
}

/// Writes the step's own table and the other tabs' into `folder`, and gives the arguments of `crunchbox run` that name
/// them.
///
/// # Errors
/// If a table can't be written.
pub fn write_inputs(
    folder: &Path,
    tab_name: &str,
    input: &CaseTable,
    tabs: &BTreeMap<String, CaseTab>,
) -> anyhow::Result<Vec<String>> {
    let write = |name: &str, table: &CaseTable| {
        let path = folder.join(format!("{name}.arrow"));
        write_table(table, &path)?;
        path.to_str().map(str::to_owned).context("a path in UTF-8")
    };
    let mut arguments = ["--tab-name", tab_name, "--input"].map(str::to_owned).to_vec();
    arguments.push(write("input", input)?);
    for (slug, tab) in tabs {
        let file = write(slug, &tab.table)?;
        arguments.extend(["--tab".to_owned(), format!("{slug}:{}={file}", tab.name)]);
    }
    Ok(arguments)
}
