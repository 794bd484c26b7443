//! The rules, case by case; the rest is in the conformance cases.

use crunchbox_sdk::Output;
use crunchbox_sdk::testing::{Column, assert_errors, assert_table, dictionary, integer, run, table, text};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::render;

fn params(find: &str, with: &str, options: &[&str]) -> Value {
    let has = |option| options.contains(&option);
    json!({"colnames": ["A"], "to_replace": find, "replace_with": with, "match_case": has("case"),
        "match_entire": has("entire"), "regex": has("regex")})
}

fn replace(column: Column, find: &str, with: &str, options: &[&str]) -> Output {
    run(render, table([column]), params(find, with, options)).unwrap()
}

#[track_caller]
fn assert_replaced(cell: &str, find: &str, with: &str, options: &[&str], expected: &str) {
    let output = replace(text("A", [Some(cell), None]), find, with, options);
    assert_table(&output, &table([text("A", [Some(expected), None])]));
}

#[test]
fn text_is_found_as_it_is() {
    assert_replaced("a.b.c", ".", "-", &[], "a-b-c");
    assert_replaced(r"a\d1", r"\d", r"\1", &[], r"a\11");
    assert_replaced("aAÉé", "é", "$0", &[], "aA$0$0");
    assert_replaced("aAÉé", "é", "", &["case"], "aAÉ");
    assert_replaced("x", "x", "y", &["entire"], "y");
    assert_replaced("xx", "x", "y", &["entire"], "xx");
    assert_replaced("ab", "", "-", &[], "-a-b-");
}

#[test]
fn expressions_are_re2s() {
    assert_replaced("Dr Crunch", r"(\w+) (\w+)", r"\2, \1\\", &["regex"], r"Crunch, Dr\");
    assert_replaced("٣3", r"\d", "x", &["regex"], "٣x");
    assert_replaced("ab", "(a)|(b)", r"[\1]", &["regex"], "[a][]");
    assert_replaced("ab", "a|b", "", &["regex", "entire"], "ab");
    assert_replaced("baac", "a*", "x", &["regex"], "xbxcx");
}

#[test]
fn what_is_none_is_the_users_to_mend() {
    let column = || text("A", [Some("a")]);
    assert_errors(&replace(column(), "(", "", &["regex"]), &["error.regex.general"]);
    assert_errors(&replace(column(), "a)(?:b", "", &["regex", "entire"]), &["error.regex.general"]);
    assert_errors(&replace(column(), "a", r"\1", &["regex"]), &["error.replace_with.template"]);
    assert_errors(&replace(column(), "a", r"\n", &["regex"]), &["error.replace_with.template"]);
}

#[test]
fn other_columns_and_nulls_stay() {
    let columns = [dictionary("A", [Some("x"), Some("x"), None]), integer("B", [Some(1), None, None])];
    let output = run(render, table(columns.clone()), params("x", "yy", &[])).unwrap();
    let [_, b] = columns;
    assert_table(&output, &table([dictionary("A", [Some("yy"), Some("yy"), None]), b]));
}

proptest! {
    #[test]
    fn text_is_replaced_as_str_replace_does(cell in "[ab.*(]{0,8}", find in "[ab.*(]{1,2}", with in r"[a\\$]{0,2}") {
        let output = replace(text("A", [Some(cell.as_str())]), &find, &with, &["case"]);
        assert_table(&output, &table([text("A", [Some(cell.replace(&find, &with).as_str())])]));
    }
}
