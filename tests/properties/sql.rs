//! `selectsql`: statements whose result is known.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::steps::{run, some};
use crate::tables::{cells, heads, plain, table, whole};

proptest! {
    #![proptest_config(some())]

    #[test]
    fn selectsql_gives_back_the_table(table in table()) {
        let found = run("selectsql", json!({"sql": "SELECT * FROM input"}), &table).silent();
        prop_assert_eq!(heads(&found), heads(&table.table));
        for (found, column) in found.columns.iter().zip(table.columns()) {
            // With numbers that SQLite's integers have no room for, all are floats.
            let is_large = |value: &Value| whole(value).is_some_and(|value| value > i128::from(i64::MAX));
            let floats = column.values.iter().any(is_large);
            let form = |value: &Value| if floats && value.is_number() { json!(value.as_f64()) } else { plain(value) };
            let expected: Vec<Value> = column.values.iter().map(|value| plain(&form(value))).collect();
            prop_assert_eq!(found.values.iter().map(plain).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn selectsql_counts_orders_and_unites(table in table()) {
        let sql = |sql: &str| run("selectsql", json!({"sql": sql}), &table).silent();
        let all = cells(&sql("SELECT * FROM input"));

        let valued = table.columns()[0].values.iter().filter(|cell| !cell.is_null()).count();
        let counts = cells(&sql(r#"SELECT COUNT(*) AS n, COUNT("A") AS valued FROM input"#));
        prop_assert_eq!(counts, vec![vec![json!(table.rows()), json!(valued)]]);

        let turned = cells(&sql("SELECT * FROM input ORDER BY rowid DESC"));
        prop_assert_eq!(turned, all.iter().rev().cloned().collect::<Vec<_>>());

        let twice = cells(&sql("SELECT * FROM input UNION ALL SELECT * FROM input"));
        prop_assert_eq!(twice, all.iter().chain(&all).cloned().collect::<Vec<_>>());

        let with = cells(&sql(r#"SELECT * FROM input WHERE "A" IS NOT NULL"#));
        prop_assert_eq!(with, all.iter().filter(|row| !row[0].is_null()).cloned().collect::<Vec<_>>());
    }
}
