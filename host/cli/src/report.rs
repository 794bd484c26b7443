//! An outcome, for a person or for a program.

use crunchbox::{Column, Missing, Module, Outcome, TableInfo, Verdict};
use serde_json::{Value, json};

use crate::print::{error, visible};
use crate::units::{count, seconds, size};

/// The report's JSON object.
pub(crate) fn as_json(outcome: &Outcome, module: &Module) -> Value {
    let usage = &outcome.usage;
    let output = match (&outcome.verdict, &outcome.output) {
        (_, Some(table)) => table_json(table.info()),
        (Verdict::Ok, None) => json!({"rows": 0, "columns": []}),
        _ => Value::Null,
    };
    json!({
        "verdict": outcome.verdict.word(),
        "detail": outcome.verdict.detail(),
        "errors": outcome.errors,
        "json": outcome.json,
        "usage": {
            "fuel": usage.fuel,
            "peak_memory_bytes": usage.peak_memory_bytes,
            "peak_rss_bytes": usage.peak_rss_bytes,
            "cpu_seconds": usage.cpu_time.as_secs_f64(),
            "wall_seconds": usage.wall_time.as_secs_f64(),
            "total_seconds": usage.total_time.as_secs_f64(),
            "bytes_in": usage.bytes_in,
            "rows_in": usage.rows_in,
            "bytes_out": usage.bytes_out,
            "rows_out": usage.rows_out,
            "log_bytes": usage.log_bytes,
        },
        "layers": outcome.layers.on.iter().map(|layer| layer.name()).collect::<Vec<_>>(),
        "layers_missing": outcome.layers.missing.iter().map(missing_layer).collect::<Vec<_>>(),
        "log": outcome.log.text,
        "module": {"id": module.id(), "hash": module.hash()},
        "output": output,
    })
}

/// A table's rows and columns.
pub(crate) fn table_json(table: &TableInfo) -> Value {
    json!({"rows": table.rows, "columns": table.columns.iter().map(column_json).collect::<Vec<_>>()})
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

/// The report for a person.
pub(crate) fn as_text(outcome: &Outcome, module: &Module, written: Option<&str>) -> String {
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
        lines.extend(error(problem).iter().map(|line| format!("{heading}: {}", visible(line))));
    }
    lines.push(format!("{}: {}", visible(module.id()), visible(&outcome.verdict.to_string())));
    if let Verdict::Exit { .. } | Verdict::Trap { .. } = outcome.verdict
        && let Some(line) = outcome.log.last_line()
    {
        lines.push(format!("  last words: {}", visible(line)));
    }
    match (&outcome.output, written) {
        (Some(table), Some(path)) => lines.push(format!(
            "{} rows, {} columns -> {path}",
            count(table.info().rows),
            table.info().columns.len()
        )),
        (Some(table), None) => lines.push(format!(
            "{} rows, {} columns (name an --output to keep them)",
            count(table.info().rows),
            table.info().columns.len()
        )),
        (None, Some(path)) => lines.push(format!("no table: {path} is left as it was")),
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
