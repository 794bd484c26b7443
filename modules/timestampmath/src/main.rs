//! Finds the time between timestamps, the earliest or the latest of them, or rounds them down.

#![forbid(unsafe_code)]

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, Int64Array, TimestampNanosecondArray};
use arrow::datatypes::{Field, Schema};
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::colnames::{MAX_COLUMN_NAME_BYTES, unique_colnames_and_warnings};
use crunchbox_sdk::{
    Error, I18nMessage, JsonMap, Output, Period, Result, Source, column_index, number_field, step, timestamps,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Params {
    operation: Operation,
    colnames: Vec<String>,
    colname1: String,
    colname2: String,
    unit: Period,
    roundunit: Period,
    outcolname: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Operation {
    Difference,
    Minimum,
    Maximum,
    Startof,
}

#[step(migrate = migrate)]
fn render(table: RecordBatch, params: Params) -> Result<Output> {
    match params.operation {
        Operation::Startof => return round_down(&table, &params.colnames, params.roundunit),
        _ if params.outcolname.is_empty() => return Ok(Output::table(table)),
        _ => {}
    }
    let (mut names, warnings) =
        unique_colnames_and_warnings(&[params.outcolname], &[], MAX_COLUMN_NAME_BYTES);
    let name = names.remove(0);
    let (field, values) = match params.operation {
        Operation::Difference if params.colname1.is_empty() || params.colname2.is_empty() => {
            return Ok(Output::table(table));
        }
        Operation::Difference => {
            let from = timestamps(&table, &params.colname1)?;
            let to = timestamps(&table, &params.colname2)?;
            difference(&name, from, to, params.unit)?
        }
        _ if params.colnames.is_empty() => return Ok(Output::table(table)),
        Operation::Maximum => outermost(&name, &table, &params.colnames, i64::max)?,
        Operation::Minimum | Operation::Startof => outermost(&name, &table, &params.colnames, i64::min)?,
    };
    let table = with_last(&table, field, values)?;
    Ok(warnings.into_iter().fold(Output::table(table), Output::warn))
}

fn difference(
    name: &str,
    from: &TimestampNanosecondArray,
    to: &TimestampNanosecondArray,
    unit: Period,
) -> Result<(Field, ArrayRef)> {
    let nanos = from.iter().zip(to).map(|(from, to)| to?.checked_sub(from?));
    let (format, values): (_, ArrayRef) = match unit.nanos() {
        Some(1) => ("{:,d}", Arc::new(Int64Array::from_iter(nanos))),
        Some(length) => {
            let differences = nanos.map(|nanos| nanos.map(|nanos| nanos as f64 / length as f64));
            ("{:,}", Arc::new(Float64Array::from_iter(differences)))
        }
        None => return Err(Error::bug(format!("a {} is no measure of time", unit.as_str()))),
    };
    Ok((number_field(name, values.data_type().clone(), format), values))
}

/// Of each row's times the one that `better` gives.
fn outermost(
    name: &str,
    table: &RecordBatch,
    colnames: &[String],
    better: fn(i64, i64) -> i64,
) -> Result<(Field, ArrayRef)> {
    let columns: Vec<_> = colnames.iter().map(|name| timestamps(table, name)).collect::<Result<_>>()?;
    let of_row = |row: usize| {
        let times = columns.iter().filter(|times| times.is_valid(row)).map(|times| times.value(row));
        times.reduce(better)
    };
    let values: TimestampNanosecondArray = (0..table.num_rows()).map(of_row).collect();
    Ok((Field::new(name, values.data_type().clone(), true), Arc::new(values)))
}

/// The table without a column of this name, and with this one behind the others.
fn with_last(table: &RecordBatch, field: Field, values: ArrayRef) -> Result<RecordBatch> {
    let kept = table.schema_ref().fields().iter().zip(table.columns());
    let kept = kept.filter(|(known, _)| known.name() != field.name());
    let (mut fields, mut columns): (Vec<_>, Vec<_>) =
        kept.map(|(field, values)| (Arc::clone(field), Arc::clone(values))).unzip();
    fields.push(Arc::new(field));
    columns.push(values);
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

fn round_down(table: &RecordBatch, colnames: &[String], unit: Period) -> Result<Output> {
    let mut columns = table.columns().to_vec();
    let mut out_of_bounds = false;
    for name in colnames {
        let times = timestamps(table, name)?;
        let rounded: TimestampNanosecondArray =
            times.iter().map(|time| time.and_then(|time| unit.round_down(time))).collect();
        out_of_bounds |= rounded.null_count() > times.null_count();
        columns[column_index(table, name)?] = Arc::new(rounded);
    }
    let output = Output::table(match columns.is_empty() {
        true => table.clone(),
        false => RecordBatch::try_new(table.schema(), columns)?,
    });
    Ok(if out_of_bounds { output.warn(out_of_bounds_warning(unit)) } else { output })
}

/// The first time that 64 bits of nanoseconds hold, 1677-09-21T00:12:43.145224192Z, rounded down is held no more.
fn out_of_bounds_warning(unit: Period) -> I18nMessage {
    let time = match unit {
        Period::Microsecond => "1677-09-21T00:12:43.145224Z",
        Period::Millisecond => "1677-09-21T00:12:43.145Z",
        Period::Second => "1677-09-21T00:12:43Z",
        Period::Minute => "1677-09-21T00:12Z",
        _ => "1677-09-21T00:00Z",
    };
    I18nMessage::new("warning.convertedOutOfBoundsToNull").arg("timestamp", time).from_source(Source::Module)
}

/// Once nothing was rounded.
fn migrate(mut params: JsonMap) -> JsonMap {
    params.entry("roundunit").or_insert_with(|| "hour".into());
    params
}

#[cfg(test)]
mod tests {
    use crunchbox_sdk::testing::{
        Column, assert_table, integer, number, number_array, run, table, text, timestamp,
    };
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const HOUR: i64 = 3_600_000_000_000;

    fn computed(columns: Vec<Column>, params: Value) -> Output {
        let mut all = json!({"operation": "difference", "colnames": [], "colname1": "", "colname2": "",
            "unit": "day", "roundunit": "hour", "outcolname": ""});
        all.as_object_mut().unwrap().extend(params.as_object().unwrap().clone());
        run(render, table(columns), all).unwrap()
    }

    fn times() -> Vec<Column> {
        vec![
            timestamp("A", [Some(0), None, Some(5), None]),
            text("B", [Some("x"), None, None, None]),
            timestamp("C", [Some(36 * HOUR), Some(7), Some(-5), None]),
        ]
    }

    #[test]
    fn the_outermost_is_of_the_times_that_are_there() {
        for (operation, expected) in [
            ("minimum", [Some(0), Some(7), Some(-5), None]),
            ("maximum", [Some(36 * HOUR), Some(7), Some(5), None]),
        ] {
            let output =
                computed(times(), json!({"operation": operation, "colnames": ["A", "C"], "outcolname": "D"}));
            let mut columns = times();
            columns.push(timestamp("D", expected));
            assert_table(&output, &table(columns));
        }
    }

    #[test]
    fn a_difference_has_fractions_but_in_nanoseconds() {
        let params = |unit: &str| json!({"colname1": "A", "colname2": "C", "unit": unit, "outcolname": "B"});
        let rest = || [times().remove(0), times().remove(2)];
        let days = number("B", [Some(1.5), None, Some(-10.0 / (24 * HOUR) as f64), None]);
        assert_table(&computed(times(), params("day")), &table(rest().into_iter().chain([days])));
        let nanos = integer("", [Some(36 * HOUR), None, Some(-10), None]).1;
        let nanos = number_array("B", "{:,d}", nanos);
        assert_table(&computed(times(), params("nanosecond")), &table(rest().into_iter().chain([nanos])));
    }

    #[test]
    fn a_difference_beyond_64_bits_has_no_value() {
        for unit in ["nanosecond", "day"] {
            let columns = vec![timestamp("A", [Some(i64::MIN)]), timestamp("B", [Some(1)])];
            let output =
                computed(columns, json!({"colname1": "A", "colname2": "B", "unit": unit, "outcolname": "C"}));
            assert_eq!(output.table.unwrap().column(2).null_count(), 1);
        }
    }

    #[test]
    fn times_are_rounded_in_place() {
        let columns = || vec![timestamp("A", [Some(HOUR + 1), Some(-1), None]), timestamp("B", [Some(1); 3])];
        let output =
            computed(columns(), json!({"operation": "startof", "colnames": ["A"], "outcolname": "C"}));
        let expected = [timestamp("A", [Some(HOUR), Some(-HOUR), None]), timestamp("B", [Some(1); 3])];
        assert_table(&output, &table(expected));
    }

    #[test]
    fn what_is_before_all_times_has_no_value_and_a_warning() {
        let first = || vec![timestamp("A", [Some(i64::MIN), Some(0)])];
        for (unit, time) in [("second", "1677-09-21T00:12:43Z"), ("hour", "1677-09-21T00:00Z")] {
            let output =
                computed(first(), json!({"operation": "startof", "colnames": ["A"], "roundunit": unit}));
            assert_eq!(output.table.unwrap().column(0), &timestamp("A", [None, Some(0)]).1);
            assert_eq!(output.errors[0].message.id, "warning.convertedOutOfBoundsToNull");
            assert_eq!(output.errors[0].message.arguments["timestamp"], time.into());
        }
    }

    #[test]
    fn unfinished_params_change_nothing() {
        for params in [
            json!({"operation": "startof"}),
            json!({"operation": "minimum", "outcolname": "X"}),
            json!({"operation": "minimum", "colnames": ["A"]}),
            json!({"colname1": "A", "outcolname": "X"}),
            json!({"colname2": "A", "outcolname": "X"}),
            json!({"colname1": "A", "colname2": "C"}),
        ] {
            assert_table(&computed(times(), params), &table(times()));
        }
    }

    #[test]
    fn names_are_clean() {
        let output = computed(times(), json!({"colname1": "A", "colname2": "C", "outcolname": "x\ty"}));
        assert_eq!(output.table.unwrap().schema().field(3).name(), "xy");
        assert_eq!(output.errors[0].message.id, "util.colnames.warnings.ascii_cleaned");
    }

    #[test]
    fn old_params_are_migrated() {
        let migrated = |params: Value| Value::from(migrate(params.as_object().unwrap().clone()));
        assert_eq!(migrated(json!({"unit": "day"})), json!({"unit": "day", "roundunit": "hour"}));
        assert_eq!(migrated(json!({"roundunit": "second"})), json!({"roundunit": "second"}));
    }

    proptest! {
        #[test]
        fn a_difference_and_its_opposite_are_nothing(
            rows in prop::collection::vec((any::<i32>(), any::<i32>()), 0..20),
        ) {
            let columns = || vec![
                timestamp("A", rows.iter().map(|row| Some(i64::from(row.0)))),
                timestamp("B", rows.iter().map(|row| Some(i64::from(row.1)))),
            ];
            let between = |from: &str, to: &str| {
                let params = json!({"colname1": from, "colname2": to, "unit": "nanosecond", "outcolname": "C"});
                let table = computed(columns(), params).table.unwrap();
                arrow::array::AsArray::as_primitive::<arrow::datatypes::Int64Type>(table.column(2)).values().to_vec()
            };
            let there = between("A", "B");
            let back = between("B", "A");
            prop_assert!(there.iter().zip(&back).all(|(there, back)| there + back == 0));
        }
    }
}
