//! A module's form, for user interfaces: what to show for each parameter, and what it starts as.

use serde_json::{Map, Value, json};

use crate::manifest::Manifest;
use crate::parameter::{Choice, Parameter, ParameterKind, SecretLogic, Syntax};
use crate::schema::ColumnKind;

impl Manifest {
    /// The form as JSON, with all that there is to say of each field, so that an interface need not read manifests.
    ///
    /// It is `{id, name, category, description, icon, link, help_url, deprecated, fields}`. A field is `{id, type, label,
    /// placeholder}`, with these keys where they mean something:
    ///
    /// | key | of | what |
    /// | --- | --- | --- |
    /// | `default` | fields with a value | the value at first |
    /// | `options` | menu, radio | `{value, label}`, or `{separator: true}` |
    /// | `column_types` | column, multicolumn | which kinds will do; all if it is not there |
    /// | `tab` | column, multicolumn | the id of the field that says whose columns; the input's if it is not there |
    /// | `multiline`, `syntax` | string | whether it may have several lines; `python` or `sql` |
    /// | `fields` | list | what each item has |
    /// | `secret` | secret | how it is come by; its value is no param |
    /// | `secret_field` | gdrivefile | the id of the field of the secret to get it with |
    /// | `visible_if` | any | `{field, values, invert}`: shown exactly if the field has one of the values; or none of them |
    pub fn to_form(&self) -> Value {
        let deprecated =
            self.deprecated.as_ref().map(|old| json!({"end_date": old.end_date, "message": old.message}));
        json!({
            "id": self.id_name,
            "name": self.name,
            "category": self.category.as_str(),
            "description": self.description,
            "icon": self.icon,
            "link": self.link,
            "help_url": self.help_url,
            "deprecated": deprecated,
            "fields": fields(&self.parameters),
        })
    }
}

fn fields(parameters: &[Parameter]) -> Vec<Value> {
    parameters.iter().map(|parameter| Value::Object(field(parameter))).collect()
}

fn field(parameter: &Parameter) -> Map<String, Value> {
    let mut field = Map::new();
    let mut set = |key: &str, value: Value| drop(field.insert(key.to_owned(), value));
    set("id", json!(parameter.id_name));
    set("type", json!(parameter.kind.word()));
    set("label", json!(parameter.name));
    set("placeholder", json!(parameter.placeholder));
    if let Some(dtype) = parameter.dtype() {
        set("default", dtype.default_value());
    }
    match &parameter.kind {
        ParameterKind::String { multiline, syntax, .. } => {
            set("multiline", json!(multiline));
            if let Some(syntax) = syntax {
                set("syntax", json!(if *syntax == Syntax::Sql { "sql" } else { "python" }));
            }
        }
        ParameterKind::Menu { options, .. } | ParameterKind::Radio { options, .. } => {
            set("options", options.iter().map(option).collect());
        }
        ParameterKind::Column { column_types, tab_parameter }
        | ParameterKind::Multicolumn { column_types, tab_parameter } => {
            if !column_types.is_empty() {
                set("column_types", column_types.iter().map(|kind| ColumnKind::as_str(*kind)).collect());
            }
            if let Some(tab) = tab_parameter {
                set("tab", json!(tab));
            }
        }
        ParameterKind::Gdrivefile { secret_parameter } => set("secret_field", json!(secret_parameter)),
        ParameterKind::List { child_parameters } => set("fields", fields(child_parameters).into()),
        ParameterKind::Secret { secret_logic } => set("secret", secret(secret_logic)),
        _ => {}
    }
    if let Some(condition) = &parameter.visible_if {
        let values = match &condition.value {
            Value::Array(values) => values.clone(),
            single => vec![single.clone()],
        };
        set("visible_if", json!({"field": condition.id_name, "values": values, "invert": condition.invert}));
    }
    field
}

fn option(choice: &Choice) -> Value {
    match choice {
        Choice::Separator => json!({"separator": true}),
        Choice::Option { value, label } => json!({"value": value, "label": label}),
    }
}

fn secret(logic: &SecretLogic) -> Value {
    match logic {
        SecretLogic::Oauth { provider, service } => json!({"provider": provider, "service": service}),
        SecretLogic::String { label, pattern, placeholder, help, help_url, help_url_prompt } => json!({
            "provider": "string",
            "label": label,
            "pattern": pattern,
            "placeholder": placeholder,
            "help": help,
            "help_url": help_url,
            "help_url_prompt": help_url_prompt,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(parameters: Value) -> Value {
        let manifest = json!({"id_name": "x", "name": "X", "category": "Clean", "parameters": parameters});
        Manifest::from_json_bytes(manifest.to_string().as_bytes()).unwrap().to_form()
    }

    #[test]
    fn fields_have_what_an_interface_needs() {
        let form = form(json!([
            {"id_name": "tab", "type": "tab", "name": "Tab"},
            {"id_name": "on", "type": "column", "name": "On", "placeholder": "Choose", "column_types": ["text", "date"],
             "tab_parameter": "tab"},
            {"id_name": "how", "type": "menu", "options": [{"value": "a", "label": "A"}, "separator", {"value": "b", "label": "B"}],
             "default": "b"},
            {"id_name": "sql", "type": "string", "multiline": true, "syntax": "sql",
             "visible_if": {"id_name": "how", "value": ["a"], "invert": true}},
            {"id_name": "list", "type": "list", "child_parameters": [{"id_name": "n", "type": "integer", "default": 3}]},
            {"id_name": "note", "type": "statictext", "name": "Read this"},
            {"id_name": "yes", "type": "checkbox", "name": "Yes"},
            {"id_name": "then", "type": "float", "visible_if": {"id_name": "yes", "value": true}},
            {"id_name": "key", "type": "secret", "secret_logic": {"provider": "string", "label": "Key"}},
        ]));
        assert_eq!(form["name"], "X");
        assert_eq!(
            form["fields"][0],
            json!({"id": "tab", "type": "tab", "label": "Tab", "placeholder": "", "default": ""})
        );
        let on = json!({"id": "on", "type": "column", "label": "On", "placeholder": "Choose", "default": "",
            "column_types": ["date", "text"], "tab": "tab"});
        assert_eq!(form["fields"][1], on);
        assert_eq!(form["fields"][2]["options"][1], json!({"separator": true}));
        assert_eq!(form["fields"][2]["default"], "b");
        assert_eq!(form["fields"][3]["visible_if"], json!({"field": "how", "values": ["a"], "invert": true}));
        assert_eq!(
            (&form["fields"][3]["multiline"], &form["fields"][3]["syntax"]),
            (&json!(true), &json!("sql"))
        );
        assert_eq!(form["fields"][4]["fields"][0]["default"], 3);
        assert!(form["fields"][5].get("default").is_none(), "it has no value");
        assert_eq!(form["fields"][7]["visible_if"]["values"], json!([true]));
        assert!(form["fields"][8].get("default").is_none() && form["fields"][8]["secret"]["label"] == "Key");
    }
}
