//! The rules, case by case; the rest is in the conformance cases.

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt64Array};
use arrow::datatypes::Schema;
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::testing::{
    Column, assert_errors, assert_table, date, dictionary, integer, number, number_array, run, table, text,
    timestamp,
};
use crunchbox_sdk::{DateUnit, Output};
use proptest::prelude::*;
use serde_json::json;

use super::{migrate, render};

fn select(columns: Vec<Column>, sql: &str) -> Output {
    run(render, table(columns), json!({"sql": sql})).unwrap()
}

fn all_kinds() -> Vec<Column> {
    vec![
        text("T", [Some("é\"'"), None, Some("")]),
        number_array("I", "{:d}", integer("", [Some(i64::MIN), Some(i64::MAX), None]).1),
        number("F", [Some(0.1), None, Some(-1e300)]),
        timestamp("S", [Some(1_500_000_000), Some(-1), None]),
        date("D", DateUnit::Month, [Some(31), None, Some(-31)]),
    ]
}

#[test]
fn every_kind_comes_back_as_it_went() {
    assert_table(&select(all_kinds(), "SELECT * FROM input"), &table(all_kinds()));
    let stored = select(vec![dictionary("A", [Some("x"), Some("x"), None])], "SELECT A FROM input");
    assert_table(&stored, &table([text("A", [Some("x"), Some("x"), None])]));
}

#[test]
fn times_keep_their_kind_under_another_name_only() {
    let output = select(all_kinds(), "SELECT S AS x, D y, date(S) z FROM (SELECT * FROM input) LIMIT 1");
    let expected = [
        timestamp("x", [Some(1_500_000_000)]),
        date("y", DateUnit::Month, [Some(31)]),
        text("z", [Some("1970-01-01")]),
    ];
    assert_table(&output, &table(expected));
    let mixed = select(vec![timestamp("S", [Some(0)])], "SELECT S FROM input UNION ALL SELECT 'x'");
    assert_table(&mixed, &table([text("S", [Some("1970-01-01 00:00:00"), Some("x")])]));
    let day = "SELECT D FROM input UNION ALL SELECT '1970-01-02'";
    let mixed = select(vec![date("D", DateUnit::Year, [Some(0)])], day);
    assert_table(&mixed, &table([date("D", DateUnit::Day, [Some(0), Some(1)])]));
}

#[test]
fn columns_are_of_the_type_that_holds_all_cells() {
    let values = |list: &str| {
        select(vec![integer("A", [Some(0)])], &format!("WITH t(x) AS (VALUES {list}) SELECT x FROM t"))
    };
    assert_table(&values("(NULL), (1), (0.5)"), &table([number("x", [None, Some(1.0), Some(0.5)])]));
    assert_table(
        &values("(1), (1.5), ('a'), (2), (2.0)"),
        &table([text("x", ["1.0", "1.5", "a", "2", "2.0"].map(Some))]),
    );
    assert_table(&values("(NULL), (2)"), &table([integer("x", [None, Some(2)])]));
    assert_table(&values("(NULL), ('a'), (NULL)"), &table([text("x", [None, Some("a"), None])]));
    assert_table(&values("(1e999), (1.5)"), &table([number("x", [None, Some(1.5)])]));
    assert_table(&values("(NULL)"), &table([text("x", [None])]));
}

#[test]
fn without_rows_columns_keep_their_kind() {
    let none = all_kinds().into_iter().map(|(field, values)| (field, values.slice(0, 0)));
    assert_table(&select(all_kinds(), "SELECT * FROM input WHERE 0"), &table(none));
    let computed = select(all_kinds(), "SELECT I + 1 AS x FROM input WHERE 0");
    assert_table(&computed, &table([text("x", [])]));
}

#[test]
fn numbers_of_a_name_keep_their_format() {
    let output = select(all_kinds(), "SELECT 5 AS I, COUNT(*) AS n, I AS k FROM input WHERE I < 0");
    let shown = number_array("I", "{:d}", integer("", [Some(5)]).1);
    assert_table(&output, &table([shown, integer("n", [Some(1)]), integer("k", [Some(i64::MIN)])]));
}

#[test]
fn large_unsigned_numbers_are_floats() {
    let array = Arc::new(UInt64Array::from(vec![1, u64::MAX])) as ArrayRef;
    let output = select(vec![number_array("A", "{:,}", array)], "SELECT A FROM input");
    assert_table(&output, &table([number("A", [Some(1.0), Some(u64::MAX as f64)])]));
}

#[test]
fn mistakes_are_the_users_to_mend() {
    for (sql, id) in [
        ("", "badParam.sql.missing"),
        (" \n\t", "badParam.sql.missing"),
        ("-- SELECT 1", "badValue.sql.commentedQuery"),
        ("/* SELECT 1 */ ;", "badValue.sql.commentedQuery"),
        ("DELETE FROM input", "badValue.sql.commentedQuery"),
        ("ATTACH 'x.db' AS x", "badValue.sql.commentedQuery"),
        ("VACUUM INTO 'x.db'", "badValue.sql.commentedQuery"),
        ("SELECT 1; SELECT 2", "badValue.sql.tooManyCommands"),
        ("SELECT 1; nonsense", "badValue.sql.tooManyCommands"),
        ("SELECT * FROM input2", "badValue.sql.invalidTableName"),
        ("SELECT A, A FROM input", "badValue.sql.duplicateColumnName"),
        ("This is not SQL", "TODO_i18n"),
        ("SELECT B FROM input", "TODO_i18n"),
        ("SELECT abs(-9223372036854775807 - 1)", "TODO_i18n"),
        ("SELECT x'00' AS b", "TODO_i18n"),
        ("SELECT load_extension('x')", "TODO_i18n"),
        ("SELECT readfile('/in/input.arrow')", "TODO_i18n"),
    ] {
        assert_errors(&select(vec![integer("A", [Some(1)])], sql), &[id]);
    }
    let twins = select(vec![integer("a", [Some(1)]), integer("A", [Some(1)])], "SELECT 1");
    assert_errors(&twins, &["TODO_i18n"]);
    let near = select(vec![integer("A", [])], "This is not SQL");
    assert_eq!(near.errors[0].message.arguments["text"], "SQL error near \"This\": syntax error".into());
}

#[test]
fn one_statement_may_have_semicolons_and_comments_behind_it() {
    let output = select(vec![integer("A", [Some(1)])], "SELECT A FROM input; ; -- that's all\n;");
    assert_table(&output, &table([integer("A", [Some(1)])]));
}

#[test]
fn names_are_clean() {
    let output = select(vec![integer("A\"B", [Some(1)])], "SELECT \"A\"\"B\" +\n1 FROM input");
    assert_eq!(output.errors[0].message.id, "util.colnames.warnings.ascii_cleaned");
    assert_eq!(output.table.unwrap().schema().field(0).name(), "\"A\"\"B\" +1");
}

#[test]
fn a_table_without_columns_stays_one() {
    let none = RecordBatch::new_empty(Arc::new(Schema::empty()));
    let output = run(render, none, json!({"sql": "SELECT * FROM input"})).unwrap();
    assert_eq!(output.table.unwrap().num_columns(), 0);
}

#[test]
fn old_params_are_migrated() {
    let old = json!({"sql": "SELECT 1", "run": ""});
    let new = json!({"sql": "SELECT 1"});
    assert_eq!(migrate(old.as_object().unwrap().clone()), *new.as_object().unwrap());
}

proptest! {
    #[test]
    fn all_cells_come_back(
        rows in prop::collection::vec((prop::option::of(".*"), prop::option::of(any::<i64>()), prop::option::of(any::<i64>())), 0..20),
    ) {
        let columns = || vec![
            text("T", rows.iter().map(|row| row.0.as_deref())),
            integer("I", rows.iter().map(|row| row.1)),
            timestamp("S", rows.iter().map(|row| row.2)),
        ];
        assert_table(&select(columns(), "SELECT * FROM input"), &table(columns()));
    }
}
