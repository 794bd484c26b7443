//! Steps that take other tabs.

use crunchbox_tests::CaseColumn;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::steps::{Params, run_with, some};
use crate::tables::{Kind, NAMES, Table, in_common, kind, table_of};

/// Two tables that begin with columns of the same kinds; the second has more.
fn two_tables() -> impl Strategy<Value = (Table, Table)> {
    (prop::collection::vec(kind(), 1..=2), prop::collection::vec(kind(), 0..=2)).prop_flat_map(
        |(shared, more)| {
            let all: Vec<Kind> = shared.iter().chain(&more).copied().collect();
            (table_of(Just(shared)), table_of(Just(all)))
        },
    )
}

/// The row pairs of a join: those of `from`, each with its matches in `to`.
fn pairs(from: &[Vec<Value>], to: &[Vec<Value>], all: bool) -> Vec<(usize, Option<usize>)> {
    let mut pairs = Vec::new();
    for (row, key) in from.iter().enumerate() {
        let matches: Vec<_> = (0..to.len()).filter(|other| to[*other] == *key).collect();
        if matches.is_empty() && all {
            pairs.push((row, None));
        }
        pairs.extend(matches.into_iter().map(|other| (row, Some(other))));
    }
    pairs
}

proptest! {
    #![proptest_config(some())]

    #[test]
    fn jointab_finds_what_looking_at_all_pairs_finds(
        (left, right) in two_tables(),
        keys in 1..=2_usize,
        join in select(vec!["left", "inner", "right"]),
    ) {
        let count = left.columns().len();
        let keys = keys.min(count);
        let params = json!({"right_tab": "right", "type": join,
            "join_columns": {"on": &NAMES[..keys], "right": [], "rightAll": true}});
        let found = run_with("jointab", Params::Clean(params), &left, &[("right", &right)]).silent();

        let forms: Vec<_> =
            left.columns().iter().zip(right.columns()).map(|(left, right)| in_common(&[left, right])).collect();
        let key = |table: &Table, row: usize| -> Vec<Value> {
            (0..keys).map(|column| forms[column](&table.columns()[column].values[row])).collect()
        };
        let lefts: Vec<_> = (0..left.rows()).map(|row| key(&left, row)).collect();
        let rights: Vec<_> = (0..right.rows()).map(|row| key(&right, row)).collect();
        let rows: Vec<(Option<usize>, Option<usize>)> = if join == "right" {
            pairs(&rights, &lefts, true).into_iter().map(|(right, left)| (left, Some(right))).collect()
        } else {
            pairs(&lefts, &rights, join == "left").into_iter().map(|(left, right)| (Some(left), right)).collect()
        };
        let names: Vec<&str> = found.columns.iter().map(|column| column.name.as_str()).collect();
        prop_assert_eq!(&names, &NAMES[..right.columns().len()]);
        for (place, found) in found.columns.iter().enumerate() {
            let cell = |table: &Table, row: Option<usize>| row.map(|row| table.columns()[place].values[row].clone());
            let expected = rows.iter().map(|(left_row, right_row)| {
                let is_key_of_right = join == "right" && place < keys;
                let of_left = place < count && !is_key_of_right;
                if of_left { cell(&left, *left_row) } else { cell(&right, *right_row) }.unwrap_or(Value::Null)
            });
            let form: &dyn Fn(&Value) -> Value = match forms.get(place) {
                Some(form) => form,
                None => &crate::tables::plain,
            };
            let expected: Vec<Value> = expected.map(|value| form(&value)).collect();
            prop_assert_eq!(found.values.iter().map(form).collect::<Vec<_>>(), expected, "{}", found.name);
        }
    }

    #[test]
    fn concattabs_puts_one_under_the_other(
        (first, second) in two_tables(),
        add_source in any::<bool>(),
        turned in any::<bool>(),
    ) {
        let (first, second) = if turned { (second, first) } else { (first, second) };
        let params = json!({"tabs": ["other", "other"], "add_source_column": add_source, "source_column_name": "from"});
        let found = run_with("concattabs", Params::Clean(params), &first, &[("other", &second)]).silent();
        let mut columns = found.columns;
        if add_source {
            let sources = columns.remove(0);
            let expected: Vec<&str> = std::iter::repeat_n("this", first.rows())
                .chain(std::iter::repeat_n("other", 2 * second.rows()))
                .collect();
            prop_assert_eq!((sources.name.as_str(), sources.values), ("from", expected.into_iter().map(Value::from).collect()));
        }
        prop_assert_eq!(columns.len(), first.columns().len().max(second.columns().len()));
        for column in &columns {
            let parts = [&first, &second, &second];
            let in_part = |part: &Table| part.columns().iter().find(|other| other.name == column.name).cloned();
            let known: Vec<CaseColumn> = parts.iter().filter_map(|part| in_part(part)).collect();
            let form = in_common(&known.iter().collect::<Vec<_>>());
            let cells = |part: &&Table| in_part(part).map_or(vec![Value::Null; part.rows()], |column| column.values);
            let expected: Vec<Value> = parts.iter().flat_map(cells).map(|value| form(&value)).collect();
            prop_assert_eq!(column.values.iter().map(&form).collect::<Vec<_>>(), expected);
        }
    }
}
