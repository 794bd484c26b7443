//! Every shipped step with every kind of params that its manifest lets through, on every kind of table: whatever comes of
//! it, the step must end by itself and its table must keep the rules.

use std::collections::BTreeSet;

use crunchbox_params::{ColumnKind, ParamDtype};
use crunchbox_tests::manifests;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

use crate::steps::{Params, few, run_with};
use crate::tables::{Table, table};

/// What params are made of: each takes what it needs of it, in turn.
#[derive(Debug)]
struct Chance<'a> {
    draws: &'a [(Index, String, i64)],
    next: usize,
}

impl<'a> Chance<'a> {
    fn draw(&mut self) -> &'a (Index, String, i64) {
        self.next += 1;
        &self.draws[self.next % self.draws.len()]
    }
}

fn draws() -> impl Strategy<Value = Vec<(Index, String, i64)>> {
    let text = prop_oneof![
        3 => prop::sample::select(vec!["", "A", "B 1", "=A1", "=SUM(A1:B1)", "(a|b)", r"\1", "1-2, 3", "SELECT * FROM input", "-", "a,b\nc", "day"]).prop_map(str::to_owned),
        1 => crate::tables::text(false),
    ];
    prop::collection::vec((any::<Index>(), text, -3..20_i64), 12)
}

/// A value of a type, by chance.
fn value(dtype: &ParamDtype, table: &Table, chance: &mut Chance) -> Value {
    let (index, text, number) = chance.draw();
    let names = |kinds: &BTreeSet<ColumnKind>| -> Vec<&str> {
        let fits = |kind: &str| kinds.is_empty() || kinds.iter().any(|wanted| wanted.as_str() == kind);
        table
            .columns()
            .iter()
            .filter(|column| fits(&column.kind))
            .map(|column| column.name.as_str())
            .collect()
    };
    match dtype {
        ParamDtype::String { .. } => json!(text),
        ParamDtype::Integer { .. } => json!(number),
        ParamDtype::Float { .. } => json!(*number as f64 / 2.0),
        ParamDtype::Boolean { .. } => json!(number % 2 == 0),
        ParamDtype::Enum { choices, .. } => index.get(choices).clone(),
        ParamDtype::Column { column_types, .. } => match names(column_types).as_slice() {
            [] => json!(""),
            names => json!(index.get(names)),
        },
        ParamDtype::Multicolumn { column_types, .. } => {
            let mut names = names(column_types);
            names.truncate(index.index(names.len() + 1));
            json!(names)
        }
        ParamDtype::Tab => json!(if number % 3 == 0 { "" } else { "other" }),
        ParamDtype::Multitab => json!(if number % 3 == 0 { vec![] } else { vec!["other"] }),
        ParamDtype::List(inner) => (0..number.rem_euclid(3)).map(|_| value(inner, table, chance)).collect(),
        ParamDtype::Dict(properties) => {
            let entries = properties.iter().map(|(name, dtype)| (name.clone(), value(dtype, table, chance)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
        other => other.default_value(),
    }
}

#[test]
fn every_step_ends_by_itself_and_keeps_the_rules() {
    let mut broken = Vec::new();
    for manifest in manifests().unwrap().into_values() {
        // Each case is a call, and shrinking tells little where params are drawn by chance.
        let mut runner = TestRunner::new(Config { max_shrink_iters: 20, ..few() });
        let ran = runner.run(&(table(), table(), draws()), |(input, other, draws)| {
            let mut chance = Chance { draws: &draws, next: 0 };
            let params = manifest.param_schema().params().iter();
            let params: Map<String, Value> =
                params.map(|(name, dtype)| (name.clone(), value(dtype, &input, &mut chance))).collect();
            run_with(&manifest.id_name, Params::Stored(Value::Object(params)), &input, &[("other", &other)]);
            Ok(())
        });
        broken.extend(ran.err().map(|error| format!("{}: {error}", manifest.id_name)));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n\n"));
}
