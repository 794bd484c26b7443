//! An outcome, for a person or for a program.

use std::path::Path;

use crunchbox::{
    Column, FetchedFile, JsonMap, Missing, Module, Outcome, OutputTable, RenderError, TableInfo, Verdict,
};
use crunchbox_messages::Translator;
use serde_json::{Value, json};

use crate::print::{error, visible};
use crate::units::{count, seconds, size};

/// What a call made, as far as a report tells of it.
pub(crate) enum Made<'o> {
    /// A table, which may have no columns.
    Table(Option<&'o TableInfo>),
    /// A file of so many bytes.
    File(u64),
    /// Params.
    Params(&'o JsonMap),
    /// Nothing, or nothing any more.
    Nothing,
}

impl<'o> Made<'o> {
    pub(crate) fn table(outcome: &'o Outcome) -> Made<'o> {
        match (&outcome.verdict, &outcome.output) {
            (Verdict::Ok, table) => Made::Table(table.as_ref().map(OutputTable::info)),
            _ => Made::Nothing,
        }
    }

    pub(crate) fn file(outcome: &'o Outcome<FetchedFile>) -> Made<'o> {
        outcome.output.as_ref().map_or(Made::Nothing, |file| Made::File(file.bytes()))
    }

    pub(crate) fn params(outcome: &'o Outcome<JsonMap>) -> Made<'o> {
        outcome.output.as_ref().map_or(Made::Nothing, Made::Params)
    }

    fn as_json(&self) -> Value {
        match self {
            Made::Table(Some(table)) => table_json(table),
            Made::Table(None) => json!({"rows": 0, "columns": []}),
            Made::File(bytes) => json!({"bytes": bytes}),
            Made::Params(params) => json!({"params": params}),
            Made::Nothing => Value::Null,
        }
    }

    /// How much it is, if there is something that can be kept.
    fn size(&self) -> Option<String> {
        match self {
            Made::Table(Some(table)) => {
                Some(format!("{} rows, {} columns", count(table.rows), table.columns.len()))
            }
            Made::File(bytes) => Some(format!("a file of {}", size(*bytes))),
            _ => None,
        }
    }
}

/// The report's JSON object.
pub(crate) fn as_json<O>(
    outcome: &Outcome<O>,
    module: &Module,
    made: &Made<'_>,
    translator: &Translator,
) -> Value {
    let usage = &outcome.usage;
    let errors: Vec<Value> = outcome.errors.iter().map(|error| error_json(error, translator)).collect();
    json!({
        "call": outcome.call,
        "verdict": outcome.verdict.word(),
        "detail": outcome.verdict.detail(),
        "errors": errors,
        "json": outcome.json,
        "usage": {
            "fuel": usage.fuel,
            "peak_memory_bytes": usage.peak_memory_bytes,
            "peak_rss_bytes": usage.peak_rss_bytes,
            "cpu_seconds": usage.cpu_time.as_secs_f64(),
            "wall_seconds": usage.wall_time.as_secs_f64(),
            "total_seconds": usage.total_time.as_secs_f64(),
            "bytes_in": usage.bytes_in,
            "bytes_copied": usage.bytes_copied,
            "rows_in": usage.rows_in,
            "bytes_out": usage.bytes_out,
            "rows_out": usage.rows_out,
            "log_bytes": usage.log_bytes,
        },
        "layers": outcome.layers.on.iter().map(|layer| layer.name()).collect::<Vec<_>>(),
        "layers_missing": outcome.layers.missing.iter().map(missing_layer).collect::<Vec<_>>(),
        "log": outcome.log.text,
        "module": {"id": module.id(), "hash": module.hash()},
        "output": made.as_json(),
    })
}

/// A table's rows and columns.
pub(crate) fn table_json(table: &TableInfo) -> Value {
    json!({"rows": table.rows, "columns": table.columns.iter().map(column_json).collect::<Vec<_>>()})
}

/// What a step has to say, by id and arguments, and as the sentence that they make.
fn error_json(error: &RenderError, translator: &Translator) -> Value {
    let mut object = json!(error);
    object["text"] = json!(translator.text(&error.message));
    for (place, fix) in error.quick_fixes.iter().enumerate() {
        object["quick_fixes"][place]["text"] = json!(translator.text(&fix.button_text));
    }
    object
}

fn missing_layer(missing: &Missing) -> Value {
    json!({"name": missing.layer.name(), "reason": missing.reason})
}

fn column_json(column: &Column) -> Value {
    let mut object = json!({"name": column.name, "type": column.type_name});
    for (key, value) in [("format", &column.format), ("unit", &column.unit)] {
        if let Some(value) = value {
            object[key] = json!(value);
        }
    }
    object
}

/// The files that a command named.
pub(crate) struct Files<'a> {
    pub(crate) input: Option<&'a Path>,
    pub(crate) output: Option<&'a str>,
}

/// The report for a person.
pub(crate) fn as_text<O>(
    outcome: &Outcome<O>,
    module: &Module,
    made: &Made<'_>,
    translator: &Translator,
    files: &Files<'_>,
) -> String {
    let mut lines = Vec::new();
    let usage = &outcome.usage;
    let log = outcome.log.text.trim_end();
    if !log.is_empty() {
        lines.push("log:".to_owned());
        lines.extend(visible(log).lines().map(|line| format!("  {line}")));
        if outcome.log.truncated {
            lines.push(format!("  (cut: {} were written)", size(usage.log_bytes)));
        }
    }
    let heading = if outcome.verdict == Verdict::Ok { "warning" } else { "error" };
    for problem in &outcome.errors {
        let told = error(problem, translator, files.input);
        lines.extend(told.iter().map(|line| format!("{heading}: {line}")));
    }
    let call = if outcome.call == "render" { String::new() } else { format!(" {}", outcome.call) };
    lines.push(format!("{}{call}: {}", visible(module.id()), visible(&outcome.verdict.to_string())));
    if let Verdict::Exit { .. } | Verdict::Trap { .. } = outcome.verdict
        && let Some(line) = outcome.log.last_line()
    {
        lines.push(format!("  last words: {}", visible(line)));
    }
    match (made.size(), files.output) {
        (Some(size), Some(path)) => lines.push(format!("{size} -> {path}")),
        (Some(size), None) => lines.push(format!("{size} (name an --output to keep them)")),
        (None, Some(path)) => lines.push(format!("no output: {path} is left as it was")),
        (None, None) => {}
    }
    lines.push(format!(
        "{} rows in, fuel {}, memory {}, step {}, whole call {}",
        count(usage.rows_in),
        count(usage.fuel),
        size(usage.peak_memory_bytes),
        seconds(usage.wall_time),
        seconds(usage.total_time),
    ));
    lines.join("\n")
}
