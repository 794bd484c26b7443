//! Params on their way to a step: filled up, checked, cleaned; or as they are.

use crunchbox_params::{CleanError, CleanInput, ColumnKind, InputColumn, InputTab, Manifest, clean};
use crunchbox_protocol::{I18nMessage, JsonMap, RenderError, TableReport};
use serde_json::Value;

use crate::call::{Call, Stop};
use crate::inputs::{InputTables, Uploads};
use crate::{Params, Verdict};

/// What became of a caller's params.
enum Prepared {
    /// The step may see these.
    Ready(JsonMap),
    /// They are not what the manifest asks for: the reason.
    Bad(String),
    /// They don't fit the input: what to tell the user.
    Prompt(Vec<RenderError>),
}

/// A module's manifest, from the JSON that it carries.
pub(crate) fn manifest(json: Option<&JsonMap>) -> Result<Option<Manifest>, String> {
    let Some(json) = json else { return Ok(None) };
    let bytes = Value::Object(json.clone()).to_string();
    Manifest::from_json_bytes(bytes.as_bytes()).map(Some).map_err(|error| format!("its manifest: {error}"))
}

/// Prepares params for a step with this manifest and these inputs.
fn prepare(params: &Params, manifest: Option<&Manifest>, tables: &InputTables, files: &Uploads) -> Prepared {
    let (stored, manifest) = match (params, manifest) {
        (Params::Clean(params), _) | (Params::Stored(params), None) => {
            return Prepared::Ready(params.clone());
        }
        (Params::Stored(params), Some(manifest)) => (params, manifest),
    };
    let schema = manifest.param_schema();
    let filled = match schema.prepare(stored) {
        Ok(filled) => filled,
        Err(error) => return Prepared::Bad(error.to_string()),
    };
    let tabs = tables.tabs.iter().map(|tab| InputTab {
        slug: tab.slug.clone(),
        name: tab.name.clone(),
        columns: Some(columns(&tab.table)),
    });
    let input = CleanInput {
        columns: tables.main.as_ref().map(columns).unwrap_or_default(),
        tabs: tabs.collect(),
        files: files.keys().cloned().collect(),
    };
    match clean(schema, &filled, &input) {
        Ok(cleaned) => Prepared::Ready(cleaned.params),
        Err(CleanError::Prompting(errors)) => Prepared::Prompt(errors),
        Err(CleanError::TabCycle { .. }) => Prepared::Prompt(vec![of_step("TabCycleError")]),
        Err(CleanError::TabOutputUnreachable { .. }) => {
            Prepared::Prompt(vec![of_step("TabOutputUnreachableError")])
        }
        Err(error) => Prepared::Bad(error.to_string()),
    }
}

/// What is the user's to mend in the workflow, and is in no param.
fn of_step(word: &str) -> RenderError {
    I18nMessage::new(format!("py.renderer.execute.step.{word}")).into()
}

impl Call<'_> {
    /// Params for a step, or the verdict on them.
    pub(crate) fn prepare_params(
        &mut self,
        manifest: Option<&Manifest>,
        params: &Params,
        tables: &InputTables,
        files: &Uploads,
    ) -> Result<JsonMap, Stop> {
        match prepare(params, manifest, tables, files) {
            Prepared::Ready(params) => Ok(params),
            Prepared::Bad(reason) => Err(Verdict::BadParams { reason }.into()),
            Prepared::Prompt(errors) => {
                self.errors = errors;
                Err(Verdict::StepError.into())
            }
        }
    }
}

fn columns(table: &TableReport) -> Vec<InputColumn> {
    let column =
        |name: &str, kind: &str| InputColumn { name: name.to_owned(), kind: ColumnKind::from_word(kind) };
    table.columns.iter().map(|found| column(&found.name, &found.type_name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::TabTable;
    use crunchbox_protocol::ColumnReport;
    use serde_json::json;

    fn map(value: Value) -> JsonMap {
        value.as_object().unwrap().clone()
    }

    fn prepared(stored: Value) -> Prepared {
        let json = map(json!({"id_name": "x", "name": "X", "category": "Clean", "parameters": [
            {"id_name": "column", "type": "column", "column_types": ["number"]},
            {"id_name": "n", "type": "integer", "default": 7}]}));
        let manifest = manifest(Some(&json)).unwrap();
        let column = |name: &str, kind: &str| ColumnReport {
            name: name.to_owned(),
            type_name: kind.to_owned(),
            ..ColumnReport::default()
        };
        let main = TableReport {
            columns: vec![column("A", "number"), column("B", "text")],
            ..TableReport::default()
        };
        let tables = InputTables { main: Some(main), ..InputTables::default() };
        prepare(&Params::Stored(map(stored)), manifest.as_ref(), &tables, &Uploads::new())
    }

    #[test]
    fn stored_params_are_filled_checked_and_cleaned() {
        let ready = |stored| match prepared(stored) {
            Prepared::Ready(params) => Value::Object(params),
            _ => panic!("they are not ready"),
        };
        assert_eq!(ready(json!({"column": "A"})), json!({"column": "A", "n": 7}));
        assert_eq!(ready(json!({"column": "gone", "n": 1})), json!({"column": "", "n": 1}));
    }

    #[test]
    fn what_is_wrong_with_them_is_told() {
        let bad = |stored| match prepared(stored) {
            Prepared::Bad(reason) => reason,
            _ => panic!("they are not bad"),
        };
        assert!(bad(json!({"n": "seven"})).contains('n'));
        assert!(bad(json!({"m": 1})).contains('m'));
        assert!(matches!(prepared(json!({"column": "B"})), Prepared::Prompt(errors) if errors.len() == 1));
    }

    #[test]
    fn a_tab_without_a_table_is_the_users_to_mend() {
        let json = map(json!({"id_name": "x", "name": "X", "category": "Clean", "parameters": [
            {"id_name": "other", "type": "tab"}]}));
        let empty = TabTable {
            slug: "tab-2".to_owned(),
            name: "Tab 2".to_owned(),
            filename: "tab-0.arrow".to_owned(),
            table: TableReport::default(),
        };
        let tables = InputTables { tabs: vec![empty], ..InputTables::default() };
        let params = Params::Stored(map(json!({"other": "tab-2"})));
        let manifest = manifest(Some(&json)).unwrap();
        let Prepared::Prompt(errors) = prepare(&params, manifest.as_ref(), &tables, &Uploads::new()) else {
            panic!("a tab without columns was taken");
        };
        assert_eq!(errors[0].message.id, "py.renderer.execute.step.TabOutputUnreachableError");
    }

    #[test]
    fn without_a_manifest_they_stay_as_they_are() {
        let odd = map(json!({"whatever": [1, {"x": null}]}));
        let prepared = prepare(&Params::Stored(odd.clone()), None, &InputTables::default(), &Uploads::new());
        assert!(matches!(prepared, Prepared::Ready(params) if params == odd));
    }
}
