//! Steps that turn tables.

use crunchbox_tests::{CaseColumn, CaseTable};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::steps::{few, run};
use crate::tables::{Kind, NAMES, Table, in_common, kind, table_of};

/// A table whose first column names each row, and whose others are of one kind.
fn named_rows() -> impl Strategy<Value = Table> {
    let kinds =
        (kind(), 1..=3_usize).prop_map(|(kind, count)| [vec![Kind::Text], vec![kind; count]].concat());
    table_of(kinds).prop_map(|mut table| {
        let names = (0..table.rows()).map(|row| json!(format!("row {row:03}"))).collect();
        table.table.columns[0].values = names;
        table
    })
}

/// The cells of all columns but the first, in the form that they have in one column.
fn values(table: &CaseTable, form: &impl Fn(&Value) -> Value) -> Vec<Vec<Value>> {
    table.columns[1..].iter().map(|column| column.values.iter().map(form).collect()).collect()
}

fn reshape(operation: &str, table: &Table) -> crate::steps::Ran {
    let params = json!({"operation": operation, "key_colnames": ["A"], "wtl_varcolname": "variable",
        "wtl_valcolname": "value", "ltw_varcolname": "variable"});
    run("reshape", params, table)
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn reshape_there_and_back(table in named_rows()) {
        let long = reshape("widetolong", &table).silent();
        let others = table.columns().len() - 1;
        prop_assert!(long.columns.iter().all(|column| column.values.len() == table.rows() * others));
        let long = Table::of(long);
        let wide = reshape("longtowide", &long).silent();
        if table.rows() == 0 {
            // Of no rows no columns can be made.
            prop_assert_eq!(wide.columns.len(), 1);
            return Ok(());
        }
        let form = in_common(&table.columns()[1..].iter().collect::<Vec<_>>());
        prop_assert_eq!(wide.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(), &NAMES[..=others]);
        prop_assert_eq!(&wide.columns[0].values, &table.columns()[0].values);
        prop_assert_eq!(values(&wide, &form), values(&table.table, &form));
    }

    #[test]
    fn reshape_keeps_every_cell_whatever_the_keys(table in table_of(prop::collection::vec(kind(), 2..=4))) {
        let long = reshape("widetolong", &table).table();
        let others = table.columns().len() - 1;
        let [keys, variables, cells] = long.columns.as_slice() else { panic!("there are three columns") };
        let count = |column: &CaseColumn, wanted: &Value| column.values.iter().filter(|value| *value == wanted).count();
        for name in &NAMES[1..=others] {
            prop_assert_eq!(count(variables, &json!(name)), table.rows());
        }
        let nulls: usize = table.columns()[1..].iter().map(|column| count(column, &Value::Null)).sum();
        prop_assert_eq!(count(cells, &Value::Null), nulls);
        for key in &table.columns()[0].values {
            let same = |other: &Value| crate::tables::plain(other) == crate::tables::plain(key);
            let times = table.columns()[0].values.iter().filter(|other| same(other)).count();
            prop_assert_eq!(keys.values.iter().filter(|other| same(other)).count(), times * others);
        }
    }

    #[test]
    fn transpose_twice_is_nothing(table in named_rows()) {
        prop_assume!(table.rows() > 0);
        let turned = run("transpose", json!({"firstcolname": "A"}), &table).silent();
        prop_assert_eq!(turned.columns.len(), table.rows() + 1);
        let turned = Table::of(turned);
        let back = run("transpose", json!({"firstcolname": "A"}), &turned).silent();
        let form = in_common(&table.columns()[1..].iter().collect::<Vec<_>>());
        prop_assert_eq!(back.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(), table.names());
        prop_assert_eq!(&back.columns[0].values, &table.columns()[0].values);
        prop_assert_eq!(values(&back, &form), values(&table.table, &form));
    }
}
