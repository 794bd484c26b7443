//! What the user is asked to mend before a step runs: columns of the wrong kind, values that don't parse.

use std::collections::BTreeSet;

use crunchbox_protocol::{I18nMessage, JsonMap, QuickFix, QuickFixAction, RenderError};
use indexmap::{IndexMap, IndexSet};
use serde_json::Value;

use crate::schema::ColumnKind;

/// The kinds that will do.
pub(crate) type Wanted = BTreeSet<ColumnKind>;

const PREFIX: &str = "py.renderer.execute.types.PromptingError";

/// What columns were found to be, where a message says so. All that can become text by one and the same step go
/// into one message if text is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Found {
    NotText,
    Kind(ColumnKind),
    Other,
}

/// Gathers what is wrong, so that the user hears of it all at once, columns of a sort together.
#[derive(Debug, Default)]
pub(crate) struct Prompts {
    columns: IndexMap<Found, IndexMap<Wanted, IndexSet<String>>>,
    values: Vec<RenderError>,
}

impl Prompts {
    /// Notes `column` unless what it holds is wanted; says whether it is. If nothing special is wanted, all will do.
    pub(crate) fn want(&mut self, column: &str, found: Option<ColumnKind>, wanted: &Wanted) -> bool {
        if wanted.is_empty() || found.is_some_and(|kind| wanted.contains(&kind)) {
            return true;
        }
        let found = match found {
            None => Found::Other,
            Some(_) if wanted.contains(&ColumnKind::Text) => Found::NotText,
            Some(kind) => Found::Kind(kind),
        };
        self.columns.entry(found).or_default().entry(wanted.clone()).or_default().insert(column.to_owned());
        false
    }

    pub(crate) fn not_a_number(&mut self, value: &str) {
        self.not_a("Number", value);
    }

    pub(crate) fn not_a_timestamp(&mut self, value: &str) {
        self.not_a("Timestamp", value);
    }

    fn not_a(&mut self, kind: &str, value: &str) {
        let message = I18nMessage::new(format!("{PREFIX}.CannotCoerceValueTo{kind}")).arg("value", value);
        self.values.push(message.into());
    }

    /// The messages: columns by what was found, in the order in which that came up, then values.
    pub(crate) fn into_errors(self) -> Vec<RenderError> {
        let mut errors = Vec::new();
        for (found, groups) in &self.columns {
            for (wanted, names) in groups {
                errors.push(wrong_columns(*found, wanted, names));
            }
        }
        errors.extend(self.values);
        errors
    }
}

fn wrong_columns(found: Found, wanted: &Wanted, names: &IndexSet<String>) -> RenderError {
    let message = |id: &str| {
        let count = i32::try_from(names.len()).unwrap_or(i32::MAX);
        let message = I18nMessage::new(format!("{PREFIX}.WrongColumnType.{id}")).arg("columns", count);
        names
            .iter()
            .enumerate()
            .fold(message, |message, (index, name)| message.arg(index.to_string(), name.as_str()))
    };
    let fix = |text: I18nMessage, module: &str| QuickFix {
        button_text: text,
        action: QuickFixAction::PrependStep {
            module_slug: module.to_owned(),
            partial_params: JsonMap::from_iter([(
                "colnames".to_owned(),
                names.iter().map(String::as_str).collect::<Value>(),
            )]),
        },
    };

    let found_word = match found {
        Found::NotText => {
            let button = I18nMessage::new(format!("{PREFIX}.WrongColumnType.as_quick_fixes.shouldBeText"));
            return RenderError::from(message("as_error_message.shouldBeText"))
                .quick_fix(fix(button, "converttotext"));
        }
        Found::Kind(kind) => kind.as_str(),
        Found::Other => "other",
    };
    let fixes: Vec<QuickFix> = wanted
        .iter()
        .filter_map(|kind| {
            let button = I18nMessage::new(format!("{PREFIX}.WrongColumnType.general.quick_fix"));
            Some(fix(button.arg("wanted_type", kind.as_str()), converter(found, *kind)?))
        })
        .collect();
    let message = if fixes.is_empty() {
        message("general.message.without_convert_buttons").arg("best_wanted_type", best(wanted).as_str())
    } else {
        message("general.message.before_convert_buttons")
    };
    RenderError { message: message.arg("found_type", found_word), quick_fixes: fixes }
}

/// The step that makes columns of kind `wanted`, if there is one.
fn converter(found: Found, wanted: ColumnKind) -> Option<&'static str> {
    match (found, wanted) {
        (Found::Kind(ColumnKind::Text), ColumnKind::Date) => Some("converttexttodate"),
        (Found::Kind(ColumnKind::Text), ColumnKind::Number) => Some("converttexttonumber"),
        (Found::Kind(ColumnKind::Text), ColumnKind::Timestamp) => Some("convert-date"),
        (Found::Kind(ColumnKind::Timestamp), ColumnKind::Date) => Some("converttimestamptodate"),
        _ => None,
    }
}

/// The one kind that a message names.
fn best(wanted: &Wanted) -> ColumnKind {
    let order = [ColumnKind::Text, ColumnKind::Number, ColumnKind::Date];
    order.into_iter().find(|kind| wanted.contains(kind)).unwrap_or(ColumnKind::Timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_message_per_found_and_wanted_and_a_button_per_way_out() {
        let mut prompts = Prompts::default();
        let dates = Wanted::from([ColumnKind::Timestamp, ColumnKind::Date]);
        prompts.not_a_number("x");
        assert!(!prompts.want("A", Some(ColumnKind::Text), &dates));
        assert!(!prompts.want("B", Some(ColumnKind::Number), &dates));
        assert!(!prompts.want("C", Some(ColumnKind::Text), &dates));
        assert!(!prompts.want("A", Some(ColumnKind::Text), &dates));
        assert!(prompts.want("D", Some(ColumnKind::Date), &dates));
        let errors = prompts.into_errors();
        assert_eq!(errors.len(), 3);
        assert_eq!(errors[0].message.arguments["columns"], 2.into());
        assert_eq!(errors[0].message.arguments["1"], "C".into());
        let modules = errors[0].quick_fixes.iter().map(|fix| {
            let QuickFixAction::PrependStep { module_slug, .. } = &fix.action;
            module_slug.as_str()
        });
        assert!(modules.eq(["converttexttodate", "convert-date"]));
        assert!(errors[1].quick_fixes.is_empty());
        assert_eq!(errors[1].message.arguments["best_wanted_type"], "date".into());
        assert!(errors[2].message.id.ends_with("CannotCoerceValueToNumber"));
    }

    #[test]
    fn a_column_of_no_kind_gets_no_button() {
        let mut prompts = Prompts::default();
        assert!(prompts.want("any", None, &Wanted::new()));
        prompts.want("A", None, &Wanted::from([ColumnKind::Text]));
        prompts.want("B", Some(ColumnKind::Number), &Wanted::from([ColumnKind::Text]));
        let errors = prompts.into_errors();
        assert_eq!(errors[0].message.arguments["found_type"], "other".into());
        assert!(errors[0].quick_fixes.is_empty());
        assert_eq!(errors[1].quick_fixes.len(), 1);
    }

    #[test]
    fn a_message_names_one_kind() {
        use ColumnKind::{Date, Number, Text, Timestamp};
        assert_eq!(best(&Wanted::from(ColumnKind::ALL)), Text);
        assert_eq!(best(&Wanted::from([Date, Number, Timestamp])), Number);
        assert_eq!(best(&Wanted::from([Date, Timestamp])), Date);
        assert_eq!(best(&Wanted::from([Timestamp])), Timestamp);
    }
}
