//! A step's params, as its manifest has them.

use std::collections::BTreeSet;

use crunchbox_params::{Choice, ColumnKind, Manifest, ParamDtype, Parameter, ParameterKind, VisibleIf};
use serde_json::Value;

use crate::markdown::cell;

/// The page's part about them.
pub(crate) fn section(manifest: &Manifest) -> String {
    let schema = manifest.param_schema().params();
    if schema.is_empty() {
        return "It takes no params.\n\n".to_owned();
    }
    let mut page =
        "## Params\n\n| param | label | type | default | shown |\n| --- | --- | --- | --- | --- |\n"
            .to_owned();
    for parameter in &manifest.parameters {
        let dtype = schema.get(&parameter.id_name);
        page.push_str(&row(parameter, dtype, ""));
        if let ParameterKind::List { child_parameters } = &parameter.kind {
            for child in child_parameters {
                page.push_str(&row(child, child.dtype().as_ref(), &format!("{}.", parameter.id_name)));
            }
        }
    }
    page.push('\n');
    page
}

fn row(parameter: &Parameter, dtype: Option<&ParamDtype>, prefix: &str) -> String {
    let default = dtype.map_or_else(String::new, |dtype| format!("`{}`", dtype.default_value()));
    format!(
        "| `{prefix}{}` | {} | {} | {default} | {} |\n",
        parameter.id_name,
        cell(&parameter.name),
        what(&parameter.kind, dtype),
        shown(parameter.visible_if.as_ref())
    )
}

fn shown(condition: Option<&VisibleIf>) -> String {
    let Some(condition) = condition else { return "always".to_owned() };
    let values: Vec<String> = match &condition.value {
        Value::Array(values) => values.iter().map(|value| format!("`{value}`")).collect(),
        value => vec![format!("`{value}`")],
    };
    let (relation, values) = (if condition.invert { "is not" } else { "is" }, values.join(" or "));
    format!("if `{}` {relation} {values}", condition.id_name)
}

fn columns(count: &str, kinds: &BTreeSet<ColumnKind>, tab: Option<&String>) -> String {
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(" of {}", kinds.join(" or ")) };
    let tab = tab.map_or_else(String::new, |tab| format!(", of the tab `{tab}`"));
    format!("{count}{kinds}{tab}")
}

fn options(options: &[Choice]) -> String {
    let options = options.iter().filter_map(|option| match option {
        Choice::Option { value, label } => Some(format!("`{value}` {}", cell(label))),
        _ => None,
    });
    format!("one of {}", options.collect::<Vec<_>>().join(", "))
}

fn what(kind: &ParameterKind, dtype: Option<&ParamDtype>) -> String {
    match kind {
        ParameterKind::String { syntax: Some(syntax), .. } => format!("text in {syntax:?}"),
        ParameterKind::String { multiline: true, .. } => "text of any lines".to_owned(),
        ParameterKind::String { .. } => "text".to_owned(),
        ParameterKind::Numberformat { .. } => "a number format".to_owned(),
        ParameterKind::Integer { .. } => "a whole number".to_owned(),
        ParameterKind::Float { .. } => "a number".to_owned(),
        ParameterKind::Checkbox { .. } => "`true` or `false`".to_owned(),
        ParameterKind::Menu { options: all, .. } | ParameterKind::Radio { options: all, .. } => options(all),
        ParameterKind::Timezone => "a time zone".to_owned(),
        ParameterKind::Column { column_types, tab_parameter } => {
            columns("a column", column_types, tab_parameter.as_ref())
        }
        ParameterKind::Multicolumn { column_types, tab_parameter } => {
            columns("columns", column_types, tab_parameter.as_ref())
        }
        ParameterKind::Condition => "a condition".to_owned(),
        ParameterKind::Multichartseries => "columns, each with a colour".to_owned(),
        ParameterKind::Tab => "a tab".to_owned(),
        ParameterKind::Multitab => "tabs".to_owned(),
        ParameterKind::File | ParameterKind::Gdrivefile { .. } => "a file".to_owned(),
        ParameterKind::List { .. } => "a list of".to_owned(),
        ParameterKind::Secret { .. } => "a secret".to_owned(),
        ParameterKind::Custom => dtype.map_or_else(String::new, structure),
        _ => "text to read".to_owned(),
    }
}

/// The form of a param that only its step has.
fn structure(dtype: &ParamDtype) -> String {
    match dtype {
        ParamDtype::String { .. } => "text".to_owned(),
        ParamDtype::Boolean { .. } => "`true` or `false`".to_owned(),
        ParamDtype::Integer { .. } => "a whole number".to_owned(),
        ParamDtype::Float { .. } => "a number".to_owned(),
        ParamDtype::Enum { choices, .. } => {
            choices.iter().map(|choice| format!("`{choice}`")).collect::<Vec<_>>().join(" or ")
        }
        ParamDtype::Column { column_types, tab_parameter } => {
            columns("a column", column_types, tab_parameter.as_ref())
        }
        ParamDtype::Multicolumn { column_types, tab_parameter } => {
            columns("columns", column_types, tab_parameter.as_ref())
        }
        ParamDtype::Tab => "a tab".to_owned(),
        ParamDtype::Multitab => "tabs".to_owned(),
        ParamDtype::List(inner) => format!("a list of {}", structure(inner)),
        ParamDtype::Dict(properties) => {
            let all = properties.iter().map(|(name, dtype)| format!("`{name}`: {}", structure(dtype)));
            format!("({})", all.collect::<Vec<_>>().join("; "))
        }
        ParamDtype::Map(inner) => format!("by name: {}", structure(inner)),
        ParamDtype::Option(inner) => format!("{} or `null`", structure(inner)),
        other => format!("`{}`", other.default_value()),
    }
}
