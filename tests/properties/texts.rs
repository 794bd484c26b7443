//! Steps that change texts, or make them, or make something of them.

use crunchbox_tests::{CaseColumn, CaseTable};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::steps::{few, run, some};
use crate::tables::{Kind, Table, assert_near, assert_unchanged, cells, heads, plain, table, table_of, text};

/// A column of texts, and one that no step is asked to touch.
fn texts() -> impl Strategy<Value = Table> {
    table_of(Just(vec![Kind::Text, Kind::Text]))
}

/// The first column's texts, each changed, and the other column as it was.
#[track_caller]
fn assert_changed(found: &CaseTable, input: &Table, change: impl Fn(&str) -> String) {
    let [first, second] = input.columns() else { panic!("there are two columns") };
    let expected =
        first.values.iter().map(|cell| cell.as_str().map_or(Value::Null, |text| json!(change(text))));
    assert_eq!(found.columns[0].values, expected.collect::<Vec<_>>());
    assert_eq!((found.columns[1].kind.as_str(), &found.columns[1].values), ("text", &second.values));
    assert_eq!(found.columns.len(), 2);
}

fn clean_text(space: &str, condense: bool, caps: &str, keep: bool, kinds: [bool; 4]) -> Value {
    let [letter, number, punc, custom] = kinds;
    json!({"colnames": ["A"], "type_space": space, "condense": condense, "type_caps": caps, "type_char": keep,
        "letter": letter, "number": number, "punc": punc, "custom": custom, "chars": "b-^]"})
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// Every text of the first column.
fn first_texts(table: &CaseTable) -> Vec<String> {
    table.columns[0].values.iter().filter_map(|cell| cell.as_str().map(str::to_owned)).collect()
}

proptest! {
    #![proptest_config(some())]

    #[test]
    fn replace_does_as_plain_replacing_does(
        table in texts(),
        what in text(true),
        by in text(true),
        entire in any::<bool>(),
        regex in any::<bool>(),
    ) {
        prop_assume!(!what.is_empty());
        // As expressions, both are written so that they stand for themselves.
        let (pattern, template) = match regex {
            true => (regex_syntax_escape(&what), by.replace('\\', r"\\")),
            false => (what.clone(), by.clone()),
        };
        let params = json!({"colnames": ["A"], "to_replace": pattern, "replace_with": template, "match_case": true,
            "match_entire": entire, "regex": regex});
        let found = run("replace", params, &table).silent();
        assert_changed(&found, &table, |text| match entire {
            true => if text == what { by.clone() } else { text.to_owned() },
            false => text.replace(&what, &by),
        });
    }

    #[test]
    fn clean_text_leaves_what_was_asked_for(
        table in texts(),
        space in select(vec!["trim_around", "trim_before", "trim_after", "remove_all", "nop"]),
        condense in any::<bool>(),
        caps in select(vec!["upper", "lower", "nop"]),
        keep in any::<bool>(),
        kinds in any::<[bool; 4]>(),
    ) {
        let params = clean_text(space, condense, caps, keep, kinds);
        let found = run("clean-text", params.clone(), &table).silent();
        for text in first_texts(&found) {
            let (starts, ends) = (text.starts_with(is_space), text.ends_with(is_space));
            let (may_start, may_end) = match space {
                "trim_around" | "remove_all" => (false, false),
                "trim_before" => (false, true),
                "trim_after" => (true, false),
                _ => (true, true),
            };
            prop_assert!((may_start || !starts) && (may_end || !ends), "{:?}", text);
            prop_assert!(space != "remove_all" || !text.contains(is_space), "{:?}", text);
            let condensed = !condense || !text.contains(|c| is_space(c) && c != ' ') && !text.contains("  ");
            prop_assert!(space == "remove_all" || condensed, "{:?}", text);
            let right_case = match caps {
                "upper" => text.to_uppercase() == text,
                "lower" => text.to_lowercase() == text,
                _ => true,
            };
            prop_assert!(right_case, "{:?}", text);
        }
        // Capitals of letters may have marks that are none, so those are not tidy for good.
        if caps != "upper" || !keep {
            let once = Table::of(found);
            assert_unchanged(&run("clean-text", params, &once).silent(), &once);
        }
    }

    #[test]
    fn splitcolumn_loses_nothing(
        table in texts(),
        method in select(vec!["delimiter", "left", "right"]),
        delimiter in prop_oneof![select(vec!["a", "-", "ab", " "]).prop_map(str::to_owned), text(false)],
        count in 1..4_usize,
    ) {
        prop_assume!(!delimiter.is_empty());
        let params = json!({"column": "A", "method": method, "delimiter": delimiter, "numchars": count});
        let found = run("splitcolumn", params, &table).silent();
        let texts = &table.columns()[0].values;
        let is_split = |text: &Value| text.as_str().is_some_and(|text| text.contains(&delimiter));
        if method == "delimiter" && !texts.iter().any(is_split) {
            assert_unchanged(&found, &table);
            return Ok(());
        }
        let (last, parts) = found.columns.split_last().unwrap();
        prop_assert_eq!((&last.name, &last.values), (&table.columns()[1].name, &table.columns()[1].values));
        for (number, part) in (1..).zip(parts) {
            prop_assert_eq!(&part.name, &format!("A {}", number));
        }
        for (row, text) in texts.iter().enumerate() {
            let parts: Vec<&str> = parts.iter().filter_map(|part| part.values[row].as_str()).collect();
            let joined = parts.join(if method == "delimiter" { &delimiter } else { "" });
            prop_assert_eq!(joined.as_str(), text.as_str().unwrap_or_default());
            let Some(text) = text.as_str() else { continue };
            let counted = match method {
                "left" => parts[0],
                "right" => parts[1],
                _ => continue,
            };
            prop_assert_eq!(counted.chars().count(), count.min(text.chars().count()));
        }
    }

    #[test]
    fn whole_numbers_come_back_from_text(table in table_of(Just(vec![Kind::Whole, Kind::Number])), eu in any::<bool>()) {
        let mut table = table;
        table.table.columns[0].format = Some("{:,d}".to_owned());
        let written = Table::of(run("converttotext", json!({"colnames": ["A"]}), &table).silent());
        let written = match eu {
            true => {
                let params = json!({"colnames": ["A"], "to_replace": ",", "replace_with": ".", "match_case": true,
                    "match_entire": false, "regex": false});
                Table::of(run("replace", params, &written).silent())
            }
            false => written,
        };
        let params = json!({"colnames": ["A"], "extract": false, "input_number_type": "any",
            "input_locale": if eu { "eu" } else { "us" }, "error_means_null": false, "output_format": "{:,d}"});
        assert_unchanged(&run("converttexttonumber", params, &written).silent(), &table);
    }
}

/// An expression that matches just this text.
fn regex_syntax_escape(text: &str) -> String {
    text.chars().flat_map(|c| c.is_ascii_punctuation().then_some('\\').into_iter().chain([c])).collect()
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn clean_text_keeps_what_it_would_delete(table in texts(), kinds in any::<[bool; 4]>()) {
        let [kept, rest] = [true, false].map(|keep| {
            first_texts(&run("clean-text", clean_text("nop", false, "nop", keep, kinds), &table).silent())
        });
        for ((text, kept), rest) in first_texts(&table.table).iter().zip(&kept).zip(&rest) {
            let count = |text: &str| text.chars().count();
            let spaces = rest.chars().filter(|c| is_space(*c)).count();
            prop_assert_eq!(count(kept) + count(rest), count(text) + spaces, "{:?} {:?} {:?}", text, kept, rest);
        }
    }

    #[test]
    fn decimals_come_back_from_text(
        numbers in prop::collection::vec(prop::option::of(-1e9..1e9_f64), 0..12),
        extract in any::<bool>(),
    ) {
        let values: Vec<Value> = numbers.iter().map(|number| number.map_or(Value::Null, |number| json!((number * 1e4).round() / 1e4))).collect();
        let column = CaseColumn {
            name: "A".to_owned(), kind: "number".to_owned(), format: Some("{:,.4f}".to_owned()), storage: None, unit: None,
            dictionary: false, values,
        };
        let table = Table::of(CaseTable { columns: vec![column] });
        let written = Table::of(run("converttotext", json!({"colnames": ["A"]}), &table).silent());
        let params = json!({"colnames": ["A"], "extract": extract, "input_number_type": "float", "input_locale": "us",
            "error_means_null": false, "output_format": "{:,.4f}"});
        let found = run("converttexttonumber", params, &written).silent();
        prop_assert_eq!(heads(&found), heads(&table.table));
        assert_near(&found.columns[0].values, &table.columns()[0].values, 1e-12);
    }

    #[test]
    fn texts_that_are_no_numbers_are_told_or_nulls(table in texts(), extract in any::<bool>()) {
        let params = |lenient: bool| json!({"colnames": ["A"], "extract": extract, "input_number_type": "any", "input_locale": "us",
            "error_means_null": lenient, "output_format": "{:,}"});
        let found = run("converttexttonumber", params(true), &table).silent();
        prop_assert_eq!(found.columns[0].kind.as_str(), "number");
        let cells = table.columns()[0].values.iter().zip(&found.columns[0].values);
        let lost = cells.clone().filter(|(text, number)| !text.is_null() && number.is_null()).count();
        prop_assert!(cells.clone().all(|(text, number)| number.is_null() || !text.is_null()));
        let strict = run("converttexttonumber", params(false), &table);
        if lost == 0 {
            prop_assert_eq!(crate::tables::cells(&strict.silent()), crate::tables::cells(&found));
        } else {
            prop_assert_eq!(strict.ids(), ["ErrorCount.message"]);
            prop_assert!(strict.table.is_none());
        }
    }

    #[test]
    fn formatnumbers_changes_formats_alone(table in table(), format in select(vec!["{:,.1f}", "{:d}", "€{:,}", "{:.0%}"])) {
        let numbers: Vec<&str> =
            table.columns().iter().filter(|column| column.kind == "number").map(|column| column.name.as_str()).collect();
        let found = run("formatnumbers", json!({"colnames": numbers, "format": format}), &table).silent();
        let mut expected = table.clone();
        for column in expected.table.columns.iter_mut().filter(|column| column.kind == "number") {
            column.format = Some(format.to_owned());
        }
        assert_unchanged(&found, &expected);
    }

    #[test]
    fn converttotext_writes_every_value(table in table()) {
        let found = run("converttotext", json!({"colnames": table.names()}), &table).silent();
        for (found, column) in found.columns.iter().zip(table.columns()) {
            prop_assert_eq!((&found.name, found.kind.as_str()), (&column.name, "text"));
            let nulls = |column: &CaseColumn| column.values.iter().map(Value::is_null).collect::<Vec<_>>();
            prop_assert_eq!(nulls(found), nulls(column));
            if column.kind == "text" {
                prop_assert_eq!(&found.values, &column.values);
            }
        }
        // What is text by now stays.
        let once = Table::of(found);
        let again = run("converttotext", json!({"colnames": once.names()}), &once).silent();
        prop_assert_eq!(cells(&again), cells(&once.table));
        prop_assert!(cells(&again).iter().flatten().all(|cell| plain(cell) == *cell));
    }
}
