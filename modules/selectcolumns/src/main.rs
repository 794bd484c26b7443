//! Keeps or deletes columns, by name or by number.

#![forbid(unsafe_code)]

mod numbers;

use arrow::record_batch::RecordBatch;
use crunchbox_sdk::{I18nMessage, Result, Source, column_index, step};
use numbers::BadNumbers;

#[derive(serde::Deserialize)]
struct Params {
    colnames: Vec<String>,
    select_range: bool,
    column_numbers: String,
    keep: bool,
}

#[step]
fn render(table: RecordBatch, params: Params) -> Result<RecordBatch> {
    let chosen = if params.select_range {
        numbers::chosen(&params.column_numbers, table.num_columns()).map_err(message)?
    } else {
        by_name(&table, &params.colnames)?
    };
    if !chosen.contains(&true) {
        return Ok(table);
    }
    let kept: Vec<usize> = (0..chosen.len()).filter(|index| chosen[*index] == params.keep).collect();
    Ok(table.project(&kept)?)
}

/// For each column whether it is named.
fn by_name(table: &RecordBatch, names: &[String]) -> Result<Vec<bool>> {
    let mut chosen = vec![false; table.num_columns()];
    for name in names {
        chosen[column_index(table, name)?] = true;
    }
    Ok(chosen)
}

fn message(bad: BadNumbers) -> I18nMessage {
    match bad {
        BadNumbers::Invalid(part) => I18nMessage::new("badParam.column_numbers.invalid").arg("value", part),
        BadNumbers::Overlapping => I18nMessage::new("badParam.column_numbers.overlapping"),
    }
    .from_source(Source::Module)
}

#[cfg(test)]
mod tests {
    use crunchbox_sdk::Output;
    use crunchbox_sdk::testing::{assert_errors, integer, run, table, text};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn select(colnames: &[&str], column_numbers: &str, keep: bool) -> Output {
        let input = table([
            integer("A", [Some(1)]),
            text("B", [Some("x")]),
            integer("C", [None]),
            integer("D", [None]),
        ]);
        let params = json!({"colnames": colnames, "select_range": colnames.is_empty(),
            "column_numbers": column_numbers, "keep": keep});
        run(render, input, params).unwrap()
    }

    fn names(output: &Output) -> String {
        let table = output.table.as_ref().unwrap();
        table.schema().fields().iter().map(|field| field.name().as_str()).collect()
    }

    #[test]
    fn kept_and_deleted_make_the_table() {
        for (colnames, numbers, kept, deleted) in [
            (&["C", "A"][..], "", "AC", "BD"),
            (&[], "4,1-2", "ABD", "C"),
            (&[], "3-3 ,  9", "C", "ABD"),
            (&["A", "B", "C", "D"], "", "ABCD", ""),
        ] {
            assert_eq!(names(&select(colnames, numbers, true)), kept);
            assert_eq!(names(&select(colnames, numbers, false)), deleted);
        }
    }

    #[test]
    fn nothing_chosen_is_nothing_done() {
        assert_eq!(names(&select(&[], "9", true)), "ABCD");
        assert_eq!(names(&select(&[], "9", false)), "ABCD");
    }

    #[test]
    fn bad_numbers_are_the_users_to_mend() {
        assert_errors(&select(&[], "1,x", true), &["badParam.column_numbers.invalid"]);
        assert_errors(&select(&[], "1-3,2", true), &["badParam.column_numbers.overlapping"]);
    }

    proptest! {
        #[test]
        fn what_is_kept_and_what_is_deleted_are_all_columns(chosen in prop::sample::subsequence(vec!["A", "B", "C", "D"], 1..=3)) {
            let (kept, deleted) = (names(&select(&chosen, "", true)), names(&select(&chosen, "", false)));
            prop_assert_eq!(&kept, &chosen.concat());
            let mut all: Vec<char> = (kept + &deleted).chars().collect();
            all.sort_unstable();
            prop_assert_eq!(all, ['A', 'B', 'C', 'D']);
        }
    }
}
