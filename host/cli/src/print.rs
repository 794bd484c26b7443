//! Text from a step, made safe to show, and tables.

use comfy_table::{CellAlignment, ContentArrangement, Table};
use crunchbox::{Column, QuickFixAction, RenderError, TableInfo};

/// `text` without what a terminal would act on: control characters are shown as `\u{1b}` and the like, and so are
/// those that turn the direction of text round. Line ends and tabs stay.
pub(crate) fn visible(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let odd = (c.is_control() && c != '\n' && c != '\t')
                || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            let escaped = odd.then(|| c.escape_unicode());
            let plain = (!odd).then_some(c);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}

/// An error or warning with the ways out that it offers, as the commands that take them.
pub(crate) fn error(error: &RenderError) -> Vec<String> {
    let mut lines = vec![error.message.to_string()];
    for fix in &error.quick_fixes {
        let QuickFixAction::PrependStep { module_slug, partial_params } = &fix.action;
        let params = serde_json::Value::Object(partial_params.clone());
        lines.push(format!(
            "  mend: first `crunchbox run {module_slug} --params '{params}'` ({})",
            fix.button_text
        ));
    }
    lines
}

/// A column's type, with its format or unit.
pub(crate) fn column_type(column: &Column) -> String {
    match column.format.as_deref().or(column.unit.as_deref()) {
        Some(extra) => format!("{} {extra}", column.type_name),
        None => column.type_name.clone(),
    }
}

/// The first rows of a table, under its columns' names and types.
pub(crate) fn rows(table: &TableInfo) -> String {
    // Wider than this, a cell hides its neighbours.
    const CELL_CHARS: usize = 40;
    let short = |text: &str| -> String {
        let text = visible(text).replace(['\n', '\t'], " ");
        if text.chars().count() <= CELL_CHARS {
            return text;
        }
        text.chars().take(CELL_CHARS - 1).chain(['…']).collect()
    };
    let mut shown = Table::new();
    shown.load_preset(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
    shown.set_content_arrangement(ContentArrangement::Disabled);
    shown.set_header(
        table
            .columns
            .iter()
            .map(|column| format!("{}\n{}", short(&column.name), short(&column_type(column)))),
    );
    for row in &table.preview {
        shown.add_row(row.iter().map(|cell| short(cell)));
    }
    for (index, column) in table.columns.iter().enumerate() {
        let numeric = column.type_name == "number" || column.type_name.starts_with(['i', 'u', 'f']);
        if let (true, Some(column)) = (numeric, shown.column_mut(index)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    shown.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_told_nothing() {
        assert_eq!(visible("a\x1b[31mb\nc\td\u{202e}e\0"), "a\\u{1b}[31mb\nc\td\\u{202e}e\\u{0}");
        assert_eq!(visible("größer ✓"), "größer ✓");
    }
}
