//! The steps' conformance cases, run in the compiled modules through the command line.
//!
//! A step joins by having a file `tests/conformance/<id>.json`: what is in it is run once `modules/<id>` exists.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use crunchbox_tests::{Built, CaseTab, CaseTable, assert_same, read_table, write_inputs};
use libtest_mimic::{Arguments, Trial};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Case {
    id: String,
    step: String,
    params: Value,
    #[serde(default)]
    tab_name: String,
    #[serde(default)]
    tabs: BTreeMap<String, CaseTab>,
    input: CaseTable,
    expect: Expect,
}

#[derive(Deserialize)]
struct Expect {
    #[serde(flatten)]
    table: Option<CaseTable>,
    #[serde(default)]
    errors: Vec<Value>,
    /// The JSON result; not compared if it is not there.
    json: Option<Value>,
}

fn main() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("tests/ has a parent")?;
    let built = Built::find()?;
    let mut trials = Vec::new();
    for entry in fs::read_dir(root.join("tests/conformance"))? {
        let path = entry?.path();
        let Some(step) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".json")) else {
            continue;
        };
        let shipped = root.join("modules").join(step).is_dir();
        let json = fs::read_to_string(&path)?;
        let cases: Vec<Case> = serde_json::from_str(&json).with_context(|| path.display().to_string())?;
        for case in cases {
            let built = built.clone();
            let trial =
                Trial::test(case.id.clone(), move || Ok(check(&built, &case).map_err(|e| format!("{e:#}"))?));
            // A step that doesn't ship yet is shown as ignored, so that nobody takes it for passed.
            trials.push(trial.with_ignored_flag(!shipped));
        }
    }
    trials.sort_by(|a, b| a.name().cmp(b.name()));
    libtest_mimic::run(&Arguments::from_args(), trials).exit()
}

fn check(built: &Built, case: &Case) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).to_str().map(str::to_owned).context("a path in UTF-8");
    let (output, params) = (path("output.arrow")?, path("params.json")?);
    fs::write(&params, serde_json::to_vec(&case.params)?)?;
    let mut arguments = write_inputs(folder.path(), &case.tab_name, &case.input, &case.tabs)?;
    arguments.extend(["--params-clean", &format!("@{params}"), "--output", &output].map(str::to_owned));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let run = built.run(&built.module(&case.step)?, &arguments)?;

    let expected = case.expect.table.as_ref().filter(|table| !table.columns.is_empty());
    let wanted = if expected.is_none() && !case.expect.errors.is_empty() { "step-error" } else { "ok" };
    ensure!(
        run.verdict() == wanted,
        "the verdict is {}, not {wanted}: {}\n{}",
        run.verdict(),
        run.detail(),
        run.report["log"].as_str().unwrap_or_default()
    );
    check_errors(&case.expect.errors, &run.report["errors"])?;
    if let Some(expected) = &case.expect.json {
        check_json(expected, &run.report["json"], "json")?;
    }
    match expected {
        Some(expected) => assert_same(expected, &read_table(Path::new(&output))?),
        None => {
            ensure!(!Path::new(&output).exists(), "a table was written, none is wanted");
            Ok(())
        }
    }
}

/// In order: id, source, arguments, quick fixes, and each as a sentence; with `"compare": "id"` the id alone.
fn check_errors(expected: &[Value], found: &Value) -> anyhow::Result<()> {
    let found = found.as_array().context("the report has no errors")?;
    let same = expected.len() == found.len() && expected.iter().zip(found).all(|(a, b)| same_error(a, b));
    let expected = Value::from(expected.to_vec());
    ensure!(same, "the errors differ:\nexpected {expected:#}\nfound {:#}", Value::from(found.clone()));
    Ok(())
}

/// The same but for how numbers are written, and for their last digits.
fn check_json(expected: &Value, found: &Value, place: &str) -> anyhow::Result<()> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            let (wanted, there): (BTreeSet<_>, BTreeSet<_>) =
                (expected.keys().collect(), found.keys().collect());
            ensure!(wanted == there, "{place} has the keys {there:?}, not {wanted:?}");
            expected
                .iter()
                .try_for_each(|(key, value)| check_json(value, &found[key], &format!("{place}.{key}")))
        }
        (Value::Array(expected), Value::Array(found)) => {
            ensure!(
                expected.len() == found.len(),
                "{place}: {} elements, not {}",
                found.len(),
                expected.len()
            );
            let mut pairs = (0..).zip(expected.iter().zip(found));
            pairs.try_for_each(|(index, (expected, found))| {
                check_json(expected, found, &format!("{place}[{index}]"))
            })
        }
        (Value::Number(expected), Value::Number(found)) => {
            let numbers = expected.as_f64().zip(found.as_f64());
            let same = numbers.is_some_and(|(a, b)| (a - b).abs() <= 1e-9 * a.abs().max(1.0).max(b.abs()));
            ensure!(same, "{place} is {found}, not {expected}");
            Ok(())
        }
        _ => {
            ensure!(expected == found, "{place} is {found}, not {expected}");
            Ok(())
        }
    }
}

fn same_error(expected: &Value, found: &Value) -> bool {
    if expected["compare"] == "id" {
        return expected["id"] == found["id"];
    }
    let none = Value::Array(Vec::new());
    let fixes = expected.get("quick_fixes").unwrap_or(&none);
    let mut found_fixes = found["quick_fixes"].clone();
    let mut told = is_told(&found["id"], &found["text"]);
    for fix in found_fixes.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        let text = fix.remove("text").unwrap_or_default();
        told &= is_told(&fix["button_text"]["id"], &text);
    }
    let same = ["id", "source", "arguments"].iter().all(|key| expected[key] == found[key]);
    told && same && *fixes == found_fixes
}

/// Whether a message became a sentence: without a text in any catalogue it begins with its id, and an argument that is
/// missing stays between braces.
fn is_told(id: &Value, text: &Value) -> bool {
    let (Some(id), Some(text)) = (id.as_str(), text.as_str()) else { return false };
    !text.is_empty() && !text.starts_with(id) && !text.contains('{')
}
