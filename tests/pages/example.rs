//! A step's example: run through the built command, and shown with what came of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use crunchbox_tests::{Built, CaseTab, CaseTable, read_table, write_inputs};
use serde::Deserialize;
use serde_json::Value;

use crate::markdown::table;

/// What `example.json` in a step's folder says. Tables are written as in the conformance cases.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    /// What it shows, in a sentence.
    what: String,
    /// As a user stores them.
    params: Value,
    #[serde(default)]
    tab_name: String,
    #[serde(default)]
    tabs: BTreeMap<String, CaseTab>,
    input: CaseTable,
}

/// The page's part about it, and the drawing that it shows, if the step describes a chart.
pub(crate) fn section(
    built: &Built,
    id: &str,
    path: &Path,
    has_chart: bool,
) -> anyhow::Result<(String, Option<String>)> {
    let json = fs::read_to_string(path)?;
    let example: Example = serde_json::from_str(&json).with_context(|| path.display().to_string())?;
    let mut page = format!("## Example\n\n{}\n\n```json\n{:#}\n```\n", example.what, example.params);
    let name = if example.tab_name.is_empty() { String::new() } else { format!(", {:?}", example.tab_name) };
    write!(page, "\nInput{name}:\n\n{}", table(&example.input)?)?;
    for (slug, tab) in &example.tabs {
        write!(page, "\nTab `{slug}`, {:?}:\n\n{}", tab.name, table(&tab.table)?)?;
    }
    let (outcome, drawing) =
        outcome(built, id, &example, has_chart).with_context(|| path.display().to_string())?;
    page.push_str(&outcome);
    Ok((page, drawing))
}

fn outcome(
    built: &Built,
    id: &str,
    example: &Example,
    has_chart: bool,
) -> anyhow::Result<(String, Option<String>)> {
    let folder = tempfile::tempdir()?;
    let mut arguments = write_inputs(folder.path(), &example.tab_name, &example.input, &example.tabs)?;
    let output = folder.path().join("output.arrow").display().to_string();
    let chart = folder.path().join("chart.svg").display().to_string();
    let params = example.params.to_string();
    arguments.extend(["--output", &output, "--params", &params].map(str::to_owned));
    if has_chart {
        arguments.extend(["--chart".to_owned(), chart.clone()]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let run = built.run(&built.module(id)?, &arguments)?;
    ensure!(
        ["ok", "step-error"].contains(&run.verdict()),
        "the verdict is {}: {}",
        run.verdict(),
        run.detail()
    );

    let mut page = String::new();
    let drawing = has_chart.then(|| fs::read_to_string(&chart)).transpose().context("there is no chart")?;
    if drawing.is_some() {
        write!(page, "\nChart (`--chart FILE.svg`):\n\n![the chart]({id}.svg)\n")?;
    } else if Path::new(&output).exists() {
        write!(page, "\nOutput:\n\n{}", table(&read_table(Path::new(&output))?)?)?;
    } else {
        page.push_str("\nThere is no output.\n");
    }
    let errors = run.report["errors"].as_array().context("the report has no errors")?;
    for error in errors {
        write!(page, "\nMessage `{}`, {}", error["id"].as_str().unwrap_or_default(), error["arguments"])?;
        for fix in error["quick_fixes"].as_array().into_iter().flatten() {
            write!(
                page,
                "; a button puts a step `{}` before it, {}",
                fix["prepend_step"]["module"].as_str().unwrap_or_default(),
                fix["prepend_step"]["params"]
            )?;
        }
        page.push('\n');
    }
    let view = run.report["json"].as_object().filter(|view| !view.is_empty());
    if let Some(view) = view.filter(|_| drawing.is_none()) {
        write!(page, "\nFor its own view:\n\n```json\n{:#}\n```\n", Value::Object(view.clone()))?;
    }
    Ok((page, drawing))
}
