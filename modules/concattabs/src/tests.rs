//! The rules, case by case; the rest is in the conformance cases.

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use crunchbox_sdk::testing::{
    Column, assert_errors, assert_table, context, date, dictionary, integer, number, number_array, run_with,
    table, text, timestamp, with_tab,
};
use crunchbox_sdk::{DateUnit, Output};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::render;

fn concatenated(own: Vec<Column>, tabs: Vec<Vec<Column>>, source: Option<&str>) -> Output {
    let slug = |index: usize| format!("tab-{}", index + 2);
    let mut surroundings = context("Tab 1");
    let slugs: Vec<String> = (0..tabs.len()).map(slug).collect();
    for (index, tab) in tabs.into_iter().enumerate() {
        surroundings = with_tab(surroundings, &slug(index), &format!("Tab {}", index + 2), table(tab));
    }
    let params = json!({"tabs": slugs, "add_source_column": source.is_some(), "source_column_name": source.unwrap_or("")});
    run_with(render, table(own), params, &surroundings).unwrap()
}

fn arguments(output: &Output) -> Value {
    serde_json::to_value(&output.errors[0].message.arguments).unwrap()
}

#[test]
fn every_column_is_there_once() {
    let tabs = vec![
        vec![text("C", [Some("x")]), number("A", [Some(0.5)])],
        vec![timestamp("B", [None, Some(7)]), date("D", DateUnit::Week, [Some(-3), None])],
    ];
    let expected = [
        number("A", [Some(1.0), Some(0.5), None, None]),
        timestamp("B", [Some(5), None, None, Some(7)]),
        text("C", [None, Some("x"), None, None]),
        date("D", DateUnit::Week, [None, None, Some(-3), None]),
    ];
    let own = vec![integer("A", [Some(1)]), timestamp("B", [Some(5)])];
    assert_table(&concatenated(own, tabs, None), &table(expected));
}

#[test]
fn numbers_are_shown_as_in_this_tab() {
    let shown =
        |name: &str, format: &str, value: i64| number_array(name, format, integer("", [Some(value)]).1);
    let both = concatenated(vec![shown("A", "{:d}", 1)], vec![vec![shown("A", "{:.2f}", 2)]], None);
    assert_table(&both, &table([number_array("A", "{:d}", integer("", [Some(1), Some(2)]).1)]));
    let new = concatenated(vec![text("B", [])], vec![vec![shown("A", "{:.2f}", 2)]], None);
    assert_table(&new, &table([text("B", [None]), integer("A", [Some(2)])]));
}

#[test]
fn dates_have_a_unit_that_is_true_of_all() {
    let year = vec![date("A", DateUnit::Year, [Some(0)])];
    let both = concatenated(year, vec![vec![date("A", DateUnit::Month, [Some(31)])]], None);
    assert_table(&both, &table([date("A", DateUnit::Month, [Some(0), Some(31)])]));
}

#[test]
fn rows_can_say_where_they_are_from() {
    let tabs = || vec![vec![integer("A", [])], vec![integer("A", [Some(2)])]];
    let output = concatenated(vec![integer("A", [Some(1)])], tabs(), Some(""));
    let expected = [text("Source", [Some("Tab 1"), Some("Tab 3")]), integer("A", [Some(1), Some(2)])];
    assert_table(&output, &table(expected));
    let many = concatenated(vec![integer("A", [Some(1); 4])], tabs(), Some("From"));
    let column = many.table.unwrap().column_by_name("From").unwrap().clone();
    assert_eq!(column.as_any_dictionary().values().len(), 2, "a tab without rows is not in it");
    let unclean = concatenated(vec![integer("A", [])], tabs(), Some("x\ny"));
    assert_eq!(unclean.table.unwrap().schema().field(0).name(), "xy");
    assert_eq!(unclean.errors[0].message.id, "util.colnames.warnings.ascii_cleaned");
}

#[test]
fn what_does_not_fit_is_the_users_to_mend() {
    let tabs = || vec![vec![text("B", [])], vec![integer("B", [])]];
    let output = concatenated(vec![integer("A", [])], tabs(), Some("A"));
    assert_errors(&output, &["badParam.tabs.differentTypes.message"]);
    let expected = json!({
        "column_name": "B", "column_type": "number", "column_tab_name": "Tab 3",
        "used_column_name": "B", "used_column_type": "text", "used_column_tab_name": "Tab 2",
    });
    assert_eq!(arguments(&output), expected);
    let output = concatenated(vec![integer("A", [])], vec![vec![text("B", [])]], Some("B"));
    assert_errors(&output, &["badParam.add_source_column.alreadyExists"]);
    assert_eq!(arguments(&output), json!({"source_colname": "B", "tab_name": "Tab 2"}));
}

#[test]
fn without_other_tabs_nothing_changes() {
    let own = || vec![dictionary("A", [Some("x"), Some("x")])];
    assert_table(&concatenated(own(), vec![], Some("Source")), &table(own()));
}

proptest! {
    #[test]
    fn all_rows_are_there_in_order(parts in prop::collection::vec(prop::collection::vec(prop::option::of(any::<i64>()), 0..9), 2..5)) {
        let column = |part: &Vec<Option<i64>>| vec![integer("A", part.iter().copied())];
        let output = concatenated(column(&parts[0]), parts[1..].iter().map(column).collect(), None);
        let output = output.table.unwrap();
        let found: Vec<_> = output.column(0).as_primitive::<Int64Type>().iter().collect();
        prop_assert_eq!(found, parts.concat());
    }
}
