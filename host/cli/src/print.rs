//! Text from a step, made safe to show, and tables.

use std::path::Path;

use comfy_table::{CellAlignment, ContentArrangement, Table};
use crunchbox::{Column, JsonMap, QuickFixAction, RenderError, TableInfo};
use crunchbox_messages::Translator;
use serde_json::Value;

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

/// An error or warning with the ways out that it offers, as the commands that take them. `input` is the table that this
/// one had. Lines of a text behind its first are moved in: none of them can pass for a line of ours.
pub(crate) fn error(error: &RenderError, translator: &Translator, input: Option<&Path>) -> Vec<String> {
    let text = |message| visible(&translator.text(message)).replace('\n', "\n  ");
    let mut lines = vec![text(&error.message)];
    for fix in &error.quick_fixes {
        let QuickFixAction::PrependStep { module_slug, partial_params } = &fix.action;
        let button = text(&fix.button_text);
        lines.push(match is_id(module_slug) {
            true => format!("  mend: {button}: `{}`", command(module_slug, partial_params, input)),
            false => format!("  mend: {button}: with {module_slug:?}, which is no module's id"),
        });
    }
    lines
}

/// Whether it can be a module's id: what a step made up must not get into a command otherwise.
fn is_id(slug: &str) -> bool {
    slug.starts_with(|c: char| c.is_ascii_alphabetic())
        && slug.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// The command that puts a step before this one: this one is then run again on what it gives.
fn command(module: &str, params: &JsonMap, input: Option<&Path>) -> String {
    let input =
        input.map_or_else(String::new, |path| format!(" --input {}", quoted(&path.to_string_lossy())));
    let params = quoted(&Value::Object(params.clone()).to_string());
    visible(&format!("crunchbox run {module}{input} --params {params} --output mended.arrow"))
}

/// A word as a shell takes it for one and nothing else.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./=:,@".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
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
    fn a_mend_is_a_command_and_no_other_one() {
        use crunchbox::{I18nMessage, QuickFix};
        let translator = Translator::new("en", Default::default());
        let lines = |slug: &str, params: Value| {
            let action = QuickFixAction::PrependStep {
                module_slug: slug.to_owned(),
                partial_params: params.as_object().unwrap().clone(),
            };
            let fix = QuickFix { button_text: I18nMessage::new("go"), action };
            let message = I18nMessage::new("TODO_i18n").arg("text", "bad\nx: ok\u{1b}[1A");
            error(&RenderError::from(message).quick_fix(fix), &translator, Some(Path::new("in put.csv")))
        };
        let good = lines("converttotext", serde_json::json!({"colnames": ["it's"]}));
        assert_eq!(good[0], "bad\n  x: ok\\u{1b}[1A");
        let params = r#"'{"colnames":["it'\''s"]}'"#;
        let command = format!(
            "crunchbox run converttotext --input 'in put.csv' --params {params} --output mended.arrow"
        );
        assert_eq!(good[1], format!("  mend: go: `{command}`"));
        for bad in ["x; rm -rf ~", "-x", "../x", "", "$(x)", "x\ny"] {
            let line = &lines(bad, serde_json::json!({}))[1];
            assert!(!line.contains("crunchbox run") && !line.contains('\n'), "{line}");
        }
    }

    #[test]
    fn a_terminal_is_told_nothing() {
        assert_eq!(visible("a\x1b[31mb\nc\td\u{202e}e\0"), "a\\u{1b}[31mb\nc\td\\u{202e}e\\u{0}");
        assert_eq!(visible("größer ✓"), "größer ✓");
    }
}
