//! Gives columns other names.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::Schema;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use crunchbox_sdk::colnames::{MAX_COLUMN_NAME_BYTES, unique_colnames_and_warnings};
use crunchbox_sdk::{I18nMessage, JsonMap, Output, Result, Source, step};
use serde_json::Value;

#[derive(serde::Deserialize)]
struct Params {
    custom_list: bool,
    list_string: String,
    renames: HashMap<String, String>,
}

#[step(migrate = migrate)]
fn render(table: RecordBatch, params: Params) -> Result<Output> {
    let schema = table.schema();
    let mut names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let old = names.clone();
    if params.custom_list {
        overwrite(&mut names, &params.list_string)?;
    } else {
        for name in &mut names {
            if let Some(new) = params.renames.get(name).filter(|new| !new.is_empty()) {
                new.clone_into(name);
            }
        }
    }
    if names == old {
        return Ok(Output::table(table));
    }
    let (names, warnings) = unique_colnames_and_warnings(&names, &[], MAX_COLUMN_NAME_BYTES);
    let fields = schema.fields().iter().zip(names);
    let fields: Vec<_> =
        fields.map(|(field, name)| Arc::new(field.as_ref().clone().with_name(name))).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(table.num_rows()));
    let renamed =
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), table.columns().to_vec(), &options)?;
    Ok(warnings.into_iter().fold(Output::table(renamed), Output::warn))
}

/// Lays the names of a list over those of the first columns.
fn overwrite(names: &mut [String], list: &str) -> std::result::Result<(), I18nMessage> {
    // A line break at the end does not make a list with commas one of lines.
    let list = list.trim_end();
    let separator = if list.contains('\n') { '\n' } else { ',' };
    let new: Vec<&str> = list.split(separator).map(str::trim).collect();
    // Empty parts at the end name nothing, however many they are.
    let count = new.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
    if count > names.len() {
        let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        return Err(I18nMessage::new("badParam.custom_list.wrongNumberOfNames")
            .arg("n_names", count(new.len()))
            .arg("n_columns", count(names.len()))
            .from_source(Source::Module));
    }
    for (name, new) in names.iter_mut().zip(new).filter(|(_, new)| !new.is_empty()) {
        new.clone_into(name);
    }
    Ok(())
}

/// The names were JSON in a text once.
fn migrate(mut params: JsonMap) -> JsonMap {
    if let Some(entries) = params.remove("rename-entries") {
        let renames = entries.as_str().and_then(|json| serde_json::from_str::<JsonMap>(json).ok());
        params.insert("renames".to_owned(), Value::Object(renames.unwrap_or_default()));
    }
    params
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use crunchbox_sdk::testing::{assert_errors, integer, run, table, text};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn rename(params: Value) -> Output {
        let input = table([integer("A", [Some(1)]), text("B", [Some("x")]), integer("C", [None])]);
        run(render, input, params).unwrap()
    }

    fn names(output: &Output) -> Vec<String> {
        let schema = output.table.as_ref().unwrap().schema();
        schema.fields().iter().map(|field| field.name().clone()).collect()
    }

    fn from_list(list: &str) -> Output {
        rename(json!({"custom_list": true, "list_string": list, "renames": {}}))
    }

    fn one_by_one(renames: Value) -> Output {
        rename(json!({"custom_list": false, "list_string": "", "renames": renames}))
    }

    #[test]
    fn names_are_given_at_once() {
        assert_eq!(names(&one_by_one(json!({"A": "B", "B": "A", "X": "Y", "C": ""}))), ["B", "A", "C"]);
        let clash = one_by_one(json!({"A": "C"}));
        assert_eq!(names(&clash), ["C", "B", "C 2"]);
        assert_eq!(clash.errors[0].message.id, "util.colnames.warnings.numbered");
    }

    #[test]
    fn lists_have_lines_or_commas() {
        assert_eq!(names(&from_list("X, Y\n")), ["X", "Y", "C"]);
        assert_eq!(names(&from_list("X, Y\n\n Z \n")), ["X, Y", "B", "Z"]);
        assert_eq!(names(&from_list("")), ["A", "B", "C"]);
        assert_eq!(names(&from_list("X,,,,,")), ["X", "B", "C"]);
        assert_errors(&from_list("1,2,3,4"), &["badParam.custom_list.wrongNumberOfNames"]);
    }

    #[test]
    fn what_belongs_to_a_column_stays_with_it() {
        let output = one_by_one(json!({"A": "N"}));
        assert_eq!(output.table.unwrap().schema().field(0).metadata()["format"], "{:,}");
    }

    #[test]
    fn old_params_are_migrated() {
        let migrated =
            |entries: &str| migrate(json!({"rename-entries": entries}).as_object().unwrap().clone());
        assert_eq!(migrated(r#"{"A":"B"}"#)["renames"], json!({"A": "B"}));
        assert_eq!(migrated("nonsense")["renames"], json!({}));
    }

    proptest! {
        #[test]
        fn whatever_names_are_wanted_each_is_there_once(new in prop::collection::vec("[ABC \\x01]{0,3}", 3)) {
            let renames: JsonMap = ["A", "B", "C"].map(str::to_owned).into_iter().zip(new.into_iter().map(Value::from)).collect();
            let output = one_by_one(Value::Object(renames));
            let names = names(&output);
            prop_assert!(names.iter().all(|name| !name.is_empty()));
            prop_assert_eq!(names.iter().collect::<HashSet<_>>().len(), 3);
        }
    }
}
