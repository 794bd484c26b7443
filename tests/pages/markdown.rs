//! Tables in Markdown.

use crunchbox_protocol::formats::{NumberFormat, parse_timestamp, timestamp_text};
use crunchbox_tests::{CaseColumn, CaseTable};
use serde_json::Value;

/// A text as the cell of a table.
pub(crate) fn cell(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        match c {
            '\n' => shown.push('⏎'),
            '|' | '*' | '_' | '<' | '\\' | '`' | '[' => shown.extend(['\\', c]),
            _ => shown.push(c),
        }
    }
    shown
}

/// A table as people see it, with what each column is.
pub(crate) fn table(table: &CaseTable) -> anyhow::Result<String> {
    let heads = table.columns.iter().map(|column| {
        let detail = column.format.as_deref().or(column.unit.as_deref());
        let detail = detail.map_or_else(String::new, |detail| format!(" `{detail}`"));
        format!(" {} ({}{detail}) |", cell(&column.name), column.kind)
    });
    let mut text = format!("|{}\n|{}\n", heads.collect::<String>(), " --- |".repeat(table.columns.len()));
    let rows = table.columns.first().map_or(0, |column| column.values.len());
    for row in 0..rows {
        let cells: Vec<String> = table
            .columns
            .iter()
            .map(|column| shown(column, &column.values[row]))
            .collect::<Result<_, _>>()?;
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    Ok(text)
}

fn shown(column: &CaseColumn, value: &Value) -> anyhow::Result<String> {
    Ok(match (column.kind.as_str(), value) {
        (_, Value::Null) => "*null*".to_owned(),
        ("number", number) => {
            let format: NumberFormat = column.format.as_deref().unwrap_or("{:,}").parse()?;
            cell(&match (number.as_i64(), number.as_u64()) {
                (Some(whole), _) => format.integer(i128::from(whole)),
                (None, Some(whole)) => format.integer(i128::from(whole)),
                (None, None) => format.float(number.as_f64().unwrap_or_default()),
            })
        }
        ("timestamp", Value::String(time)) => {
            let nanos = parse_timestamp(time).and_then(|nanos| i64::try_from(nanos).ok());
            nanos.map_or_else(|| time.clone(), timestamp_text)
        }
        (_, Value::String(text)) => cell(text),
        (_, other) => other.to_string(),
    })
}
