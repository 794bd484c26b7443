//! Moves columns, one move after the other.

#![forbid(unsafe_code)]

use arrow::record_batch::RecordBatch;
use crunchbox_sdk::{Result, step};

#[derive(serde::Deserialize)]
struct Params {
    #[serde(rename = "reorder-history")]
    moves: Vec<Move>,
}

/// Where the column was is recorded too, but its name tells where it is now.
#[derive(serde::Deserialize)]
struct Move {
    column: String,
    to: i64,
}

#[step]
fn render(table: RecordBatch, params: Params) -> Result<RecordBatch> {
    let schema = table.schema();
    let mut order: Vec<usize> = (0..table.num_columns()).collect();
    for Move { column, to } in params.moves {
        let Some(at) = order.iter().position(|index| *schema.field(*index).name() == column) else {
            continue;
        };
        let index = order.remove(at);
        let to = usize::try_from(to.max(0)).unwrap_or(usize::MAX);
        order.insert(to.min(order.len()), index);
    }
    Ok(table.project(&order)?)
}

#[cfg(test)]
mod tests {
    use crunchbox_sdk::testing::{integer, run, table};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn reorder(moves: &[(&str, i64)]) -> String {
        let input = table(["A", "B", "C", "D"].map(|name| integer(name, [Some(1)])));
        let moves: Vec<_> =
            moves.iter().map(|(column, to)| json!({"column": column, "from": 0, "to": to})).collect();
        let output = run(render, input, json!({"reorder-history": moves})).unwrap();
        let schema = output.table.unwrap().schema();
        schema.fields().iter().map(|field| field.name().as_str()).collect()
    }

    #[test]
    fn moves_build_on_one_another() {
        assert_eq!(reorder(&[]), "ABCD");
        assert_eq!(reorder(&[("D", 0)]), "DABC");
        assert_eq!(reorder(&[("A", 2)]), "BCAD");
        assert_eq!(reorder(&[("A", 3), ("B", 1)]), "CBDA");
    }

    #[test]
    fn moves_past_the_ends_stop_there_and_unknown_columns_stay_unknown() {
        assert_eq!(reorder(&[("A", 99)]), "BCDA");
        assert_eq!(reorder(&[("D", -1)]), "DABC");
        assert_eq!(reorder(&[("X", 0)]), "ABCD");
    }

    proptest! {
        #[test]
        fn every_column_stays_somewhere(moves in prop::collection::vec(("[A-E]", -2i64..6), 0..9)) {
            let moves: Vec<(&str, i64)> = moves.iter().map(|(column, to)| (column.as_str(), *to)).collect();
            let mut columns: Vec<char> = reorder(&moves).chars().collect();
            columns.sort_unstable();
            prop_assert_eq!(columns, ['A', 'B', 'C', 'D']);
        }
    }
}
