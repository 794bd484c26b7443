//! Names for columns: without control characters, short enough, each one once. Steps that name columns and the host,
//! which reads CSV files, give the same names.

use std::collections::{HashMap, HashSet};

use crate::{I18nMessage, Source};

/// The longest name that a column may have, in bytes of UTF-8.
pub const MAX_COLUMN_NAME_BYTES: usize = 120;

/// A name, and what had to be done to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CleanName {
    /// The name as it is now.
    pub name: String,
    /// Control characters were taken out.
    pub ascii_cleaned: bool,
    /// Nothing was left, so it is `Column N` now, N being its place from 1 on, behind the columns that are there.
    pub defaulted: bool,
    /// It was too long.
    pub truncated: bool,
    /// It was there already, so it has a number now.
    pub numbered: bool,
}

/// One name without characters below U+0020, cut to `max_bytes` bytes at a character's border. It may be empty.
pub fn clean_colname(name: &str, max_bytes: usize) -> CleanName {
    let mut clean: String = name.chars().filter(|character| *character >= ' ').collect();
    let ascii_cleaned = clean.len() < name.len();
    let truncated = clean.len() > max_bytes;
    clean.truncate(clean.floor_char_boundary(max_bytes));
    CleanName { name: clean, ascii_cleaned, truncated, ..CleanName::default() }
}

/// Names for the columns of a table that has columns of `existing` names already: clean, and each one once.
///
/// Names that were asked for in so many words are given first; who asks for one a second time gets the next free number
/// behind it: `A`, `A 2`, `A 3`.
pub fn unique_colnames(names: &[String], existing: &[String], max_bytes: usize) -> Vec<CleanName> {
    let mut clean: Vec<CleanName> = names.iter().map(|name| clean_colname(name, max_bytes)).collect();
    for (place, name) in (existing.len() + 1..).zip(&mut clean) {
        if name.name.is_empty() {
            name.name = format!("Column {place}");
            name.defaulted = true;
        }
    }
    let mut taken: HashSet<String> = existing.iter().cloned().collect();
    let mut first = vec![false; clean.len()];
    // What was asked for in so many words goes before what was made up.
    for defaulted in [false, true] {
        for (name, first) in clean.iter().zip(&mut first).filter(|(name, _)| name.defaulted == defaulted) {
            *first = taken.insert(name.name.clone());
        }
    }
    let mut tried = HashMap::new();
    for (name, first) in clean.iter_mut().zip(first) {
        if !first {
            number(name, &taken, &mut tried, max_bytes);
            taken.insert(name.name.clone());
        }
    }
    clean
}

/// [`unique_colnames`], and a warning for each thing that had to be done to a name.
pub fn unique_colnames_and_warnings(
    names: &[String],
    existing: &[String],
    max_bytes: usize,
) -> (Vec<String>, Vec<I18nMessage>) {
    let clean = unique_colnames(names, existing, max_bytes);
    let mut warnings = Vec::new();
    let mut warn = |id: &str, is: fn(&CleanName) -> bool| {
        let mut concerned = clean.iter().filter(|name| is(name));
        let Some(first) = concerned.next() else { return };
        let count = i32::try_from(1 + concerned.count()).unwrap_or(i32::MAX);
        let mut message = I18nMessage::new(format!("util.colnames.warnings.{id}"))
            .arg("n_columns", count)
            .arg("first_colname", first.name.as_str())
            .from_source(Source::Cjwmodule);
        if id == "truncated" {
            message = message.arg("n_bytes", i32::try_from(max_bytes).unwrap_or(i32::MAX));
        }
        warnings.push(message);
    };
    warn("ascii_cleaned", |name| name.ascii_cleaned);
    warn("default", |name| name.defaulted);
    warn("truncated", |name| name.truncated);
    warn("numbered", |name| name.numbered);
    (clean.into_iter().map(|name| name.name).collect(), warnings)
}

/// Gives a name the first number that is free, counting on from the one it ends in.
///
/// `tried` tells how far the count has come for a name that was numbered before: no number is free twice.
fn number(name: &mut CleanName, taken: &HashSet<String>, tried: &mut HashMap<String, u64>, max_bytes: usize) {
    let (stem, start) = match name.name.rsplit_once(' ') {
        Some((stem, digits)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            (stem, digits.parse::<u64>().ok().filter(|start| *start < u64::MAX / 2))
        }
        _ => (name.name.as_str(), Some(1)),
    };
    // Digits that leave nothing to count on to, or none at all, are part of the name.
    let (stem, start) = start.map_or((name.name.as_str(), 1), |start| (stem, start));
    let from = tried.get(&name.name).copied().unwrap_or(start).saturating_add(1);
    for number in from..=u64::MAX {
        let suffix = format!(" {number}");
        let cut = stem.floor_char_boundary(max_bytes.saturating_sub(suffix.len()));
        let candidate = format!("{}{suffix}", &stem[..cut]);
        if !taken.contains(&candidate) {
            name.truncated |= cut < stem.len();
            name.numbered = true;
            tried.insert(std::mem::replace(&mut name.name, candidate), number);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn flags(name: &CleanName) -> Value {
        let all = [
            ("ascii_cleaned", name.ascii_cleaned),
            ("default", name.defaulted),
            ("truncated", name.truncated),
            ("numbered", name.numbered),
        ];
        all.into_iter()
            .filter(|(_, on)| *on)
            .map(|(key, _)| (key.to_owned(), true.into()))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }

    #[test]
    fn the_conformance_cases_pass() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/lib/colnames.json");
        let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert!(!cases.is_empty());
        for case in cases {
            let max_bytes = usize::try_from(case["max_bytes"].as_u64().unwrap()).unwrap();
            let mut got = json!({});
            if case["kind"] == "clean_colname" {
                let clean = clean_colname(case["name"].as_str().unwrap(), max_bytes);
                got["name"] = clean.name.clone().into();
                got["flags"] = flags(&clean);
            } else {
                let list = |key: &str| serde_json::from_value::<Vec<String>>(case[key].clone()).unwrap();
                let (names, existing) = (list("names"), list("existing_names"));
                let (unique, warnings) = unique_colnames_and_warnings(&names, &existing, max_bytes);
                got["names"] = unique.into();
                if case["expect"].get("warnings").is_some() {
                    got["warnings"] = serde_json::to_value(warnings).unwrap();
                } else {
                    let clean = unique_colnames(&names, &existing, max_bytes);
                    got["flags"] = clean.iter().map(flags).collect::<Vec<_>>().into();
                }
            }
            assert_eq!(got, case["expect"], "{}", case["id"]);
        }
    }

    #[test]
    fn names_of_the_table_are_taken() {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let unique = unique_colnames(&names(&["A", "B", "A "]), &names(&["A", "A 2"]), 120);
        let got: Vec<&str> = unique.iter().map(|name| name.name.as_str()).collect();
        assert_eq!(got, ["A 3", "B", "A "]);
        let large = names(&["A 18446744073709551615"; 2]);
        assert_eq!(unique_colnames(&large, &[], 120)[1].name, "A 18446744073709551615 2");
        assert_eq!(unique_colnames(&names(&[""]), &names(&["A"]), 120)[0].name, "Column 2");
        let made_up = unique_colnames(&names(&["", "Column 1", ""]), &[], 120);
        let got: Vec<&str> = made_up.iter().map(|name| name.name.as_str()).collect();
        assert_eq!(got, ["Column 2", "Column 1", "Column 3"]);
    }

    proptest! {
        #[test]
        fn names_are_clean_and_unique(
            names in prop::collection::vec("(\\PC|[\\x00-\\x1f]|[ab 12]){0,6}", 0..12),
            existing in prop::collection::hash_set("[ab 12]{1,4}", 0..5),
        ) {
            let existing: Vec<String> = existing.into_iter().collect();
            let unique = unique_colnames(&names, &existing, 12);
            let all: HashSet<&str> = unique.iter().map(|name| name.name.as_str()).chain(existing.iter().map(String::as_str)).collect();
            prop_assert_eq!(all.len(), names.len() + existing.len());
            for name in &unique {
                prop_assert!(!name.name.is_empty() && name.name.len() <= 12);
                prop_assert!(!name.name.chars().any(|character| character < ' '));
            }
        }
    }
}
