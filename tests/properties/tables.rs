//! Tables of all that tables may hold, and looking at them.

use std::cmp::Ordering;

use chrono::{DateTime, NaiveDate, SecondsFormat};
use crunchbox_tests::{CaseColumn, CaseTable};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// A table, and how many rows each of its record batches has.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) table: CaseTable,
    pub(crate) batch_rows: usize,
}

/// What columns are called, in their order. No name needs cleaning.
pub(crate) const NAMES: [&str; 4] = ["A", "B 1", "ключ", "🙂"];

const WIDTHS: [&str; 11] = [
    "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64",
];

const FORMATS: [&str; 6] = ["{:,}", "{}", "{:d}", "{:,.2f}", "{:,.1%}", "${:,.2f}!"];

/// Texts that have been trouble to someone.
const ODD_TEXTS: [&str; 20] = [
    "",
    " ",
    "\n",
    "\t \u{a0}",
    "ß",
    "SS",
    "İ",
    "e\u{301}",
    "é",
    "שלום",
    "a\u{202e}b",
    "👩\u{200d}👩\u{200d}👧",
    "𝔘𝔫𝔦",
    "1,234.5",
    "-0",
    "NaN",
    "null",
    "'; --",
    "\"\\0",
    "a-b--c",
];

/// A table of one to four columns of any kind.
pub(crate) fn table() -> impl Strategy<Value = Table> {
    table_of(prop::collection::vec(kind(), 1..=NAMES.len()))
}

/// A table of columns of these kinds.
pub(crate) fn table_of<S: Strategy<Value = Vec<Kind>>>(kinds: S) -> impl Strategy<Value = Table> {
    (rows(), kinds, select(vec![1, 3, usize::MAX])).prop_flat_map(|(rows, kinds, batch_rows)| {
        let columns: Vec<_> = kinds.iter().zip(NAMES).map(|(kind, name)| column(name, *kind, rows)).collect();
        columns.prop_map(move |columns| Table { table: CaseTable { columns }, batch_rows })
    })
}

/// Tables have few rows: what goes wrong, goes wrong with few. One in ten has none.
fn rows() -> impl Strategy<Value = usize> {
    prop_oneof![1 => Just(0_usize), 9 => 1..=14_usize]
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Text,
    Number,
    /// Numbers that are whole.
    Whole,
    Timestamp,
    Date,
}

pub(crate) fn kind() -> impl Strategy<Value = Kind> {
    select(vec![Kind::Text, Kind::Number, Kind::Whole, Kind::Timestamp, Kind::Date])
}

/// A column with nulls in none, some or all of its rows.
fn column(name: &'static str, kind: Kind, rows: usize) -> BoxedStrategy<CaseColumn> {
    let head = (select(WIDTHS.to_vec()), select(FORMATS.to_vec()), unit(), any::<bool>(), any::<bool>());
    let valued = select(vec![0.9999, 0.9999, 0.7, 0.7, 0.7, 0.7, 0.7, 0.0001]);
    (head, valued)
        .prop_flat_map(move |((width, format, unit, dictionary, alike), valued)| {
            let width = if kind == Kind::Whole { width.replace("float", "int") } else { width.to_owned() };
            let cell = match kind {
                Kind::Text => text(alike).prop_map(Value::from).boxed(),
                Kind::Number | Kind::Whole => number(&width, alike),
                Kind::Timestamp => timestamp(alike).boxed(),
                Kind::Date => date(unit, alike).boxed(),
            };
            let cell = prop::option::weighted(valued, cell).prop_map(|cell| cell.unwrap_or(Value::Null));
            prop::collection::vec(cell, rows).prop_map(move |values| {
                let (kind, format, unit) = match kind {
                    Kind::Text => ("text", None, None),
                    Kind::Number | Kind::Whole => ("number", Some(format), None),
                    Kind::Timestamp => ("timestamp", None, None),
                    Kind::Date => ("date", None, Some(unit)),
                };
                CaseColumn {
                    name: name.to_owned(),
                    kind: kind.to_owned(),
                    format: format.map(str::to_owned),
                    storage: Some(width.clone()),
                    unit: unit.map(str::to_owned),
                    dictionary,
                    values,
                }
            })
        })
        .boxed()
}

pub(crate) fn unit() -> impl Strategy<Value = &'static str> {
    select(vec!["day", "week", "month", "quarter", "year"])
}

/// `alike`: of few, so that some are the same.
pub(crate) fn text(alike: bool) -> impl Strategy<Value = String> {
    let odd = select(ODD_TEXTS.to_vec()).prop_map(str::to_owned);
    if alike {
        prop_oneof![3 => "[aAb]{0,2}".boxed(), 1 => odd.boxed()]
    } else {
        prop_oneof![2 => r"\PC{0,9}".boxed(), 1 => odd.boxed()]
    }
}

fn number(width: &str, alike: bool) -> BoxedStrategy<Value> {
    macro_rules! whole {
        ($type:ty) => {
            prop_oneof![3 => any::<$type>(), 1 => select(vec![<$type>::MIN, <$type>::MAX, 0])]
                .prop_map(Value::from)
                .boxed()
        };
    }
    if alike {
        return match width {
            "float16" | "float32" | "float64" => {
                select(vec![-1.5, -0.0, 0.0, 0.5, 2.0]).prop_map(Value::from).boxed()
            }
            _ => (0..4_u8).prop_map(Value::from).boxed(),
        };
    }
    match width {
        "int8" => whole!(i8),
        "int16" => whole!(i16),
        "int32" => whole!(i32),
        "int64" => whole!(i64),
        "uint8" => whole!(u8),
        "uint16" => whole!(u16),
        "uint32" => whole!(u32),
        "uint64" => whole!(u64),
        "float16" => {
            let finite =
                any::<u16>().prop_map(half::f16::from_bits).prop_filter("finite", |half| half.is_finite());
            finite.prop_map(|half| json!(half.to_f64())).boxed()
        }
        "float32" => prop::num::f32::NORMAL.prop_map(|float| json!(f64::from(float))).boxed(),
        _ => {
            let extreme = select(vec![
                f64::MAX,
                f64::MIN,
                f64::MIN_POSITIVE,
                5e-324,
                0.1,
                -0.0,
                9_007_199_254_740_993.0,
            ]);
            prop_oneof![2 => -1e6..1e6, 1 => prop::num::f64::NORMAL, 1 => extreme]
                .prop_map(|float| json!(float))
                .boxed()
        }
    }
}

/// All that 64 bits of nanoseconds hold, but for the least, which stands for no time in pandas.
pub(crate) fn timestamp(alike: bool) -> impl Strategy<Value = Value> {
    let nanos = match alike {
        true => select(vec![0, 1, -1, 1_600_000_000_000_000_000, 1_600_000_000_123_456_789]).boxed(),
        false => prop_oneof![
            3 => -4_000_000_000_000_000_000_i64..4_000_000_000_000_000_000,
            2 => (-9_000_000_000_i64..9_000_000_000).prop_map(|seconds| seconds * 1_000_000_000),
            1 => select(vec![i64::MIN + 1, i64::MAX]),
        ]
        .boxed(),
    };
    nanos.prop_map(timestamp_value)
}

pub(crate) fn timestamp_value(nanos: i64) -> Value {
    json!(DateTime::from_timestamp_nanos(nanos).to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

/// The first days of units from year 1 to year 9999.
fn date(unit: &'static str, alike: bool) -> impl Strategy<Value = Value> {
    let days = if alike { 0..120 } else { -719_162..2_932_897 };
    days.prop_map(move |day| json!(first_day(unit, NaiveDate::from_epoch_days(day).unwrap()).to_string()))
}

/// The first day of the unit that a day is in. No week begins in the year 0.
pub(crate) fn first_day(unit: &str, day: NaiveDate) -> NaiveDate {
    use chrono::Datelike;
    let month = |month| NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap();
    match unit {
        "week" => day - chrono::Days::new(u64::from(day.weekday().num_days_from_monday())),
        "month" => month(day.month()),
        "quarter" => month(day.month0() / 3 * 3 + 1),
        "year" => month(1),
        _ => day,
    }
}

impl Table {
    pub(crate) fn columns(&self) -> &[CaseColumn] {
        &self.table.columns
    }

    pub(crate) fn rows(&self) -> usize {
        self.table.columns.first().map_or(0, |column| column.values.len())
    }

    /// The columns' names.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.columns().iter().map(|column| column.name.as_str()).collect()
    }

    /// What a step gave, to be given to a step: in one batch, numbers in a width that holds them.
    pub(crate) fn of(mut table: CaseTable) -> Table {
        for column in table.columns.iter_mut().filter(|column| column.kind == "number") {
            let all =
                |test: fn(&Value) -> bool| column.values.iter().all(|cell| cell.is_null() || test(cell));
            let width = match (all(Value::is_i64), all(Value::is_u64)) {
                (true, _) => "int64",
                (false, true) => "uint64",
                (false, false) => "float64",
            };
            column.storage = Some(width.to_owned());
        }
        Table { table, batch_rows: usize::MAX }
    }
}

/// A number in one form: whole if it is. Other values stay.
pub(crate) fn plain(value: &Value) -> Value {
    match value.as_f64() {
        Some(float) if value.is_f64() && float.fract() == 0.0 && float.abs() < 9e15 => json!(float as i64),
        _ => value.clone(),
    }
}

/// The cells, row by row, numbers in one form.
pub(crate) fn cells(table: &CaseTable) -> Vec<Vec<Value>> {
    let rows = table.columns.first().map_or(0, |column| column.values.len());
    (0..rows).map(|row| table.columns.iter().map(|column| plain(&column.values[row])).collect()).collect()
}

/// What columns are called and of what kind they are, their formats and units with that.
pub(crate) fn heads(table: &CaseTable) -> Vec<(String, String, Option<String>)> {
    let detail = |column: &CaseColumn| match column.kind.as_str() {
        "number" => column.format.clone(),
        "date" => column.unit.clone(),
        _ => None,
    };
    table.columns.iter().map(|column| (column.name.clone(), column.kind.clone(), detail(column))).collect()
}

/// Wants the rows of a table, in this order, and nothing else of it changed.
#[track_caller]
pub(crate) fn assert_rows(found: &CaseTable, input: &Table, rows: &[usize]) {
    let all = cells(&input.table);
    let expected: Vec<_> = rows.iter().map(|row| all[*row].clone()).collect();
    assert_eq!(heads(found), heads(&input.table));
    assert_eq!(cells(found), expected);
}

/// Wants a table as it was.
#[track_caller]
pub(crate) fn assert_unchanged(found: &CaseTable, input: &Table) {
    let rows: Vec<usize> = (0..input.rows()).collect();
    assert_rows(found, input, &rows);
}

/// Which of two values of a column comes first. Neither may be null.
pub(crate) fn order(kind: &str, a: &Value, b: &Value) -> Ordering {
    match kind {
        "number" => match (whole(a), whole(b)) {
            (Some(a), Some(b)) => a.cmp(&b),
            // Zeros are equal, whatever their sign.
            _ => a.as_f64().partial_cmp(&b.as_f64()).unwrap(),
        },
        "timestamp" => nanos(a).cmp(&nanos(b)),
        _ => a.as_str().cmp(&b.as_str()),
    }
}

/// A whole number.
pub(crate) fn whole(value: &Value) -> Option<i128> {
    value.as_i64().map(i128::from).or(value.as_u64().map(i128::from))
}

/// A timestamp's nanoseconds since 1970.
pub(crate) fn nanos(value: &Value) -> Option<i64> {
    DateTime::parse_from_rfc3339(value.as_str()?).ok()?.timestamp_nanos_opt()
}

/// How the values of several columns of a kind are told apart once they are in one: whole numbers exactly, but all numbers
/// as floats if one column is of floats, or if no whole number of 64 bits is wide enough for all.
pub(crate) fn in_common(columns: &[&CaseColumn]) -> impl Fn(&Value) -> Value + use<> {
    let values = || columns.iter().flat_map(|column| &column.values).filter_map(whole);
    let is_number = columns.iter().all(|column| column.kind == "number");
    let has_floats = columns
        .iter()
        .any(|column| column.storage.as_deref().is_some_and(|width| width.starts_with("float")));
    let is_wide = values().any(|value| value > i128::from(i64::MAX)) && values().any(|value| value < 0);
    let floats = is_number && (has_floats || is_wide);
    move |value| match value.as_f64() {
        Some(float) if floats => plain(&json!(float)),
        _ => plain(value),
    }
}

/// Wants a column's cells, floats but for the last figures.
#[track_caller]
pub(crate) fn assert_near(found: &[Value], expected: &[Value], tolerance: f64) {
    let near = |a: &Value, b: &Value| match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a == b || (a - b).abs() <= tolerance * a.abs().max(b.abs()),
        _ => a == b,
    };
    let same = found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| near(a, b));
    assert!(same, "found {found:?}, not {expected:?}");
}
