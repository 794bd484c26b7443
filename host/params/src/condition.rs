//! Filter conditions: how they are stored, and how a step sees them.
//!
//! Stored: `and`/`or` of `and`/`or` of comparisons, exactly two levels, every comparison with the same five keys.
//! Cleaned: no empty parts, no level with a single child, `not` around the comparison that is negated, and only
//! the keys that the comparison uses.

use chrono::NaiveDate;
use crunchbox_protocol::JsonMap;
use serde_json::{Value, json};

use crate::path::Path;
use crate::prompt::{Prompts, Wanted};
use crate::schema::{ColumnKind, ParamError, check_fields, check_text};

const LEVEL_KEYS: [&str; 2] = ["operation", "conditions"];
const LEAF_KEYS: [&str; 5] = ["operation", "column", "value", "isCaseSensitive", "isRegex"];

/// What a stored comparison may be; `""` is one that the user has not chosen yet.
const OPERATIONS: [&str; 21] = [
    "",
    "cell_is_empty",
    "cell_is_not_empty",
    "cell_is_null",
    "cell_is_not_null",
    "text_contains",
    "text_does_not_contain",
    "text_is",
    "text_is_not",
    "timestamp_is",
    "timestamp_is_not",
    "timestamp_is_after",
    "timestamp_is_after_or_equals",
    "timestamp_is_before",
    "timestamp_is_before_or_equals",
    "number_is",
    "number_is_not",
    "number_is_greater_than",
    "number_is_greater_than_or_equals",
    "number_is_less_than",
    "number_is_less_than_or_equals",
];

/// Whether `value` is a stored condition.
pub(crate) fn check(value: &Value, path: &Path) -> Result<(), ParamError> {
    each_child(value, path, |value, path| each_child(value, path, check_leaf))
}

/// Checks one level, and its children by `check`.
fn each_child(
    value: &Value,
    path: &Path,
    check: impl Fn(&Value, &Path) -> Result<(), ParamError>,
) -> Result<(), ParamError> {
    let level = object(value, path, "give {operation, conditions}; a condition has exactly two such levels")?;
    check_fields(level, &LEVEL_KEYS, path)?;
    if !matches!(level["operation"].as_str(), Some("and" | "or")) {
        let expected = "give \"and\" or \"or\"";
        return Err(ParamError::wrong(&path.key("operation"), &level["operation"], expected));
    }
    let path = path.key("conditions");
    for (index, child) in list(&level["conditions"], &path)?.iter().enumerate() {
        check(child, &path.index(index))?;
    }
    Ok(())
}

fn check_leaf(value: &Value, path: &Path) -> Result<(), ParamError> {
    let leaf = object(value, path, "give a comparison")?;
    check_fields(leaf, &LEAF_KEYS, path)?;
    let operation = text(leaf, "operation", path)?;
    if !OPERATIONS.contains(&operation) {
        let expected = operations();
        return Err(ParamError::wrong(&path.key("operation"), &leaf["operation"], expected));
    }
    for key in ["column", "value"] {
        check_text(text(leaf, key, path)?, &leaf[key], &path.key(key))?;
    }
    for key in ["isCaseSensitive", "isRegex"] {
        boolean(leaf, key, path)?;
    }
    Ok(())
}

/// What [`check`] takes, as a JSON Schema.
pub(crate) fn json_schema() -> Value {
    let text = json!({"type": "string", "pattern": "^[^\\u0000]*$"});
    let flag = json!({"type": "boolean"});
    let leaf = json!({
        "type": "object",
        "properties": {
            "operation": {"enum": OPERATIONS},
            "column": text,
            "value": text,
            "isCaseSensitive": flag,
            "isRegex": flag,
        },
        "required": LEAF_KEYS,
        "additionalProperties": false,
    });
    let level = |items: Value| {
        json!({
            "type": "object",
            "properties": {"operation": {"enum": ["and", "or"]}, "conditions": {"type": "array", "items": items}},
            "required": LEVEL_KEYS,
            "additionalProperties": false,
        })
    };
    level(level(leaf))
}

/// The condition as a step sees it; null if nothing of it is left. Takes the stored form, any mixture of levels,
/// and the cleaned form, which stays as it is.
///
/// `kind` tells of a column whether it is there and what it holds. What the user has to mend goes to `prompts`.
pub(crate) fn clean(
    value: &Value,
    path: &Path,
    kind: &impl Fn(&str) -> Option<Option<ColumnKind>>,
    prompts: &mut Prompts,
) -> Result<Value, ParamError> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let map = object(value, path, "give a condition: {operation, …}, or null")?;
    match text(map, "operation", path)? {
        "" => Ok(Value::Null),
        operation @ ("and" | "or") => {
            let path = path.key("conditions");
            let mut children = Vec::new();
            for (index, child) in
                list(map.get("conditions").unwrap_or(&Value::Null), &path)?.iter().enumerate()
            {
                let child = clean(child, &path.index(index), kind, prompts)?;
                if !child.is_null() {
                    children.push(child);
                }
            }
            Ok(match children.len() {
                0 => Value::Null,
                1 => children.remove(0),
                _ => json!({"operation": operation, "conditions": children}),
            })
        }
        "not" => {
            let child = map.get("condition").unwrap_or(&Value::Null);
            Ok(negate(clean(child, &path.key("condition"), kind, prompts)?))
        }
        operation => clean_leaf(map, operation, path, kind, prompts),
    }
}

fn clean_leaf(
    map: &JsonMap,
    operation: &str,
    path: &Path,
    kind: &impl Fn(&str) -> Option<Option<ColumnKind>>,
    prompts: &mut Prompts,
) -> Result<Value, ParamError> {
    let column = text(map, "column", path)?;
    let Some(found) = kind(column) else {
        return Ok(Value::Null);
    };
    let (positive, negated) = split_not(operation);

    let mut leaf = JsonMap::new();
    leaf.insert("operation".to_owned(), Value::from(positive.as_str()));
    leaf.insert("column".to_owned(), Value::from(column));
    if operation.starts_with("cell_") {
        // Any kind of cell can be asked whether it is empty.
    } else if operation.starts_with("text_") {
        prompts.want(column, found, &Wanted::from([ColumnKind::Text]));
        leaf.insert("value".to_owned(), Value::from(text(map, "value", path)?));
        for key in ["isCaseSensitive", "isRegex"] {
            leaf.insert(key.to_owned(), Value::from(boolean(map, key, path)?));
        }
    } else if operation.starts_with("number_") {
        let entered = map.get("value").unwrap_or(&Value::Null);
        let number = match entered {
            Value::Number(number) => number.as_f64(),
            _ => parse_number(text(map, "value", path)?),
        };
        if prompts.want(column, found, &Wanted::from([ColumnKind::Number])) && number.is_none() {
            prompts.not_a_number(text(map, "value", path)?);
        }
        leaf.insert("value".to_owned(), Value::from(number));
    } else if operation.starts_with("timestamp_") {
        let entered = text(map, "value", path)?;
        let wanted = Wanted::from([ColumnKind::Date, ColumnKind::Timestamp]);
        if prompts.want(column, found, &wanted) && !is_timestamp(entered) {
            prompts.not_a_timestamp(entered);
        }
        leaf.insert("value".to_owned(), Value::from(entered));
    } else {
        let expected = operations();
        return Err(ParamError::wrong(&path.key("operation"), &map["operation"], expected));
    }
    let leaf = Value::Object(leaf);
    Ok(if negated { negate(leaf) } else { leaf })
}

/// What to give instead of an operation that there isn't.
fn operations() -> String {
    format!("give one of: {}", OPERATIONS.map(|word| format!("{word:?}")).join(", "))
}

fn negate(condition: Value) -> Value {
    if condition.is_null() { condition } else { json!({"operation": "not", "condition": condition}) }
}

/// The comparison without its negation, and whether it had one.
fn split_not(operation: &str) -> (String, bool) {
    if let Some(rest) = operation.strip_prefix("cell_is_not_") {
        (format!("cell_is_{rest}"), true)
    } else if let Some(rest) = operation.strip_suffix("_does_not_contain") {
        (format!("{rest}_contains"), true)
    } else if let Some(rest) = operation.strip_suffix("_is_not") {
        (format!("{rest}_is"), true)
    } else {
        (operation.to_owned(), false)
    }
}

/// A finite number, with spaces around it or not.
fn parse_number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// `2020-01-02`, or with a time: `2020-01-02T03:04`, seconds and up to nine decimals if need be, then `Z`, an
/// offset such as `+05:00`, or nothing, which means UTC.
fn is_timestamp(text: &str) -> bool {
    let (date, time) = text.split_once('T').map_or((text, None), |(date, time)| (date, Some(time)));
    is_date(date) && time.is_none_or(is_time)
}

pub(crate) fn is_date(date: &str) -> bool {
    let Some((year, month, day)) = date.get(..10).filter(|_| date.len() == 10).and_then(|date| {
        let mut parts = date.split('-').map(digits);
        Some((parts.next()??, parts.next()??, parts.next()??)).filter(|_| parts.next().is_none())
    }) else {
        return false;
    };
    let widths_fit = date.as_bytes()[4] == b'-' && date.as_bytes()[7] == b'-';
    widths_fit && year > 0 && NaiveDate::from_ymd_opt(year as i32, month, day).is_some()
}

fn is_time(time: &str) -> bool {
    let zone = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone);
    let zone_fits = match zone.as_bytes() {
        b"" | b"Z" => true,
        [_, offset @ ..] => match std::str::from_utf8(offset) {
            Ok(offset) if zone.starts_with('Z') => offset.is_empty(),
            Ok(offset) => is_clock(offset, 2),
            Err(_) => false,
        },
    };
    let (clock, decimals) = clock.split_once('.').map_or((clock, None), |(clock, rest)| (clock, Some(rest)));
    let decimals_fit = decimals.is_none_or(|decimals| {
        (1..=9).contains(&decimals.len()) && decimals.bytes().all(|byte| byte.is_ascii_digit())
    });
    let clock_fits = is_clock(clock, 3) || (decimals.is_none() && is_clock(clock, 2));
    zone_fits && decimals_fit && clock_fits
}

/// Hours and minutes, and seconds if there are to be three `parts`, two digits each.
fn is_clock(clock: &str, parts: usize) -> bool {
    let fits =
        |(part, bound): (&str, u32)| part.len() == 2 && digits(part).is_some_and(|number| number < bound);
    clock.split(':').count() == parts && clock.split(':').zip([24, 60, 60]).all(fits)
}

fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn object<'v>(value: &'v Value, path: &Path, expected: &str) -> Result<&'v JsonMap, ParamError> {
    value.as_object().ok_or_else(|| ParamError::wrong(path, value, expected))
}

fn list<'v>(value: &'v Value, path: &Path) -> Result<&'v [Value], ParamError> {
    value
        .as_array()
        .map(Vec::as_slice)
        .ok_or_else(|| ParamError::wrong(path, value, "give a list of conditions"))
}

fn text<'v>(map: &'v JsonMap, key: &str, path: &Path) -> Result<&'v str, ParamError> {
    let value = map.get(key).unwrap_or(&Value::Null);
    value.as_str().ok_or_else(|| ParamError::wrong(&path.key(key), value, "give a text"))
}

fn boolean(map: &JsonMap, key: &str, path: &Path) -> Result<bool, ParamError> {
    let value = map.get(key).unwrap_or(&Value::Null);
    value.as_bool().ok_or_else(|| ParamError::wrong(&path.key(key), value, "give true or false"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps() {
        for good in [
            "2020-01-01",
            "2020-02-29T23:59",
            "2020-01-01T11:11Z",
            "2020-01-01T05:00:00.000000001+05:00",
            "0001-01-01T00:00:00.5-11:30",
        ] {
            assert!(is_timestamp(good), "{good}");
        }
        for bad in [
            "",
            "yesterday",
            "2020-1-1",
            "20-01-2020",
            "2020-02-30",
            "2021-02-29",
            "0000-01-01",
            "2020-01-01 11:11",
            "2020-01-01T",
            "2020-01-01T1:11",
            "2020-01-01T24:00",
            "2020-01-01T11:60",
            "2020-01-01T11:11.5",
            "2020-01-01T11:11:11.",
            "2020-01-01T11:11:11.0123456789",
            "2020-01-01T11:11Z+01:00",
            "2020-01-01T11:11+1:00",
            "2020-01-01T11:11é",
            "２020-01-01",
            "+020-01-01",
        ] {
            assert!(!is_timestamp(bad), "{bad}");
        }
    }

    #[test]
    fn numbers_are_finite() {
        assert_eq!(parse_number(" -1.5e3 "), Some(-1500.0));
        for bad in ["", "1,000", "inf", "NaN", "1e999", "0x10"] {
            assert_eq!(parse_number(bad), None, "{bad}");
        }
    }

    #[test]
    fn negations_are_told_apart() {
        for operation in OPERATIONS {
            let (positive, negated) = split_not(operation);
            assert!(OPERATIONS.contains(&positive.as_str()), "{operation} became {positive}");
            assert_eq!(negated, operation.contains("not"), "{operation}");
        }
    }

    #[test]
    fn stored_conditions_have_two_levels() {
        let leaf = json!({"operation": "text_is", "column": "A", "value": "", "isCaseSensitive": true, "isRegex": false});
        let stored = |leaf: Value| json!({"operation": "and", "conditions": [{"operation": "or", "conditions": [leaf]}]});
        let error = |value: Value| check(&value, &Path::Root).unwrap_err().to_string();
        check(&stored(leaf.clone()), &Path::Root).unwrap();
        check(&json!({"operation": "or", "conditions": []}), &Path::Root).unwrap();
        assert!(error(json!({"operation": "and", "conditions": [leaf]})).contains("conditions[0]"));
        assert!(
            error(json!({"operation": "nor", "conditions": []}))
                .contains(r#"operation is "nor"; give "and" or"#)
        );
        let mut wrong = leaf.clone();
        wrong["operation"] = json!("text_is_like");
        let message = error(stored(wrong));
        assert!(
            message.starts_with(r#"the param conditions[0].conditions[0].operation is "text_is_like""#),
            "{message}"
        );
        assert!(message.contains("\"number_is_less_than_or_equals\""), "{message}");
        let mut wrong = leaf.clone();
        wrong["value"] = json!(3);
        assert!(error(stored(wrong)).contains("conditions[0].conditions[0].value is 3; give a text"));
        let mut wrong = leaf;
        wrong.as_object_mut().unwrap().remove("isRegex");
        assert!(error(stored(wrong)).contains("isRegex is missing"));
    }
}
