//! The rules, case by case; the rest is in the conformance cases.

use crunchbox_sdk::testing::{
    Column, assert_errors, assert_table, date, integer, number, run, table, text, timestamp,
};
use crunchbox_sdk::{DateUnit, Output};
use serde_json::json;

use super::*;

fn columns() -> [Column; 3] {
    [
        integer("a", [Some(1), Some(2), None]),
        text("b", [Some("x"), Some("3"), None]),
        date("c", DateUnit::Day, [Some(-25567), Some(-25568), None]),
    ]
}

fn reckon(formula: &str, all_rows: bool) -> Output {
    let params = json!({"syntax": "excel", "formula_excel": formula, "all_rows": all_rows,
        "formula_python": "", "out_column": "X"});
    run(render, table(columns()), params).unwrap()
}

#[track_caller]
fn assert_result(formula: &str, all_rows: bool, result: Column) {
    assert_table(&reckon(formula, all_rows), &table(columns().into_iter().chain([result])));
}

#[test]
fn each_row_has_its_own_formula() {
    assert_result(" =A1*2+$A$1 ", true, text("X", [Some("3.0"), Some("6.0"), Some("#NUM!")]));
    assert_result("=B1&\"!\"", true, text("X", [Some("x!"), Some("3!"), Some("!")]));
    assert_result("=c1+1", true, text("X", [Some("3.0"), Some("#NUM!"), Some("#NUM!")]));
    assert_result("=LEN(B1)", true, number("X", [Some(1.0), Some(1.0), Some(0.0)]));
    assert_result("=TEXT(LEN(B1),\"0\")", true, number("X", [Some(1.0), Some(1.0), Some(0.0)]));
    assert_result("=LEN(B1)=1", true, text("X", [Some("True"), Some("True"), Some("False")]));
}

#[test]
fn a_missing_number_is_equal_to_nothing() {
    let truth = |words: [&'static str; 3]| text("X", words.map(Some));
    assert_result("=A1=1", true, truth(["True", "False", "False"]));
    assert_result("=1<>A1", true, truth(["False", "True", "True"]));
    assert_result("=A1<=A1", true, truth(["True", "True", "False"]));
    assert_result("=IF(A1>1,\"more\",\"less\")", true, truth(["less", "more", "less"]));
    assert_result("=(A1+0)=1", true, truth(["True", "False", "#NUM!"]));
    assert_result("=A1=LEN(B1)*2", true, truth(["False", "True", "False"]));
    assert_result("=A1=1/0", true, truth(["#DIV/0!", "#DIV/0!", "#DIV/0!"]));
}

#[test]
fn text_that_looks_like_a_number_spoils_what_aggregates_take() {
    let spoilt = text("X", [Some("#VALUE!"), None, None]);
    assert_result("=ROUND(SUM(B1:B3),1)", false, spoilt.clone());
    assert_result("=LEN(B1)+MAX((B1:B3))", false, spoilt);
    assert_result("=COUNTIF(B1:B3,\"x\")+SUM(A1:A2)", false, number("X", [Some(4.0), None, None]));
}

#[test]
fn one_formula_has_one_value() {
    let first = |value| number("X", [Some(value), None, None]);
    assert_result("=SUM(A1:A2)", false, first(3.0));
    assert_result("=A2-A1", false, first(1.0));
    assert_result("=SUM(A1:C1)", false, first(3.0));
    assert_result("=B2*2", false, first(6.0));
    assert_result("=SUM(B1:B3)", false, text("X", [Some("#VALUE!"), None, None]));
    assert_result("=IF(A2>A1,\"up\",\"down\")", false, text("X", [Some("up"), None, None]));
}

#[test]
fn times_are_serials() {
    let input = timestamp("A", [Some(43_200_000_000_000), Some(i64::MIN)]);
    let params = json!({"syntax": "excel", "formula_excel": "=A1", "all_rows": false,
        "formula_python": "", "out_column": ""});
    let expected = table([input.clone(), number("result", [Some(25569.5), None])]);
    assert_table(&run(render, table([input]), params).unwrap(), &expected);
}

#[test]
fn bad_formulas_are_the_users_to_mend() {
    for (formula, all_rows, id) in [
        ("A1", true, "excel.invalidFormula"),
        ("=A1+", true, "excel.invalidFormula"),
        ("=SUM(A1", true, "excel.invalidFormula"),
        ("=A1)", true, "excel.invalidFormula"),
        ("=A1 2", true, "excel.invalidFormula"),
        ("=NOTTHERE(A1)", true, "excel.functionNotImplemented"),
        ("=A0", true, "excel.badCellReference"),
        ("=A0", false, "excel.one_row.invalidCellRange"),
        ("=A2", true, "excel.formulaFirstRowReference"),
        ("=SUM(A:B)", true, "excel.formulaFirstRowReference"),
        ("=SUM(A1:D1)", true, "excel.all_rows.badColumnRef"),
        ("=A4", false, "excel.one_row.badRef"),
        ("=D1", false, "excel.one_row.badRef"),
        ("=SUM(A:A)", false, "excel.one_row.badRef"),
    ] {
        assert_errors(&reckon(formula, all_rows), &[id]);
    }
}

#[test]
fn nothing_to_reckon_is_nothing_done() {
    assert_table(&reckon(" ", true), &table(columns()));
    let python = json!({"syntax": "python", "formula_excel": "", "all_rows": true,
        "formula_python": "a", "out_column": ""});
    assert_errors(&run(render, table(columns()), python).unwrap(), &["python.notSupported"]);
}

#[test]
fn a_name_that_is_taken_gets_a_number() {
    let input = table([integer("X", [Some(1)]), integer("X0", [Some(2)])]);
    let params = json!({"syntax": "excel", "formula_excel": "=A1", "all_rows": true,
        "formula_python": "", "out_column": "X"});
    let expected = [integer("X", [Some(1)]), integer("X0", [Some(2)]), number("X1", [Some(1.0)])];
    assert_table(&run(render, input, params).unwrap(), &table(expected));
}

#[test]
fn old_params_are_migrated() {
    let migrated = |syntax: i64| migrate(json!({"syntax": syntax}).as_object().unwrap().clone());
    assert_eq!((&migrated(0)["syntax"], &migrated(1)["syntax"]), (&json!("excel"), &json!("python")));
}
