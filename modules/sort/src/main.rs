//! Sorts rows by one or more columns, and keeps the first of them, or of each group.

#![forbid(unsafe_code)]

mod keep;
mod order;

use arrow::array::UInt32Array;
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::{I18nMessage, Result, Source, step, take_rows};

#[derive(serde::Deserialize)]
struct Params {
    sort_columns: Vec<SortColumn>,
    #[serde(default)]
    keep_top: String,
}

#[derive(serde::Deserialize)]
struct SortColumn {
    colname: String,
    is_ascending: bool,
}

#[step]
fn render(table: RecordBatch, params: Params) -> Result<RecordBatch> {
    let keep = keep::parse(&params.keep_top).map_err(|()| message("badParam.keep_top.negative"))?;
    let chosen: Vec<&SortColumn> =
        params.sort_columns.iter().filter(|column| !column.colname.is_empty()).collect();
    if chosen.is_empty() {
        return Ok(table);
    }
    let mut names: Vec<&str> = chosen.iter().map(|column| column.colname.as_str()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(message("badParam.sort_columns.duplicate").into());
    }
    let mut keys = Vec::with_capacity(chosen.len());
    for column in chosen {
        let (_, values) = crunchbox_sdk::column(&table, &column.colname)?;
        keys.push(order::Key::new(values, column.is_ascending)?);
    }
    let mut rows = order::sorted(&keys, table.num_rows())?;
    if let Some(count) = keep {
        keep::top(&mut rows, &keys[..keys.len() - 1], count)?;
    }
    Ok(take_rows(&table, &UInt32Array::from(rows))?)
}

fn message(id: &str) -> I18nMessage {
    I18nMessage::new(id).from_source(Source::Module)
}

#[cfg(test)]
mod tests {
    use crunchbox_sdk::testing::{
        Column, assert_errors, assert_table, date, dictionary, integer, number, run, table, text, timestamp,
    };
    use crunchbox_sdk::{DateUnit, Output};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn sort(input: impl IntoIterator<Item = Column>, by: &[(&str, bool)], keep_top: &str) -> Output {
        let columns: Vec<_> =
            by.iter().map(|(name, ascending)| json!({"colname": name, "is_ascending": ascending})).collect();
        run(render, table(input), json!({"sort_columns": columns, "keep_top": keep_top})).unwrap()
    }

    #[test]
    fn nulls_are_last_both_ways() {
        for (ascending, expected) in [(true, [Some(1), Some(3), None]), (false, [Some(3), Some(1), None])] {
            let output = sort([integer("A", [None, Some(3), Some(1)])], &[("A", ascending)], "");
            assert_table(&output, &table([integer("A", expected)]));
        }
    }

    #[test]
    fn equal_rows_stay_in_order_both_ways() {
        for ascending in [true, false] {
            let columns = || [text("A", [Some("x"); 3]), integer("B", [Some(2), Some(1), Some(3)])];
            assert_table(&sort(columns(), &[("A", ascending)], ""), &table(columns()));
        }
    }

    #[test]
    fn every_kind_of_column_is_sorted() {
        let output = sort([text("A", [Some("b"), Some("B"), Some("ä"), Some("")])], &[("A", true)], "");
        assert_table(&output, &table([text("A", [Some(""), Some("B"), Some("b"), Some("ä")])]));
        let output = sort([dictionary("A", [Some("a"), Some("c"), Some("b")])], &[("A", true)], "");
        assert_table(&output, &table([text("A", [Some("a"), Some("b"), Some("c")])]));
        let output = sort([timestamp("A", [Some(5), Some(-5), None])], &[("A", true)], "");
        assert_table(&output, &table([timestamp("A", [Some(-5), Some(5), None])]));
        let output = sort([date("A", DateUnit::Day, [Some(5), Some(-5), None])], &[("A", false)], "");
        assert_table(&output, &table([date("A", DateUnit::Day, [Some(5), Some(-5), None])]));
        let output =
            sort([number("A", [Some(0.5), Some(-1.5), Some(f64::MAX), Some(-0.0)])], &[("A", true)], "");
        assert_table(&output, &table([number("A", [Some(-1.5), Some(-0.0), Some(0.5), Some(f64::MAX)])]));
    }

    #[test]
    fn zeros_of_both_signs_are_equal() {
        let columns =
            || [number("A", [Some(0.0), Some(-0.0), Some(0.0)]), integer("B", [Some(1), Some(2), Some(3)])];
        for by in [&[("A", true)][..], &[("A", false)], &[("A", true), ("B", true)]] {
            let output = sort(columns(), by, "");
            assert_eq!(output.table.unwrap().column(1), table(columns()).column(1));
        }
    }

    #[test]
    fn the_first_rows_are_kept() {
        let output = sort([integer("A", [Some(2), Some(3), Some(1)])], &[("A", true)], "2");
        assert_table(&output, &table([integer("A", [Some(1), Some(2)])]));
        let output = sort([integer("A", [Some(2)])], &[("A", true)], "99999999999999999999999");
        assert_table(&output, &table([integer("A", [Some(2)])]));
    }

    #[test]
    fn groups_keep_their_first_rows_and_rows_without_a_group_stay() {
        let columns = [
            text("A", [Some("b"), None, Some("a"), Some("b"), None, Some("a")]),
            integer("B", [Some(1), Some(2), Some(3), Some(4), Some(5), None]),
        ];
        let output = sort(columns, &[("A", true), ("B", false)], "1");
        let expected = [
            text("A", [Some("a"), Some("b"), None, None]),
            integer("B", [Some(3), Some(4), Some(5), Some(2)]),
        ];
        assert_table(&output, &table(expected));
    }

    #[test]
    fn params_are_judged_in_order() {
        let input = || [integer("A", [Some(2), Some(1)])];
        for bad in ["apple", "0", "-1", "1.5", "1 2"] {
            assert_errors(&sort(input(), &[("A", true), ("A", true)], bad), &["badParam.keep_top.negative"]);
        }
        let duplicate = sort(input(), &[("A", true), ("A", false)], "1");
        assert_errors(&duplicate, &["badParam.sort_columns.duplicate"]);
        assert_table(&sort(input(), &[], "1"), &table(input()));
        assert_table(&sort(input(), &[("", true), ("", true)], ""), &table(input()));
        assert_table(&sort(input(), &[("", true), ("A", true)], " 1 "), &table([integer("A", [Some(1)])]));
    }

    #[test]
    fn a_table_without_rows_stays_one() {
        let input = || [integer("A", []), text("B", [])];
        assert_table(&sort(input(), &[("A", true), ("B", false)], "3"), &table(input()));
    }

    proptest! {
        #[test]
        fn a_sort_is_a_stable_permutation(
            rows in prop::collection::vec((prop::option::of(-3i64..3), prop::option::of(0u8..4)), 0..60),
            ascending: bool,
        ) {
            let letters = ["a", "b", "c", "d"];
            let columns = [
                integer("A", rows.iter().map(|row| row.0)),
                text("B", rows.iter().map(|row| row.1.map(|letter| letters[usize::from(letter)]))),
                integer("row", (0..rows.len() as i64).map(Some)),
            ];
            let output = sort(columns, &[("A", ascending), ("B", true)], "").table.unwrap();
            let mut expected: Vec<_> = rows.iter().enumerate().collect();
            expected.sort_by(|(_, x), (_, y)| {
                let a = x.0.is_none().cmp(&y.0.is_none()).then(if ascending { x.0.cmp(&y.0) } else { y.0.cmp(&x.0) });
                a.then(x.1.is_none().cmp(&y.1.is_none())).then(x.1.cmp(&y.1))
            });
            let expected = integer("row", expected.iter().map(|(row, _)| Some(*row as i64)));
            prop_assert_eq!(output.column(2), &expected.1);
        }
    }
}
