//! The rules, case by case; the rest is in the conformance cases.

use crunchbox_sdk::testing::{assert_table, dictionary, integer, run, table, text};
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn params(changes: Value) -> Value {
    let mut params = json!({"colnames": ["A"], "type_space": "nop", "condense": false, "type_caps": "nop",
        "type_char": false, "letter": false, "number": false, "punc": false, "custom": false, "chars": ""});
    for (name, value) in changes.as_object().unwrap() {
        params[name] = value.clone();
    }
    params
}

#[track_caller]
fn assert_cleaned(changes: Value, cell: &str, expected: &str) {
    let output = run(render, table([text("A", [Some(cell), None])]), params(changes)).unwrap();
    assert_table(&output, &table([text("A", [Some(expected), None])]));
}

#[test]
fn spaces_are_tidied() {
    let cell = "\u{a0} a\n \tb \u{1f}";
    assert_cleaned(json!({"type_space": "trim_around"}), cell, "a\n \tb");
    assert_cleaned(json!({"type_space": "trim_before"}), cell, "a\n \tb \u{1f}");
    assert_cleaned(json!({"type_space": "trim_after"}), cell, "\u{a0} a\n \tb");
    assert_cleaned(json!({"type_space": "remove_all", "condense": true}), cell, "ab");
    assert_cleaned(json!({"condense": true}), cell, " a b ");
    assert_cleaned(json!({}), cell, cell);
}

#[test]
fn characters_are_deleted_or_kept() {
    let cell = "aé_1٣² .$-]^";
    assert_cleaned(json!({"letter": true}), cell, "_1٣ .$-]^");
    assert_cleaned(json!({"number": true}), cell, "aé_² .$-]^");
    assert_cleaned(json!({"punc": true}), cell, "aé1٣² $^");
    assert_cleaned(json!({"punc": true}), "§ “a”\u{200d}⁄、〜b¶", "§ ab¶");
    assert_cleaned(json!({"custom": true, "chars": "^-]"}), cell, "aé_1٣² .$");
    assert_cleaned(json!({"chars": "^-]"}), cell, cell);
    assert_cleaned(json!({"type_char": true, "letter": true}), cell, "aé² ");
    assert_cleaned(
        json!({"type_char": true, "number": true, "custom": true, "chars": "^\\-"}),
        cell,
        "1٣ -^",
    );
    assert_cleaned(json!({"type_char": true}), cell, " ");
}

#[test]
fn case_is_unicodes() {
    assert_cleaned(json!({"type_caps": "upper"}), "straße ﬁ", "STRASSE FI");
    assert_cleaned(json!({"type_caps": "lower"}), "ΟΔΟΣ", "οδος");
}

#[test]
fn characters_go_before_spaces() {
    assert_cleaned(
        json!({"punc": true, "type_space": "trim_around", "condense": true}),
        ".. a . b ..",
        "a b",
    );
}

#[test]
fn dictionaries_are_cleaned_and_other_columns_are_not() {
    let input =
        [dictionary("A", [Some("x"), Some("X"), Some("x"), Some("X"), None]), integer("B", [None; 5])];
    let mut upper = params(json!({"type_caps": "upper"}));
    upper["colnames"] = json!(["A", "B"]);
    let expected = dictionary("A", [Some("X"), Some("X"), Some("X"), Some("X"), None]);
    assert_table(&run(render, table(input), upper).unwrap(), &table([expected, integer("B", [None; 5])]));
}

#[test]
fn old_params_are_migrated() {
    let old = json!({"colnames": "A,B", "type_space": 3, "type_caps": 1, "type_char": 0, "letter": true});
    let new = json!({"colnames": ["A", "B"], "type_space": "remove_all", "type_caps": "upper",
        "type_char": false, "letter": false, "number": false, "punc": false, "custom": false});
    assert_eq!(migrate(old.as_object().unwrap().clone()), *new.as_object().unwrap());
    let keep = json!({"type_char": "keep"});
    assert_eq!(migrate(keep.as_object().unwrap().clone())["type_char"], true);
}

proptest! {
    #[test]
    fn what_is_clean_stays_so(cell: String, condense: bool, type_char: bool, letter: bool, punc: bool) {
        let options = params(json!({"condense": condense, "type_char": type_char, "letter": letter,
            "punc": punc, "type_space": "trim_around"}));
        let cleaning = Cleaning::new(&serde_json::from_value(options).unwrap()).unwrap();
        let once = cleaning.clean(&cell);
        prop_assert_eq!(&cleaning.clean(&once), &once);
    }
}
