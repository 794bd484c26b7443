//! What the steps that draw have in common: they pass their table on and describe a chart of it, in Vega-Lite, as their
//! JSON result.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Date32Type, Field, Float64Type, Int64Type, TimestampNanosecondType};
use chrono::{DateTime, Timelike};
use crunchbox_protocol::formats::DateUnit;
use crunchbox_protocol::{I18nMessage, JsonMap, Source};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cast::cast;
use crate::columns::ColumnKind;
use crate::result::{Error, Output, Result};
use crate::texts::plain;

/// The most texts that an X axis has room for.
const MAX_AXIS_LABELS: usize = 300;

/// The colour of a chart's title and of its axes' labels.
pub const LABELS: &str = "#383838";

/// The colour of its axes' titles.
pub const TITLES: &str = "#686768";

/// The colour of its grid.
pub const GRID: &str = "#ededed";

/// One element of a `multichartseries` param.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Series {
    /// The column's name.
    pub column: String,
    /// What it is drawn in, as CSS has it: `#fbaa6d`.
    pub color: String,
}

/// The result of a step that draws: the table as it came, and the chart; or, if the chart could not be made for a reason
/// that the user can mend, warnings and `instead`.
///
/// # Errors
/// If the chart is a bug.
pub fn drawn(
    table: arrow::record_batch::RecordBatch,
    chart: Result<Value>,
    instead: Value,
) -> Result<Output> {
    let (chart, errors) = match chart {
        Ok(chart) => (chart, Vec::new()),
        Err(Error::Step(errors)) => (instead, errors),
        Err(bug @ Error::Bug(_)) => return Err(bug),
    };
    let Value::Object(json) = chart else { return Err(Error::bug("a chart is a JSON object")) };
    Ok(Output { table: Some(table), errors, json, order: None })
}

/// What most charts have for a result if they can't be drawn.
pub fn not_drawn() -> Value {
    json!({"error": "Please correct the error in this step's data or parameters"})
}

/// A message with the module's own id.
pub fn message(id: &str) -> I18nMessage {
    I18nMessage::new(id).from_source(Source::Module)
}

/// A number format as d3 writes it, without what stands around the number: `,.2f` for `${:,.2f}`.
///
/// d3 shows numbers of no type in powers of ten where Python doesn't: those become `r`, rounded to digits that matter.
/// It knows one sign for grouping.
///
/// ```
/// use crunchbox_sdk::charts::d3_format;
///
/// assert_eq!(d3_format("{:,.2f} €"), ",.2f");
/// assert_eq!(d3_format("{:,}"), ",r");
/// ```
pub fn d3_format(format: &str) -> String {
    let literal_braces = format.replace("{{", "").replace("}}", "");
    let field = literal_braces.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
    let specification = field.map_or("", |(field, _)| field.trim_start_matches(':'));
    let mut characters: Vec<char> = specification.chars().collect();
    // A `_` before an alignment is what the field is filled with.
    let filled = characters.get(1).is_some_and(|second| "<>=^".contains(*second));
    for character in characters.iter_mut().skip(usize::from(filled)) {
        if *character == '_' {
            *character = ',';
        }
    }
    if characters.last().is_none_or(|last| !"bcdoxXneEfFgG%".contains(*last)) {
        characters.push('r');
    }
    characters.into_iter().collect()
}

/// What a scale of a column's values is called.
pub fn scale_type(kind: Option<ColumnKind>) -> &'static str {
    match kind {
        Some(ColumnKind::Number) => "quantitative",
        Some(ColumnKind::Timestamp | ColumnKind::Date) => "temporal",
        Some(ColumnKind::Text) | None => "ordinal",
    }
}

/// A column's cells as JSON: text and numbers as they are, timestamps and dates in ISO 8601. `null` for no value, and for a
/// number that isn't finite.
///
/// # Errors
/// If the column is of none of the four kinds: the params are not clean then.
pub fn cells(column: &ArrayRef) -> Result<Vec<Value>> {
    let kind = ColumnKind::of(column.data_type()).ok_or_else(|| {
        Error::bug(format!(
            "a column of type {} can't be drawn: the params are not clean",
            column.data_type()
        ))
    })?;
    Ok(match kind {
        ColumnKind::Text => {
            let texts = plain(column)?;
            texts.as_string::<i32>().iter().map(|text| text.map_or(Value::Null, Value::from)).collect()
        }
        ColumnKind::Number => number_cells(column)?,
        ColumnKind::Timestamp => {
            let times = column.as_primitive::<TimestampNanosecondType>();
            times.iter().map(|time| time.map_or(Value::Null, |nanos| instant(nanos).into())).collect()
        }
        ColumnKind::Date => {
            let days = column.as_primitive::<Date32Type>();
            let text = |day: i32| DateUnit::Day.text(day).map_or(Value::Null, Value::from);
            days.iter().map(|day| day.map_or(Value::Null, text)).collect()
        }
    })
}

/// The same for a column that params want to be of numbers.
///
/// # Errors
/// If it is not.
pub fn numbers(field: &Field, column: &ArrayRef) -> Result<Vec<Value>> {
    if ColumnKind::of(column.data_type()) != Some(ColumnKind::Number) {
        let (name, found) = (field.name(), column.data_type());
        return Err(Error::bug(format!(
            "column {name:?} holds {found}, not numbers: the params are not clean"
        )));
    }
    number_cells(column)
}

fn number_cells(column: &ArrayRef) -> Result<Vec<Value>> {
    // JSON's integers are of 64 bits and signed here: what needs more is a float.
    if column.data_type().is_floating() || *column.data_type() == DataType::UInt64 {
        let floats = cast(column, &DataType::Float64)?;
        // Null if it isn't finite.
        return Ok(floats.as_primitive::<Float64Type>().iter().map(Value::from).collect());
    }
    let integers = cast(column, &DataType::Int64)?;
    Ok(integers.as_primitive::<Int64Type>().iter().map(Value::from).collect())
}

/// An instant with its seconds, and with 6 or 9 digits of a fraction if it has one.
fn instant(nanos: i64) -> String {
    let time = DateTime::from_timestamp_nanos(nanos).naive_utc();
    let fraction = match time.nanosecond() {
        0 => "",
        nanos if nanos % 1000 == 0 => "%.6f",
        _ => "%.9f",
    };
    time.format(&format!("%Y-%m-%dT%H:%M:%S{fraction}Z")).to_string()
}

/// Checks that these are an X axis: two different values at least, and not too many if they are texts.
///
/// # Errors
/// The message for the user: `tooManyTextValuesError.message` (`x_column`, `n_safe_x_values`), `noValuesError.message` or
/// `onlyOneValueError.message` (`column_name`).
pub fn check_axis(name: &str, kind: Option<ColumnKind>, cells: &[Value]) -> Result<()> {
    let mut values = cells.iter().filter(|cell| !cell.is_null());
    let count = values.clone().count();
    if kind == Some(ColumnKind::Text) && count > MAX_AXIS_LABELS {
        let count = i32::try_from(count).unwrap_or(i32::MAX);
        let message = message("tooManyTextValuesError.message").arg("x_column", name);
        return Err(message.arg("n_safe_x_values", count).into());
    }
    let Some(first) = values.next() else {
        return Err(message("noValuesError.message").arg("column_name", name).into());
    };
    if values.all(|value| value == first) {
        return Err(message("onlyOneValueError.message").arg("column_name", name).into());
    }
    Ok(())
}

/// Params whose `y_columns` are a list: they were a JSON text of one once. What is no such text stays, for the host to
/// refuse.
pub fn migrate_series(mut params: JsonMap) -> JsonMap {
    if let Some(series) = params.get_mut("y_columns")
        && let Value::String(text) = series
    {
        match text.as_str() {
            "" => *series = json!([]),
            text => {
                if let Ok(parsed) = serde_json::from_str(text) {
                    *series = parsed;
                }
            }
        }
    }
    params
}

/// The columns without the rows in which the first has no value, side by side: `[x, y, …]` for each row that stays.
pub fn rows_with_first(columns: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
    let length = columns.first().map_or(0, Vec::len);
    let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
    let row = |_| columns.iter_mut().map(|column| column.next().unwrap_or_default()).collect::<Vec<_>>();
    (0..length).map(row).filter(|row| !row[0].is_null()).collect()
}

/// What series are called in a specification: by their places, so that no name of a column is ever a name in it.
pub fn keys(series: &[Series]) -> Vec<String> {
    (0..series.len()).map(|place| format!("y{place}")).collect()
}

/// Rows of [`rows_with_first`] as a specification has its data: an object of each, of `x` and the series' `keys`.
pub fn records(keys: &[String], rows: &[Vec<Value>]) -> Vec<Value> {
    let record = |row: &Vec<Value>| {
        let names = std::iter::once("x").chain(keys.iter().map(String::as_str));
        names.map(str::to_owned).zip(row.iter().cloned()).collect()
    };
    rows.iter().map(record).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::testing::{date, dictionary, integer, number, number_array, table, text, timestamp};

    #[test]
    fn number_formats_become_d3s() {
        for (python, d3) in [
            ("{:,}", ",r"),
            ("{}", "r"),
            ("{:}", "r"),
            ("{:d}", "d"),
            ("{:,.1%}", ",.1%"),
            ("${:,.2f}!", ",.2f"),
            ("{{{:,d}}} {{x}}", ",d"),
            ("{:_d}", ",d"),
            ("{:_<10_.2f}", "_<10,.2f"),
            ("{:+X}", "+X"),
        ] {
            assert_eq!(d3_format(python), d3, "{python}");
        }
    }

    #[test]
    fn cells_of_each_kind_are_json() {
        let json = |column: crate::testing::Column| Value::from(cells(&column.1).unwrap());
        assert_eq!(json(text("A", [Some("x"), None])), json!(["x", null]));
        assert_eq!(json(dictionary("A", [Some("x"), None, Some("x")])), json!(["x", null, "x"]));
        assert_eq!(json(integer("A", [Some(i64::MIN), None])), json!([i64::MIN, null]));
        assert_eq!(
            json(number("A", [Some(0.5), Some(f64::NAN), Some(f64::INFINITY)])),
            json!([0.5, null, null])
        );
        let large = Arc::new(arrow::array::UInt64Array::from(vec![u64::MAX]));
        assert_eq!(json(number_array("A", "{:,}", large)), json!([u64::MAX as f64]));
        assert_eq!(json(date("A", DateUnit::Year, [Some(365), None])), json!(["1971-01-01", null]));
        let times = [Some(0), Some(1_500_000), Some(1_000_000_001), None];
        assert_eq!(
            json(timestamp("A", times)),
            json!([
                "1970-01-01T00:00:00Z",
                "1970-01-01T00:00:00.001500Z",
                "1970-01-01T00:00:01.000000001Z",
                null
            ])
        );
        let list: ArrayRef = Arc::new(arrow::array::BooleanArray::from(vec![true]));
        assert!(cells(&list).is_err());
        assert!(numbers(&text("A", []).0, &text("A", []).1).is_err());
    }

    #[test]
    fn an_axis_has_two_values_and_room() {
        let id = |kind, cells: &[Value]| match check_axis("A", kind, cells) {
            Ok(()) => String::new(),
            Err(Error::Step(errors)) => errors[0].message.id.clone(),
            Err(bug) => panic!("{bug}"),
        };
        assert_eq!(id(None, &[]), "noValuesError.message");
        assert_eq!(id(None, &[json!(null), json!(1), json!(1)]), "onlyOneValueError.message");
        assert_eq!(id(None, &[json!(null), json!(1), json!(2)]), "");
        let many: Vec<Value> = (0..301).map(|n| json!(n.to_string())).collect();
        assert_eq!(id(Some(ColumnKind::Text), &many), "tooManyTextValuesError.message");
        assert_eq!(id(Some(ColumnKind::Text), &many[1..]), "");
        assert_eq!(id(Some(ColumnKind::Timestamp), &many), "");
    }

    #[test]
    fn only_what_the_user_can_mend_is_a_warning() {
        let table = table([text("A", [Some("x")])]);
        let output = drawn(table.clone(), Ok(json!({"mark": "bar"})), not_drawn()).unwrap();
        assert_eq!((output.errors.len(), &output.json["mark"]), (0, &json!("bar")));
        let output = drawn(table.clone(), Err(message("x").into()), not_drawn()).unwrap();
        assert_eq!(output.errors[0].message.id, "x");
        assert_eq!(output.table, Some(table.clone()));
        assert!(output.json.contains_key("error"));
        assert!(drawn(table, Err(Error::bug("no")), not_drawn()).is_err());
    }

    #[test]
    fn series_were_text_once() {
        let migrated = |value: Value| {
            let params = json!({"y_columns": value}).as_object().unwrap().clone();
            migrate_series(params)["y_columns"].clone()
        };
        assert_eq!(migrated(json!("")), json!([]));
        let series = json!([{"column": "X", "color": "#111111"}]);
        assert_eq!(migrated(json!(series.to_string())), series);
        assert_eq!(migrated(series.clone()), series);
        assert_eq!(migrated(json!("[")), json!("["));
    }

    #[test]
    fn rows_without_a_first_value_go() {
        let rows = rows_with_first(vec![vec![json!(1), json!(null)], vec![json!(null), json!(2)]]);
        assert_eq!(rows, [[json!(1), json!(null)]]);
    }
}
