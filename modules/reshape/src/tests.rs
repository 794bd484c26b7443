//! The rules, case by case; the rest is in the conformance cases.

use arrow::array::Array;
use arrow::compute::cast;
use crunchbox_sdk::testing::{
    Column, assert_errors, assert_table, date, dictionary, integer, number, number_array, run, table, text,
    timestamp,
};
use crunchbox_sdk::{DateUnit, Output, with_column};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{params::migrate, render};

fn long(columns: Vec<Column>, keys: &[&str], variable: &str, value: &str) -> Output {
    let params = json!({"operation": "widetolong", "key_colnames": keys, "wtl_varcolname": variable,
        "wtl_valcolname": value, "ltw_varcolname": ""});
    run(render, table(columns), params).unwrap()
}

fn wide(columns: Vec<Column>, keys: &[&str], variable: &str) -> Output {
    let params = json!({"operation": "longtowide", "key_colnames": keys, "wtl_varcolname": "variable",
        "wtl_valcolname": "value", "ltw_varcolname": variable});
    run(render, table(columns), params).unwrap()
}

fn texts(name: &str, cells: &str) -> Column {
    text(name, cells.split_terminator(' ').map(|cell| (cell != "-").then_some(cell)))
}

#[test]
fn cells_become_rows_in_the_order_of_their_keys() {
    let output = long(
        vec![
            integer("B", [Some(1), Some(2), Some(3), Some(4)]),
            texts("K", "y - x y"),
            number("C", [Some(0.5), None, Some(1.5), Some(2.5)]),
        ],
        &["K"],
        "variable",
        "value",
    );
    let values = [3.0, 1.5, 1.0, 4.0, 0.5, 2.5, 2.0].map(Some).into_iter().chain([None]);
    let expected =
        [texts("K", "x x y y y y - -"), texts("variable", "B C B B C C B C"), number("value", values)];
    let mut found = output.table.unwrap();
    let (_, names) = &expected[1];
    let plain = cast(found.column(1), names.data_type()).unwrap();
    found = with_column(&found, 1, expected[1].0.clone(), plain).unwrap();
    assert_eq!(found, table(expected));
}

#[test]
fn several_keys_are_compared_in_their_order() {
    let columns = vec![texts("A", "b a"), integer("B", [Some(2), Some(1)]), texts("C", "p q")];
    let output = long(columns, &["B", "A"], "v", "w");
    let expected = [
        integer("B", [Some(1), Some(2)]),
        texts("A", "a b"),
        dictionary("v", [Some("C"); 2]),
        texts("w", "q p"),
    ];
    assert_table(&output, &table(expected));
}

#[test]
fn values_of_several_kinds_become_text_as_they_are_shown() {
    let columns = vec![
        texts("K", "k"),
        number_array("N", "{:.1%}", number("", [Some(0.25)]).1),
        date("D", DateUnit::Quarter, [Some(0)]),
        texts("T", "-"),
        timestamp("S", [Some(0)]),
    ];
    let output = long(columns, &["K"], "v", "w");
    let values = output.table.as_ref().unwrap().column(2);
    assert_eq!(values, &text("", [Some("25.0%"), Some("1970 Q1"), None, Some("1970-01-01")]).1);
    let warning = serde_json::to_value(&output.errors).unwrap();
    let expected = json!([{
        "id": "wide_to_long.badColumns.mixedTypes.message",
        "arguments": {"n_columns": 3, "first_colname": "N"},
        "source": "module",
        "quick_fixes": [{
            "button_text": {"id": "wide_to_long.badColumns.mixedTypes.quick_fix.text", "arguments": {"n_columns": 3}, "source": "module"},
            "prepend_step": {"module": "converttotext", "params": {"colnames": ["N", "D", "S"]}},
        }],
    }]);
    assert_eq!(warning, expected);
}

#[test]
fn a_value_is_shown_as_its_namesake_was() {
    let shown = |name: &str, format: &str| number_array(name, format, integer("", [Some(1)]).1);
    let columns = vec![texts("K", "k"), shown("A", "{:d}"), shown("B", "{:.2f}")];
    let output = long(columns, &["K"], "A", "B").table.unwrap();
    assert_eq!(output.schema().field(2).metadata()["format"], "{:.2f}");
    assert_eq!(output.schema().field(1).name(), "A");
    let dates =
        vec![texts("K", "k"), date("A", DateUnit::Year, [Some(0)]), date("B", DateUnit::Month, [Some(31)])];
    assert_eq!(long(dates, &["K"], "v", "w").table.unwrap().schema().field(2).metadata()["unit"], "month");
}

#[test]
fn names_that_clash_are_errors() {
    let columns = || vec![texts("A", "a"), texts("B", "b"), texts("C", "c")];
    let conflict = |which: &str| format!("wide_to_long.badColumns.{which}colname.conflict");
    assert_errors(&long(columns(), &["A"], "A", "x"), &[&conflict("var")]);
    assert_errors(&long(columns(), &["A"], "x", "A"), &[&conflict("val")]);
    assert_errors(&long(columns(), &["A"], "x", "x"), &[&conflict("val")]);
    assert_errors(&long(columns(), &["A", "B"], "A", "B"), &[&conflict("var"), &conflict("val")]);
    assert_errors(&wide(columns(), &["A"], "A"), &["error.sameColumnAndRowVariables"]);
}

#[test]
fn tables_without_cells_have_no_rows_when_long() {
    let none = || [texts("A", ""), texts("v", ""), texts("w", "")];
    assert_table(&long(vec![texts("A", "a b")], &["A"], "v", "w"), &table(none()));
    let empty = vec![texts("A", ""), integer("B", [])];
    let expected = [texts("A", ""), dictionary("v", []), integer("w", [])];
    assert_table(&long(empty, &["A"], "v", "w"), &table(expected));
}

#[test]
fn rows_become_columns_in_order() {
    let output = wide(
        vec![
            texts("V", "q p p q"),
            number_array("N", "{:d}", integer("", (1..5).map(Some)).1),
            integer("K", [None, Some(2), Some(1), Some(1)]),
        ],
        &["K"],
        "V",
    );
    let expected = [
        integer("K", [Some(1), Some(2), None]),
        integer("p", [Some(3), Some(2), None]),
        integer("q", [Some(4), None, Some(1)]),
    ];
    assert_table(&output, &table(expected));
}

#[test]
fn a_variable_becomes_text_as_it_is_shown() {
    let columns = vec![
        texts("K", "k k k"),
        integer("V", [Some(2), Some(1000), None]),
        date("D", DateUnit::Week, [Some(-3), None, Some(4)]),
    ];
    let output = wide(columns, &["K"], "V");
    let week = |name: &str, day: Option<i32>| date(name, DateUnit::Week, [day]);
    let expected = [texts("K", "k"), week("1,000", None), week("2", Some(-3))];
    assert_eq!(output.table.as_ref().unwrap(), &table(expected));
    let ids: Vec<&str> = output.errors.iter().map(|error| error.message.id.as_str()).collect();
    assert_eq!(
        ids,
        ["long_to_wide.badColumn.notText.message", "long_to_wide.badRows.emptyColumnHeaders.warning"]
    );
    let fix = serde_json::to_value(&output.errors[0].quick_fixes).unwrap();
    assert_eq!(fix[0]["prepend_step"], json!({"module": "converttotext", "params": {"colnames": ["V"]}}));
    assert_eq!(output.errors[1].message.arguments["n_rows"], 1.into());
}

#[test]
fn rows_without_a_variable_are_left_out() {
    let columns = vec![texts("K", "a b"), text("V", [None, Some("")]), integer("N", [Some(1), Some(2)])];
    let output = wide(columns, &["K"], "V");
    assert_eq!(output.table.unwrap(), table([texts("K", "")]));
    assert_eq!(output.errors[0].message.arguments["n_rows"], 2.into());
}

#[test]
fn new_names_are_clean_and_new() {
    let columns =
        vec![texts("K", "k k"), text("V", [Some("K"), Some("a\nb")]), integer("N", [Some(1), Some(2)])];
    let output = wide(columns, &["K"], "V");
    assert_eq!(
        output.table.unwrap(),
        table([texts("K", "k"), integer("K 2", [Some(1)]), integer("ab", [Some(2)])])
    );
    assert_eq!(output.errors.len(), 2);
}

#[test]
fn what_can_not_become_wide_is_an_error() {
    let columns = |values: usize, variables: &str| {
        let mut columns = vec![texts("K", "a a"), texts("V", variables)];
        columns.extend((0..values).map(|index| integer(&format!("N{index}"), [Some(1), None])));
        columns
    };
    for (values, variables, id) in [
        (1, "x x", "long_to_wide.error.repeatedVariables"),
        (2, "x x", "long_to_wide.error.repeatedVariables"),
        (0, "x y", "long_to_wide.error.noValueColumn"),
        (2, "x y", "long_to_wide.error.tooManyValueColumns"),
    ] {
        assert_errors(&wide(columns(values, variables), &["K"], "V"), &[id]);
    }
}

#[test]
fn unfinished_params_change_nothing() {
    let columns = || vec![texts("A", "a"), texts("B", "b")];
    assert_table(&long(columns(), &[], "v", "w"), &table(columns()));
    assert_table(&long(columns(), &["A"], "", "w"), &table(columns()));
    assert_table(&long(columns(), &["A"], "v", ""), &table(columns()));
    assert_table(&wide(columns(), &[], "B"), &table(columns()));
    assert_table(&wide(columns(), &["A"], ""), &table(columns()));
}

#[test]
fn rows_and_columns_can_change_places() {
    let params = json!({"operation": "transpose", "key_colnames": [], "wtl_varcolname": "", "wtl_valcolname": "",
        "ltw_varcolname": ""});
    let columns = table([integer("A", [Some(1)]), texts("B", "b")]);
    let output = run(render, columns, params).unwrap();
    assert_eq!(output.table.unwrap(), table([texts("New Column", "B"), texts("1", "b")]));
    assert_eq!(output.errors[0].message.id, "transpose.warnings.headersConvertedToText.message");
    let button = &output.errors[0].quick_fixes[0].button_text.id;
    assert_eq!(button, "transpose.warnings.headersConvertedToText.quickFix.text");
}

#[test]
fn old_params_are_migrated() {
    let migrated = |params: Value| Value::from(migrate(params.as_object().unwrap().clone()));
    let old = |direction: Value| json!({"direction": direction, "colnames": "A", "has_second_key": true, "second_key": "B", "varcol": "C"});
    let new = |operation: &str, keys: &[&str]| {
        json!({"operation": operation, "key_colnames": keys, "ltw_varcolname": "C", "wtl_varcolname": "variable",
            "wtl_valcolname": "value"})
    };
    assert_eq!(migrated(old(json!(1))), new("longtowide", &["A", "B"]));
    assert_eq!(migrated(old(json!("widetolong"))), new("widetolong", &["A"]));
    assert_eq!(migrated(new("transpose", &[])), new("transpose", &[]));
}

proptest! {
    #[test]
    fn there_and_back_is_nothing(
        rows in prop::collection::btree_map(any::<i16>(), prop::collection::vec(prop::option::of(any::<i32>()), 3), 1..20),
    ) {
        let keys = integer("K", rows.keys().map(|key| Some(i64::from(*key))));
        let columns = (0..3).map(|index| {
            integer(&format!("c{index}"), rows.values().map(|cells| cells[index].map(i64::from)))
        });
        let columns: Vec<Column> = std::iter::once(keys).chain(columns).collect();
        let long = long(columns.clone(), &["K"], "variable", "value").table.unwrap();
        prop_assert_eq!(long.num_rows(), rows.len() * 3);
        let long = long.schema().fields().iter().zip(long.columns()).map(|(field, values)| (field.as_ref().clone(), values.clone())).collect();
        prop_assert_eq!(wide(long, &["K"], "variable").table.unwrap(), table(columns));
    }
}
