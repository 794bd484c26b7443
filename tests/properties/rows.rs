//! Steps that choose rows, or order them.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use crunchbox_tests::CaseColumn;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use crate::steps::{few, run, some};
use crate::tables::{
    NAMES, Table, assert_rows, assert_unchanged, cells, nanos, order, plain, table, text, timestamp, whole,
};

/// The columns that a choice of all names comes to in this table.
fn chosen<'a>(table: &'a Table, names: &[&str]) -> Vec<&'a CaseColumn> {
    names.iter().filter_map(|name| table.columns().iter().find(|column| column.name == *name)).collect()
}

fn some_names() -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(NAMES.to_vec(), 1..=NAMES.len())
}

/// A comparison with a column's cells; which, depends on the column's kind.
#[derive(Clone, Debug)]
struct Leaf {
    column: usize,
    operation: usize,
    text: String,
    number: Value,
    time: Value,
}

fn leaf() -> impl Strategy<Value = Leaf> {
    let number = prop_oneof![
        (-2..4_i64).prop_map(Value::from),
        select(vec![-1.5, 0.5, 1.0, 1e300, -1e20]).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
    ];
    let time = any::<bool>().prop_flat_map(timestamp);
    (0..NAMES.len(), 0..7_usize, text(true), number, time)
        .prop_map(|(column, operation, text, number, time)| Leaf { column, operation, text, number, time })
}

type Meets = fn(Ordering) -> bool;

const COMPARISONS: [(&str, Meets); 5] = [
    ("", Ordering::is_eq),
    ("_greater_than", Ordering::is_gt),
    ("_greater_than_or_equals", Ordering::is_ge),
    ("_less_than", Ordering::is_lt),
    ("_less_than_or_equals", Ordering::is_le),
];

impl Leaf {
    /// The condition as params have it, and whether each row meets it.
    fn on(&self, table: &Table) -> (Value, Vec<bool>) {
        let column = &table.columns()[self.column % table.columns().len()];
        let leaf = |operation: &str, value: &Value| json!({"operation": operation, "column": column.name, "value": value, "isCaseSensitive": true, "isRegex": false});
        let is = |test: &dyn Fn(&Value) -> bool| {
            column.values.iter().map(|cell| !cell.is_null() && test(cell)).collect()
        };
        match (self.operation, column.kind.as_str()) {
            (5, _) => {
                (leaf("cell_is_null", &Value::Null), column.values.iter().map(Value::is_null).collect())
            }
            (6, _) => {
                let is_empty = |cell: &Value| cell.is_null() || cell == "";
                (leaf("cell_is_empty", &Value::Null), column.values.iter().map(is_empty).collect())
            }
            (operation, "text") if operation % 2 == 0 => {
                (leaf("text_is", &json!(self.text)), is(&|cell| *cell == self.text))
            }
            (_, "text") => {
                let contains = |cell: &Value| cell.as_str().is_some_and(|cell| cell.contains(&self.text));
                (leaf("text_contains", &json!(self.text)), is(&contains))
            }
            (operation, "number") => {
                let (word, holds) = COMPARISONS[operation];
                (
                    leaf(&format!("number_is{word}"), &self.number),
                    is(&|cell| holds(compare(cell, &self.number))),
                )
            }
            (operation, kind) => {
                let (word, holds) = COMPARISONS[operation];
                let word = word.replace("greater_than", "after").replace("less_than", "before");
                let instant = nanos(&self.time).unwrap();
                let day = |cell: &Value| {
                    cell.as_str().unwrap().parse::<chrono::NaiveDate>().unwrap().to_epoch_days()
                };
                let cell_order = |cell: &Value| match kind {
                    "date" => i64::from(day(cell)).cmp(&instant.div_euclid(86_400_000_000_000)),
                    _ => nanos(cell).unwrap().cmp(&instant),
                };
                (leaf(&format!("timestamp_is{word}"), &self.time), is(&|cell| holds(cell_order(cell))))
            }
        }
    }
}

/// Exact for whole cells, whatever they are compared with; floats are compared as such.
fn compare(cell: &Value, with: &Value) -> Ordering {
    match (whole(cell), whole(with)) {
        (Some(cell), Some(with)) => cell.cmp(&with),
        (Some(cell), None) => {
            let with = with.as_f64().unwrap();
            // Beyond 128 bits this saturates, which is beyond all cells too.
            cell.cmp(&(with.floor() as i128)).then(if with.fract() > 0.0 {
                Ordering::Less
            } else {
                Ordering::Equal
            })
        }
        _ => cell.as_f64().partial_cmp(&with.as_f64()).unwrap(),
    }
}

#[derive(Clone, Debug)]
enum Condition {
    Leaf(Leaf),
    Not(Box<Condition>),
    Several(bool, Vec<Condition>),
}

fn condition() -> impl Strategy<Value = Condition> {
    leaf().prop_map(Condition::Leaf).prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|condition| Condition::Not(Box::new(condition))),
            (any::<bool>(), prop::collection::vec(inner, 1..4))
                .prop_map(|(and, all)| Condition::Several(and, all)),
        ]
    })
}

impl Condition {
    fn on(&self, table: &Table) -> (Value, Vec<bool>) {
        match self {
            Condition::Leaf(leaf) => leaf.on(table),
            Condition::Not(condition) => {
                let (json, rows) = condition.on(table);
                (json!({"operation": "not", "condition": json}), rows.iter().map(|row| !row).collect())
            }
            Condition::Several(and, all) => {
                let (conditions, masks): (Vec<Value>, Vec<Vec<bool>>) =
                    all.iter().map(|one| one.on(table)).unzip();
                let mask = |row: usize| {
                    if *and { masks.iter().all(|mask| mask[row]) } else { masks.iter().any(|mask| mask[row]) }
                };
                let operation = if *and { "and" } else { "or" };
                let json = json!({"operation": operation, "conditions": conditions});
                (json, (0..table.rows()).map(mask).collect())
            }
        }
    }
}

proptest! {
    #![proptest_config(some())]

    #[test]
    fn filter_keeps_what_meets_its_condition_and_deletes_the_rest(table in table(), condition in condition()) {
        let (condition, mask) = condition.on(&table);
        for keep in [true, false] {
            let found = run("filter", json!({"keep": keep, "condition": condition}), &table).silent();
            let rows: Vec<usize> = (0..table.rows()).filter(|row| mask[*row] == keep).collect();
            assert_rows(&found, &table, &rows);
        }
    }

    #[test]
    fn sort_orders_rows_and_keeps_equal_ones_in_order(
        table in table(),
        by in prop::collection::vec((select(NAMES.to_vec()), any::<bool>()), 1..=3),
        keep in prop::option::of(1..4_usize),
    ) {
        let mut seen = HashSet::new();
        let by: Vec<_> = by.into_iter().filter(|(name, _)| table.names().contains(name) && seen.insert(*name)).collect();
        let sort_columns: Vec<Value> =
            by.iter().map(|(name, ascending)| json!({"colname": name, "is_ascending": ascending})).collect();
        let keep_top = keep.map_or_else(String::new, |keep| keep.to_string());
        let params = json!({"sort_columns": sort_columns, "keep_top": keep_top});
        let found = run("sort", params, &table).silent();

        let names: Vec<&str> = by.iter().map(|(name, _)| *name).collect();
        let keys = chosen(&table, &names);
        let mut rows: Vec<usize> = (0..table.rows()).collect();
        rows.sort_by(|a, b| {
            keys.iter().zip(&by).fold(Ordering::Equal, |so_far, (column, (_, ascending))| {
                let (a, b) = (&column.values[*a], &column.values[*b]);
                so_far.then_with(|| match (a.is_null(), b.is_null()) {
                    (false, false) if *ascending => order(&column.kind, a, b),
                    (false, false) => order(&column.kind, b, a),
                    (a, b) => a.cmp(&b),
                })
            })
        });
        if let (Some(keep), [groups @ .., _]) = (keep, keys.as_slice()) {
            let mut counts: HashMap<Vec<Value>, usize> = HashMap::new();
            rows.retain(|row| {
                let group: Vec<Value> = groups.iter().map(|column| plain(&column.values[*row])).collect();
                let count = counts.entry(group.clone()).or_default();
                *count += 1;
                *count <= keep || group.iter().any(Value::is_null)
            });
        }
        assert_rows(&found, &table, &rows);
    }

    #[test]
    fn removeduplicates_keeps_the_first_of_each_kind(table in table(), names in some_names()) {
        let columns = chosen(&table, &names);
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let key = |row: usize| -> Vec<Value> { columns.iter().map(|column| plain(&column.values[row])).collect() };

        let found = run("removeduplicates", json!({"colnames": names, "action": "delete"}), &table).silent();
        let mut seen = HashSet::new();
        let first: Vec<usize> =
            (0..table.rows()).filter(|row| seen.insert(key(*row)) || names.is_empty()).collect();
        assert_rows(&found, &table, &first);
        let once = Table::of(found);
        let twice = run("removeduplicates", json!({"colnames": names, "action": "delete"}), &once).silent();
        assert_unchanged(&twice, &once);

        let mut found = run("removeduplicates", json!({"colnames": names, "action": "cumcount"}), &table).silent();
        if !names.is_empty() {
            let numbers = found.columns.pop().unwrap();
            let mut counts: HashMap<Option<Vec<Value>>, i64> = HashMap::new();
            let expected: Vec<Value> = (0..table.rows())
                .map(|row| {
                    // Rows without a value are all alike.
                    let key = Some(key(row)).filter(|key| !key.iter().any(Value::is_null));
                    let count = counts.entry(key).or_default();
                    *count += 1;
                    json!(count)
                })
                .collect();
            prop_assert_eq!(numbers.name, "Duplicate number");
            prop_assert_eq!(numbers.values, expected);
        }
        assert_unchanged(&found, &table);
    }
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn filter_without_regard_to_case_finds_more(table in table(), text in text(true), whole in any::<bool>()) {
        let columns = table.columns().iter().filter(|column| column.kind == "text");
        for column in columns {
            let condition = |operation: &str, text: &str, sensitive: bool| json!({"keep": true, "condition": {
                "operation": operation, "column": column.name, "value": text, "isCaseSensitive": sensitive, "isRegex": false}});
            let operation = if whole { "text_is" } else { "text_contains" };
            let sensitive = cells(&run("filter", condition(operation, &text, true), &table).silent());
            let folded = cells(&run("filter", condition(operation, &text, false), &table).silent());
            let mut rest = folded.iter();
            prop_assert!(sensitive.iter().all(|row| rest.any(|other| other == row)));
            // Only what Unicode folds to one and the same is the same.
            let upper = cells(&run("filter", condition(operation, &text.to_ascii_uppercase(), false), &table).silent());
            prop_assert_eq!(folded, upper);
        }
    }

    #[test]
    fn dropna_keeps_full_rows(table in table(), names in some_names()) {
        let columns = chosen(&table, &names);
        let params = json!({"colnames": columns.iter().map(|column| &column.name).collect::<Vec<_>>()});
        let is_empty = |row: &usize| columns.iter().any(|column| column.values[*row].is_null() || column.values[*row] == "");
        let full: Vec<usize> = (0..table.rows()).filter(|row| !is_empty(row)).collect();
        let found = run("dropna", params.clone(), &table).silent();
        assert_rows(&found, &table, &full);
        let once = Table::of(found);
        assert_unchanged(&run("dropna", params, &once).silent(), &once);
    }

    #[test]
    fn droprowsbyposition_drops_what_is_named(
        table in table(),
        ranges in prop::collection::vec((1..20_usize, 0..4_usize), 0..4),
    ) {
        let list: Vec<String> = ranges
            .iter()
            .map(|(first, more)| if *more == 0 { first.to_string() } else { format!(" {first}-{}", first + more) })
            .collect();
        let is_named = |row: &usize| ranges.iter().any(|(first, more)| (*first..=first + more).contains(&(row + 1)));
        let rest: Vec<usize> = (0..table.rows()).filter(|row| !is_named(row)).collect();
        assert_rows(&run("droprowsbyposition", json!({"rows": list.join(",")}), &table).silent(), &table, &rest);
    }
}
