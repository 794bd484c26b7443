//! Steps that describe charts.

use crunchbox_tests::CaseColumn;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::steps::{Ran, run, some};
use crate::tables::{Kind, Table, assert_unchanged, nanos, table_of, text};

/// A table with a column for an X axis, of one of these kinds, somewhere among columns of numbers; and where that is.
fn table_for(kinds: &[Kind]) -> impl Strategy<Value = (Table, usize)> + use<> {
    (select(kinds.to_vec()), 2..=4_usize, any::<prop::sample::Index>()).prop_flat_map(
        |(kind, count, place)| {
            let place = place.index(count);
            let mut kinds = vec![Kind::Number; count];
            kinds[place] = kind;
            (table_of(Just(kinds)), Just(place))
        },
    )
}

fn series(columns: &[&CaseColumn]) -> Value {
    columns.iter().map(|column| json!({"column": column.name, "color": "#fbaa6d"})).collect()
}

/// The column of the X axis, and the others.
fn axes(table: &Table, place: usize) -> (&CaseColumn, Vec<&CaseColumn>) {
    let others = table.columns().iter().enumerate().filter(|(index, _)| *index != place);
    (&table.columns()[place], others.map(|(_, column)| column).collect())
}

/// A column's cells as a chart has them: whole numbers that JSON's integers don't hold are floats.
fn drawn(column: &CaseColumn) -> Vec<Value> {
    let width = column.storage.as_deref().unwrap_or_default();
    let floats = column.kind == "number" && (width == "uint64" || width.starts_with("float"));
    let cell = |value: &Value| match value.as_f64() {
        Some(float) if floats => json!(float),
        _ => value.clone(),
    };
    column.values.iter().map(cell).collect()
}

/// Whether two cells are the same to who looks at them: instants by what they stand for.
fn same(kind: &str, a: &Value, b: &Value) -> bool {
    match kind {
        "timestamp" if !a.is_null() && !b.is_null() => nanos(a).is_some() && nanos(a) == nanos(b),
        _ => a == b,
    }
}

/// What is wrong with a column as the X axis, if something is.
fn wrong_axis(column: &CaseColumn) -> Option<&'static str> {
    let cells = drawn(column);
    let mut cells = cells.iter().filter(|cell| !cell.is_null());
    let Some(first) = cells.next() else { return Some("noValuesError.message") };
    cells.all(|cell| cell == first).then_some("onlyOneValueError.message")
}

/// The chart's data. The table must have come back as it was; with a complaint there must be what stands for no chart.
#[track_caller]
fn data(ran: Ran, table: &Table, complaint: Option<&str>) -> Option<Vec<Value>> {
    assert_eq!(ran.ids(), complaint.into_iter().collect::<Vec<_>>());
    let json = Value::Object(ran.json.clone());
    assert_unchanged(&ran.table(), table);
    if complaint.is_some() {
        assert!(json["error"].is_string() || json["title"]["text"].is_string(), "{json}");
        return None;
    }
    // A view of Vega-Lite: one of its versions, marks (or layers of them) with what they show, and data in it.
    let schema = json["$schema"].as_str().unwrap();
    assert!(schema.starts_with("https://vega.github.io/schema/vega-lite/v"), "{schema}");
    assert!(json["encoding"].is_object(), "{json}");
    let is_view = |view: &Value| view["mark"].is_string() || view["mark"]["type"].is_string();
    match json.get("layer") {
        Some(layers) => {
            // A layer may be of layers.
            let mut views: Vec<&Value> = layers.as_array().unwrap().iter().collect();
            assert!(!views.is_empty());
            while let Some(view) = views.pop() {
                match view["layer"].as_array() {
                    Some(layers) => views.extend(layers),
                    None => assert!(is_view(view), "{view}"),
                }
            }
        }
        None => assert!(is_view(&json), "{json}"),
    }
    assert!(json["data"].get("url").is_none(), "a chart loads nothing");
    Some(json["data"]["values"].as_array().unwrap().clone())
}

/// Wants a record of the chart for each of these rows, `x` and the others by their keys.
#[track_caller]
fn assert_records(found: &[Value], rows: &[usize], x: &CaseColumn, others: &[(&str, &CaseColumn)]) {
    let columns: Vec<_> = std::iter::once(("x", x)).chain(others.iter().copied()).collect();
    assert_eq!(found.len(), rows.len());
    for (key, column) in &columns {
        let cells = drawn(column);
        for (record, row) in found.iter().zip(rows) {
            assert!(
                same(&column.kind, &record[*key], &cells[*row]),
                "{key} of {record}, not {}",
                cells[*row]
            );
        }
    }
    assert!(found.iter().all(|record| record.as_object().unwrap().len() == columns.len()));
}

fn with_value(column: &CaseColumn) -> Vec<usize> {
    (0..column.values.len()).filter(|row| !column.values[*row].is_null()).collect()
}

fn keys(count: usize) -> Vec<String> {
    (0..count).map(|place| format!("y{place}")).collect()
}

proptest! {
    #![proptest_config(some())]

    #[test]
    fn columnchart_has_a_group_for_each_row_with_a_text((table, place) in table_for(&[Kind::Text]), title in text(false)) {
        let (x, others) = axes(&table, place);
        let params = json!({"title": title, "x_axis_label": "", "y_axis_label": title, "x_column": x.name,
            "y_columns": series(&others)});
        let ran = run("columnchart", params, &table);
        let rows = with_value(x);
        let complaint = rows.is_empty().then_some("nothingToPlotError.message");
        if let Some(found) = data(ran, &table, complaint) {
            let keys = keys(others.len());
            let others: Vec<_> = keys.iter().map(String::as_str).zip(others).collect();
            assert_records(&found, &rows, x, &others);
        }
    }

    #[test]
    fn linechart_has_a_point_for_each_row_with_an_x(
        (table, place) in table_for(&[Kind::Text, Kind::Number, Kind::Whole, Kind::Timestamp, Kind::Date]),
        title in text(false),
    ) {
        let (x, others) = axes(&table, place);
        let params = json!({"title": title, "x_axis_label": title, "y_axis_label": "", "x_column": x.name,
            "y_columns": series(&others)});
        let ran = run("linechart", params, &table);
        let rows = with_value(x);
        let empty = others.iter().any(|column| rows.iter().all(|row| column.values[*row].is_null()));
        let complaint = wrong_axis(x).or(empty.then_some("emptyAxisError.message"));
        if let Some(found) = data(ran, &table, complaint) {
            let keys = keys(others.len());
            let others: Vec<_> = keys.iter().map(String::as_str).zip(others).collect();
            assert_records(&found, &rows, x, &others);
        }
    }

    #[test]
    fn scatterplot_has_a_point_for_each_row_with_both(
        (table, place) in table_for(&[Kind::Text, Kind::Number, Kind::Whole, Kind::Timestamp]),
        title in text(false),
    ) {
        let (x, others) = axes(&table, place);
        let y = others[0];
        let params = json!({"title": title, "x_axis_label": "", "y_axis_label": title, "x_column": x.name,
            "y_column": y.name});
        let ran = run("scatterplot", params, &table);
        let mut rows = with_value(x);
        rows.retain(|row| !y.values[*row].is_null());
        let complaint = wrong_axis(x).or(rows.is_empty().then_some("emptyAxisError.message"));
        if let Some(found) = data(ran, &table, complaint) {
            assert_records(&found, &rows, x, &[("y", y)]);
        }
    }

    #[test]
    fn histogram_counts_each_number_once(
        (table, place) in table_for(&[Kind::Number, Kind::Whole]),
        n_buckets in prop_oneof![3 => -1..40_i64, 1 => any::<i64>()],
        title in text(false),
    ) {
        let column = &table.columns()[place];
        let ran = run("histogram", json!({"column": column.name, "n_buckets": n_buckets, "title": title}), &table);
        let numbers: Vec<f64> = column.values.iter().filter_map(Value::as_f64).collect();
        let complaint = numbers.iter().all(|number| *number == numbers[0]).then_some("errors.notEnoughValues");
        let Some(bars) = data(ran, &table, complaint) else { return Ok(()) };
        let edge = |bar: &Value, end: &str| bar[end].as_f64().unwrap();
        for pair in bars.windows(2) {
            prop_assert_eq!(edge(&pair[0], "max"), edge(&pair[1], "min"));
        }
        let mut counted = 0;
        for (place, bar) in bars.iter().enumerate() {
            let (min, max) = (edge(bar, "min"), edge(bar, "max"));
            prop_assert!(min.is_finite() && max.is_finite() && min <= max);
            let is_last = place + 1 == bars.len();
            let within = |number: &&f64| **number >= min && (**number < max || is_last && **number == max);
            let count = numbers.iter().filter(within).count();
            prop_assert_eq!(bar["n"].as_u64(), Some(count as u64));
            counted += count;
        }
        prop_assert_eq!(counted, numbers.len());
    }
}
