//! Deletes rows by their position.

#![forbid(unsafe_code)]

use arrow::array::UInt32Array;
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::{I18nMessage, JsonMap, Result, parse_range, step, take_rows};
use serde_json::Value;

#[derive(serde::Deserialize)]
struct Params {
    rows: String,
}

#[step(migrate = migrate)]
fn render(table: RecordBatch, params: Params) -> Result<RecordBatch> {
    let dropped = dropped(&params.rows, table.num_rows())?;
    let kept: UInt32Array =
        (0..).zip(&dropped).filter(|(_, dropped)| !**dropped).map(|(row, _)| row).collect();
    Ok(take_rows(&table, &kept)?)
}

/// For each of `count` rows whether `list` names it.
fn dropped(list: &str, count: usize) -> std::result::Result<Vec<bool>, I18nMessage> {
    let mut dropped = vec![false; count];
    for part in list.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (first, last) = parse_range(part).filter(|(first, last)| first <= last).ok_or_else(|| {
            let text = format!("Rows must look like \"1-2\", \"5\" or \"1-2, 5\"; got \"{part}\"");
            I18nMessage::new("TODO_i18n").arg("text", text)
        })?;
        let end = last.min(count);
        if first <= end {
            dropped[first - 1..end].fill(true);
        }
    }
    Ok(dropped)
}

/// There was one range in numbers once, which counted where `rows` was empty.
fn migrate(mut params: JsonMap) -> JsonMap {
    let (Some(first), Some(last)) = (params.remove("first_row"), params.remove("last_row")) else {
        return params;
    };
    if params.get("rows").and_then(Value::as_str).is_none_or(str::is_empty) {
        params.insert("rows".to_owned(), format!("{first}-{last}").into());
    }
    params
}

#[cfg(test)]
mod tests {
    use crunchbox_sdk::testing::{assert_errors, assert_table, dictionary, integer, run, table};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_go_and_their_words_with_them() {
        let input = table([
            integer("A", [Some(1), Some(2), Some(3), Some(4)]),
            dictionary("B", [Some("x"), Some("y"), Some("y"), Some("y")]),
        ]);
        let output = run(render, input, json!({"rows": "1, 3-3,,2-3,9"})).unwrap();
        let expected = table([integer("A", [Some(4)]), crunchbox_sdk::testing::text("B", [Some("y")])]);
        assert_table(&output, &expected);
    }

    #[test]
    fn bad_positions_are_the_users_to_mend() {
        for rows in ["x", "0", "3-1", "1;2", "-1"] {
            let output = run(render, table([integer("A", [Some(1)])]), json!({"rows": rows})).unwrap();
            assert_errors(&output, &["TODO_i18n"]);
        }
        let message = dropped("1, hi", 3).unwrap_err();
        assert_eq!(
            message.arguments["text"],
            "Rows must look like \"1-2\", \"5\" or \"1-2, 5\"; got \"hi\"".into()
        );
    }

    #[test]
    fn old_params_are_migrated() {
        let migrated = |params: Value| Value::Object(migrate(params.as_object().unwrap().clone()));
        let old = json!({"rows": "", "first_row": 2, "last_row": 4});
        assert_eq!(migrated(old), json!({"rows": "2-4"}));
        let both = json!({"rows": "7", "first_row": 2, "last_row": 4});
        assert_eq!(migrated(both), json!({"rows": "7"}));
        assert_eq!(migrated(json!({"rows": "7"})), json!({"rows": "7"}));
    }

    proptest! {
        #[test]
        fn what_is_named_goes_and_the_rest_stays(rows in prop::collection::vec(1usize..12, 0..8)) {
            let input: Vec<i64> = (1..=9).collect();
            let list: Vec<String> = rows.iter().map(usize::to_string).collect();
            let dropped = dropped(&list.join(","), input.len()).unwrap();
            for (row, dropped) in (1..).zip(dropped) {
                prop_assert_eq!(dropped, rows.contains(&row));
            }
        }
    }
}
