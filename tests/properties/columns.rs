//! Steps that choose, move or name columns.

use std::collections::BTreeMap;

use crunchbox_tests::{CaseColumn, CaseTable};
use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::{Value, json};

use crate::steps::{few, run};
use crate::tables::{NAMES, Table, assert_unchanged, cells, heads, table, text};

fn with_columns(columns: Vec<CaseColumn>) -> CaseTable {
    CaseTable { columns }
}

/// Wants these columns and no others.
fn assert_columns(found: Option<CaseTable>, expected: CaseTable) {
    let found = found.unwrap_or(with_columns(Vec::new()));
    assert_eq!(heads(&found), heads(&expected));
    assert_eq!(cells(&found), cells(&expected));
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn selectcolumns_keeps_or_deletes_what_is_named(
        table in table(),
        places in subsequence(vec![0, 1, 2, 3_usize], 1..=4),
        by_number in any::<bool>(),
    ) {
        let places: Vec<usize> = places.into_iter().filter(|place| *place < table.columns().len()).collect();
        let names: Vec<&str> = places.iter().rev().map(|place| NAMES[*place]).collect();
        // A column that isn't there is no harm.
        let numbers: Vec<String> =
            places.iter().map(|place| (place + 1).to_string()).chain(["99".to_owned()]).collect();
        for keep in [true, false] {
            let params = json!({"colnames": names, "select_range": by_number, "column_numbers": numbers.join(", "), "keep": keep});
            let found = run("selectcolumns", params, &table);
            // None chosen is as good as not having chosen.
            let is_kept = |place: usize| places.is_empty() || places.contains(&place) == keep;
            let kept = table.columns().iter().enumerate().filter(|(place, _)| is_kept(*place));
            assert_columns(found.table, with_columns(kept.map(|(_, column)| column.clone()).collect()));
        }
    }

    #[test]
    fn renamecolumns_swaps_and_keeps_the_rest(table in table(), shift in 1..4_usize, new in text(false)) {
        let count = table.columns().len();
        let renames: BTreeMap<&str, &str> = (0..count).map(|place| (NAMES[place], NAMES[(place + shift) % count])).collect();
        let turned = run("renamecolumns", json!({"custom_list": false, "list_string": "", "renames": renames}), &table);
        let expected = table.columns().iter().enumerate().map(|(place, column)| {
            CaseColumn { name: NAMES[(place + shift) % count].to_owned(), ..column.clone() }
        });
        assert_columns(Some(turned.silent()), with_columns(expected.collect()));

        // Whatever one is called then: names are clean and none is there twice.
        let renames = json!({NAMES[0]: new});
        let found = run("renamecolumns", json!({"custom_list": false, "list_string": "", "renames": renames}), &table);
        let found = found.table();
        prop_assert_eq!(cells(&found), cells(&table.table));
        let mut names: Vec<&str> = found.columns.iter().map(|column| column.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        prop_assert_eq!(names.len(), count);
    }

    #[test]
    fn renamecolumns_takes_a_list(table in table(), lines in any::<bool>()) {
        let names: Vec<String> = (0..table.columns().len()).map(|place| format!("new {place}")).collect();
        let list = names.join(if lines { "\n" } else { ", " });
        let found = run("renamecolumns", json!({"custom_list": true, "list_string": list, "renames": {}}), &table);
        let found = found.silent();
        prop_assert_eq!(found.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>(), names);
        prop_assert_eq!(cells(&found), cells(&table.table));
    }

    #[test]
    fn reordercolumns_moves_one_after_the_other(
        table in table(),
        moves in prop::collection::vec((0..4_usize, 0..5_usize), 0..4),
    ) {
        let mut order: Vec<&CaseColumn> = table.columns().iter().collect();
        let mut history: Vec<Value> = Vec::new();
        for (from, to) in moves {
            let (from, to) = (from % order.len(), to % order.len());
            history.push(json!({"column": order[from].name, "from": from, "to": to}));
            let moved = order.remove(from);
            order.insert(to, moved);
        }
        let found = run("reordercolumns", json!({"reorder-history": history}), &table);
        assert_columns(Some(found.silent()), with_columns(order.into_iter().cloned().collect()));
    }

    #[test]
    fn nulldropper_keeps_columns_with_a_value(table in table()) {
        let found = run("nulldropper", json!({}), &table).table;
        let has_value = |column: &&CaseColumn| column.values.iter().any(|cell| !cell.is_null());
        let expected = with_columns(table.columns().iter().filter(has_value).cloned().collect());
        assert_columns(found.clone(), expected);
        if let Some(found) = found {
            let once = Table::of(found);
            assert_unchanged(&run("nulldropper", json!({}), &once).silent(), &once);
        }
    }
}
