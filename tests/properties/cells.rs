//! Steps that fill cells, or reckon with those of a row.

use crunchbox_tests::{CaseColumn, CaseTable};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::steps::{few, run, some};
use crate::tables::{
    Kind, NAMES, Table, assert_near, assert_unchanged, heads, in_common, kind, plain, table, table_of, whole,
};

fn fillna(method: &str, value: &str, from: &[&str], table: &Table) -> CaseTable {
    let params = json!({"colnames": ["A"], "method": method, "value": value, "from_colnames": from});
    run("fillna", params, table).silent()
}

/// Columns of numbers that formulas and sums don't lose anything of.
fn small_numbers(columns: usize) -> impl Strategy<Value = Table> {
    let cell = prop_oneof![
        (-999..999_i64).prop_map(|number| json!(number as f64)),
        (-1e3..1e3_f64).prop_map(Value::from)
    ];
    let rows = prop::collection::vec(prop::collection::vec(cell, columns), 1..10);
    rows.prop_map(move |rows| {
        let column = |place: usize| CaseColumn {
            name: NAMES[place].to_owned(),
            kind: "number".to_owned(),
            format: Some("{:,}".to_owned()),
            storage: Some("float64".to_owned()),
            unit: None,
            dictionary: false,
            values: rows.iter().map(|row| row[place].clone()).collect(),
        };
        Table::of(CaseTable { columns: (0..columns).map(column).collect() })
    })
}

fn formula(formula: &str, all_rows: bool, table: &Table) -> Vec<Value> {
    let syntax = json!({"syntax": "excel", "formula_excel": formula, "formula_python": "", "all_rows": all_rows, "out_column": "R"});
    let mut found = run("formula", syntax, table).silent();
    let result = found.columns.pop().unwrap();
    assert_eq!(result.name, "R");
    assert_unchanged(&found, table);
    result.values
}

proptest! {
    #![proptest_config(some())]

    #[test]
    fn fillna_takes_the_value_above_or_below(table in table(), down in any::<bool>()) {
        let found = fillna(if down { "pad" } else { "backfill" }, "", &[], &table);
        prop_assert_eq!(heads(&found), heads(&table.table));
        let mut last = Value::Null;
        let mut see = |value: &Value| {
            if !value.is_null() {
                last = plain(value);
            }
            last.clone()
        };
        let values = &table.columns()[0].values;
        let expected: Vec<Value> = if down {
            values.iter().map(see).collect()
        } else {
            let mut turned: Vec<Value> = values.iter().rev().map(&mut see).collect();
            turned.reverse();
            turned
        };
        prop_assert_eq!(found.columns[0].values.iter().map(plain).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn fillna_takes_the_first_value_of_other_columns(
        table in table_of((kind(), 2..=3_usize).prop_map(|(kind, count)| vec![kind; count])),
    ) {
        let mut table = table;
        let unit = table.columns()[0].unit.clone();
        table.table.columns.iter_mut().for_each(|column| column.unit.clone_from(&unit));
        if unit.is_some() {
            // One unit for all, and every first day of a year is the first day of a unit but of weeks.
            prop_assume!(unit.as_deref() == Some("day"));
        }
        let found = fillna("columns", "", &table.names()[1..], &table);
        prop_assert_eq!(heads(&found), heads(&table.table));
        let is_touched = table.columns()[0].values.iter().any(Value::is_null);
        let form = in_common(&table.columns().iter().collect::<Vec<_>>());
        let first = |row: usize| {
            let mut cells = table.columns().iter().map(|column| &column.values[row]);
            cells.find(|cell| !cell.is_null()).map_or(Value::Null, &form)
        };
        let expected: Vec<Value> = (0..table.rows()).map(first).collect();
        if is_touched {
            prop_assert_eq!(found.columns[0].values.iter().map(&form).collect::<Vec<_>>(), expected);
        } else {
            assert_unchanged(&found, &table);
        }
    }

    #[test]
    fn fillna_writes_a_value(table in table(), number in -200..200_i64) {
        let column = &table.columns()[0];
        let (value, cell) = match column.kind.as_str() {
            "number" => (number.to_string(), json!(number)),
            "timestamp" => ("2020-01-02T03:04:05Z".to_owned(), json!("2020-01-02T03:04:05Z")),
            // The first day of week, month, quarter and year.
            "date" => ("2018-01-01".to_owned(), json!("2018-01-01")),
            _ => (number.to_string(), json!(number.to_string())),
        };
        let found = fillna("value", &value, &[], &table);
        prop_assert_eq!(heads(&found), heads(&table.table));
        let filled = |value: &Value| if value.is_null() { cell.clone() } else { value.clone() };
        let expected: Vec<Value> = column.values.iter().map(filled).collect();
        let with_value = CaseColumn { values: vec![cell.clone()], ..column.clone() };
        let form = in_common(&[column, &with_value]);
        prop_assert_eq!(
            found.columns[0].values.iter().map(&form).collect::<Vec<_>>(),
            expected.iter().map(&form).collect::<Vec<_>>()
        );
    }

    #[test]
    fn calculate_reckons_as_plain_arithmetic_does(
        table in table_of(prop::collection::vec(select(vec![Kind::Whole, Kind::Number]), 2..=3)),
        operation in select(vec!["add", "multiply", "minimum", "maximum", "mean", "subtract", "divide"]),
    ) {
        let names = table.names();
        let params = json!({"operation": operation, "colnames": names, "single_value_selector": "none", "single_value_col": "",
            "single_value_row": 1, "single_value_constant": 1.0, "col1": names[0], "col2": names[1], "outcolname": "R"});
        let mut found = run("calculate", params, &table).silent();
        let result = found.columns.pop().unwrap();
        assert_unchanged(&found, &table);
        for (row, found) in result.values.iter().enumerate() {
            let cells: Vec<&Value> = table.columns().iter().map(|column| &column.values[row]).collect();
            let valued: Vec<&Value> = cells.iter().copied().filter(|cell| !cell.is_null()).collect();
            let floats: Vec<f64> = valued.iter().filter_map(|cell| cell.as_f64()).collect();
            let pair = cells[0].as_f64().zip(cells[1].as_f64());
            let expected = match operation {
                "add" => Some(floats.iter().sum::<f64>()),
                "multiply" => Some(floats.iter().product::<f64>()),
                "minimum" => floats.iter().copied().reduce(f64::min),
                "maximum" => floats.iter().copied().reduce(f64::max),
                "mean" => (!floats.is_empty()).then(|| floats.iter().sum::<f64>() / floats.len() as f64),
                "subtract" => pair.map(|(a, b)| a - b),
                _ => pair.map(|(a, b)| a / b),
            };
            let expected = expected.filter(|float| float.is_finite());
            // What is whole is exact, and the rest off by what floats of that size are off by.
            let exact: Option<i128> = valued.iter().map(|cell| whole(cell)).sum();
            match (operation, exact, whole(found)) {
                ("add", Some(exact), Some(found)) => prop_assert_eq!(exact, found),
                _ => {
                    let size = floats.iter().map(|float| float.abs()).fold(0.0, f64::max);
                    let off = found.as_f64().zip(expected).map_or(0.0, |(a, b)| (a - b).abs());
                    prop_assert_eq!(found.as_f64().is_some(), expected.is_some());
                    let scale = if matches!(operation, "add" | "subtract" | "mean") { size } else { expected.unwrap_or(0.0).abs() };
                    prop_assert!(off <= 1e-12 * scale, "{} {} {:?}", operation, found, expected);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn calculate_percent_of_sum_sums_up_to_one(table in small_numbers(1)) {
        let params = json!({"operation": "percent_of_column_sum", "colnames": [], "single_value_selector": "none",
            "single_value_col": "", "single_value_row": 1, "single_value_constant": 1.0, "col1": "A", "col2": "", "outcolname": ""});
        let sum: f64 = table.columns()[0].values.iter().filter_map(Value::as_f64).sum();
        prop_assume!(sum.abs() > 1e-3);
        let found = run("calculate", params, &table).silent();
        let shares: f64 = found.columns[1].values.iter().filter_map(Value::as_f64).sum();
        prop_assert!((shares - 1.0).abs() < 1e-6, "{shares}");
    }

    #[test]
    fn formula_reckons_as_plain_arithmetic_does(table in small_numbers(3)) {
        let cells = |row: usize| -> Vec<f64> { table.columns().iter().map(|column| column.values[row].as_f64().unwrap()).collect() };
        let all = |of: &dyn Fn(&[f64]) -> f64| -> Vec<Value> { (0..table.rows()).map(|row| json!(of(&cells(row)))).collect() };
        for (text, of) in [
            ("=A1+B1*2-C1/4", &(|row: &[f64]| row[0] + row[1] * 2.0 - row[2] / 4.0) as &dyn Fn(&[f64]) -> f64),
            ("=SUM(A1:C1)", &|row| row.iter().sum()),
            ("=MAX(A1,B1)-MIN(B1,C1)", &|row| row[0].max(row[1]) - row[1].min(row[2])),
            ("=IF(A1>B1,A1,-B1)", &|row| if row[0] > row[1] { row[0] } else { -row[1] }),
            ("=ABS(A1)^2", &|row| row[0] * row[0]),
        ] {
            let found = formula(text, true, &table);
            let expected = all(of);
            for (found, expected) in found.iter().zip(&expected) {
                let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
                prop_assert!((found - expected).abs() < 1e-6, "{text}: {found}, not {expected}");
            }
        }
    }

    #[test]
    fn formula_puts_one_value_into_the_first_row(table in small_numbers(2)) {
        let values = &table.columns()[0].values;
        let found = formula(&format!("=SUM(A1:A{})", table.rows()), false, &table);
        let sum: f64 = values.iter().filter_map(Value::as_f64).sum();
        prop_assert!((found[0].as_f64().unwrap() - sum).abs() < 1e-6);
        prop_assert!(found[1..].iter().all(Value::is_null));
        let last = formula(&format!("=A{}", table.rows()), false, &table);
        assert_near(&last[..1], &values[values.len() - 1..], 1e-14);
    }
}
