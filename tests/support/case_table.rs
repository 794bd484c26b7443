//! Tables as the conformance cases write them: JSON columns of four kinds.

use std::fmt::Write as _;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, DictionaryArray, Float16Array, StringArray,
    TimestampNanosecondArray, new_empty_array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Int32Type, Int64Type, Schema, TimeUnit, UInt64Type};
use arrow::ipc::reader::FileReader;
use arrow::ipc::writer::FileWriter;
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Days, NaiveDate};
use serde::Deserialize;
use serde_json::{Value, json};
use similar::TextDiff;

/// A table.
#[derive(Clone, Debug, Deserialize)]
pub struct CaseTable {
    /// Its columns, in order.
    pub columns: Vec<CaseColumn>,
}

/// A column.
#[derive(Clone, Debug, Deserialize)]
pub struct CaseColumn {
    /// Its name.
    pub name: String,
    /// `text`, `number`, `timestamp` or `date`.
    #[serde(rename = "type")]
    pub kind: String,
    /// A number's format.
    pub format: Option<String>,
    /// A number's width.
    pub storage: Option<String>,
    /// A date's unit.
    pub unit: Option<String>,
    /// Text that is stored as a dictionary.
    #[serde(default)]
    pub dictionary: bool,
    /// The cells.
    pub values: Vec<Value>,
}

const EPOCH: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();

impl CaseColumn {
    fn array(&self) -> anyhow::Result<ArrayRef> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Ok(match self.kind.as_str() {
            "text" => {
                let plain = StringArray::from_iter(self.values.iter().map(text));
                if !self.dictionary {
                    return Ok(Arc::new(plain));
                }
                let dictionary: DictionaryArray<Int32Type> = plain.iter().collect();
                Arc::new(dictionary)
            }
            "number" => self.numbers()?,
            "timestamp" => {
                let nanos = |value: &Value| -> anyhow::Result<Option<i64>> {
                    let Some(text) = value.as_str() else {
                        return Ok(None);
                    };
                    let time = DateTime::parse_from_rfc3339(text).with_context(|| text.to_owned())?;
                    Ok(Some(time.timestamp_nanos_opt().context("out of range")?))
                };
                let cells: Vec<_> = self.values.iter().map(nanos).collect::<Result<_, _>>()?;
                Arc::new(TimestampNanosecondArray::from(cells))
            }
            "date" => {
                let days = |value: &Value| -> anyhow::Result<Option<i32>> {
                    let Some(text) = value.as_str() else {
                        return Ok(None);
                    };
                    let date: NaiveDate = text.parse().with_context(|| text.to_owned())?;
                    Ok(Some(i32::try_from(date.signed_duration_since(EPOCH).num_days())?))
                };
                let cells: Vec<_> = self.values.iter().map(days).collect::<Result<_, _>>()?;
                Arc::new(Date32Array::from(cells))
            }
            other => bail!("no column type: {other}"),
        })
    }

    fn numbers(&self) -> anyhow::Result<ArrayRef> {
        let storage = self.storage.as_deref().unwrap_or("float64");
        let wide: ArrayRef = if storage.starts_with("float") {
            let cells = self.values.iter().map(Value::as_f64);
            if storage == "float16" {
                let cells = cells.map(|cell| cell.map(half::f16::from_f64));
                return Ok(Arc::new(Float16Array::from_iter(cells)));
            }
            Arc::new(arrow::array::Float64Array::from_iter(cells))
        } else if storage == "uint64" {
            Arc::new(arrow::array::UInt64Array::from_iter(self.values.iter().map(Value::as_u64)))
        } else {
            Arc::new(arrow::array::Int64Array::from_iter(self.values.iter().map(Value::as_i64)))
        };
        let nulls = self.values.iter().filter(|value| value.is_null()).count();
        ensure!(wide.null_count() == nulls, "{}: a value that {storage} can't hold", self.name);
        let narrow = match storage {
            "int8" => DataType::Int8,
            "int16" => DataType::Int16,
            "int32" => DataType::Int32,
            "int64" => DataType::Int64,
            "uint8" => DataType::UInt8,
            "uint16" => DataType::UInt16,
            "uint32" => DataType::UInt32,
            "uint64" => DataType::UInt64,
            "float32" => DataType::Float32,
            "float64" => DataType::Float64,
            other => bail!("no number width: {other}"),
        };
        Ok(cast(&wide, &narrow)?)
    }

    fn field(&self, array: &dyn Array) -> Field {
        let field = Field::new(&self.name, array.data_type().clone(), true);
        let metadata = match self.kind.as_str() {
            "number" => vec![("format".to_owned(), self.format.clone().unwrap_or_else(|| "{:,}".to_owned()))],
            "date" => vec![("unit".to_owned(), self.unit.clone().unwrap_or_else(|| "day".to_owned()))],
            _ => return field,
        };
        field.with_metadata(metadata.into_iter().collect())
    }
}

/// Writes a table as the Arrow IPC file `path`, in one batch.
///
/// # Errors
/// If a value does not fit its column, or the file can't be written.
pub fn write_table(table: &CaseTable, path: &Path) -> anyhow::Result<()> {
    write_batches(table, path, usize::MAX)
}

/// The same in batches of so many rows, which must be more than none.
///
/// # Errors
/// As [`write_table`].
pub fn write_batches(table: &CaseTable, path: &Path, rows: usize) -> anyhow::Result<()> {
    let arrays: Vec<ArrayRef> = table.columns.iter().map(CaseColumn::array).collect::<Result<_, _>>()?;
    let fields: Vec<Field> =
        table.columns.iter().zip(&arrays).map(|(column, array)| column.field(array)).collect();
    let whole = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?;
    let mut writer = FileWriter::try_new(File::create(path)?, &whole.schema())?;
    let mut first = 0;
    loop {
        let count = rows.min(whole.num_rows() - first);
        writer.write(&whole.slice(first, count))?;
        first += count;
        if first == whole.num_rows() {
            break;
        }
    }
    writer.finish()?;
    Ok(())
}

/// Reads an Arrow IPC file as a table of the four kinds.
///
/// # Errors
/// If the file can't be read, or has a column of another kind.
pub fn read_table(path: &Path) -> anyhow::Result<CaseTable> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    let reader = FileReader::try_new(BufReader::new(file), None)?;
    let schema = reader.schema();
    let batches: Vec<RecordBatch> = reader.collect::<Result<_, _>>()?;
    let whole = arrow::compute::concat_batches(&schema, &batches)?;
    let columns = schema.fields().iter().enumerate().map(|(index, field)| {
        let array =
            if batches.is_empty() { new_empty_array(field.data_type()) } else { whole.column(index).clone() };
        read_column(field, &array)
    });
    Ok(CaseTable { columns: columns.collect::<Result<_, _>>()? })
}

fn read_column(field: &Field, array: &ArrayRef) -> anyhow::Result<CaseColumn> {
    let metadata = |key: &str| field.metadata().get(key).cloned();
    let cells = |wide: &ArrayRef, cell: &dyn Fn(usize) -> Value| -> Vec<Value> {
        (0..wide.len()).map(|row| if wide.is_null(row) { Value::Null } else { cell(row) }).collect()
    };
    let (kind, values) = match array.data_type() {
        DataType::Utf8 | DataType::Dictionary(_, _) => {
            let plain = cast(array, &DataType::Utf8)?;
            ("text", cells(&plain, &|row| json!(plain.as_string::<i32>().value(row))))
        }
        DataType::Timestamp(TimeUnit::Nanosecond, None) => {
            let nanos = cast(array, &DataType::Int64)?;
            let text = |row| {
                let time = DateTime::from_timestamp_nanos(nanos.as_primitive::<Int64Type>().value(row));
                json!(time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
            };
            ("timestamp", cells(&nanos, &text))
        }
        DataType::Date32 => {
            let days = cast(array, &DataType::Int32)?;
            let text = |row| {
                let days = days.as_primitive::<Int32Type>().value(row);
                let distance = Days::new(u64::from(days.unsigned_abs()));
                let date = if days < 0 { EPOCH - distance } else { EPOCH + distance };
                json!(date.to_string())
            };
            ("date", cells(&days, &text))
        }
        DataType::UInt64 => {
            ("number", cells(array, &|row| json!(array.as_primitive::<UInt64Type>().value(row))))
        }
        kind if kind.is_integer() => {
            let wide = cast(array, &DataType::Int64)?;
            ("number", cells(&wide, &|row| json!(wide.as_primitive::<Int64Type>().value(row))))
        }
        kind if kind.is_floating() => {
            let wide = cast(array, &DataType::Float64)?;
            ("number", cells(&wide, &|row| json!(wide.as_primitive::<Float64Type>().value(row))))
        }
        other => bail!("column {} is of type {other}", field.name()),
    };
    Ok(CaseColumn {
        name: field.name().clone(),
        kind: kind.to_owned(),
        format: metadata("format"),
        storage: None,
        unit: metadata("unit"),
        dictionary: false,
        values,
    })
}

/// Compares two tables as the cases ask for: names, order, types, units and formats to the letter, texts to the
/// letter, times as instants, numbers within 1e-9, null only with null. Widths and dictionaries don't count.
///
/// # Errors
/// If they differ: the message shows where, line by line.
pub fn assert_same(expected: &CaseTable, found: &CaseTable) -> anyhow::Result<()> {
    let same = expected.columns.len() == found.columns.len()
        && expected.columns.iter().zip(&found.columns).all(|(a, b)| same_column(a, b));
    if same {
        return Ok(());
    }
    let (expected, found) = (shown(expected), shown(found));
    let diff = TextDiff::from_lines(&expected, &found);
    bail!("the table differs (- expected, + found):\n{}", diff.unified_diff().context_radius(3))
}

fn same_column(a: &CaseColumn, b: &CaseColumn) -> bool {
    (&a.name, &a.kind) == (&b.name, &b.kind)
        && (a.kind != "number" || a.format == b.format)
        && (a.kind != "date" || a.unit == b.unit)
        && a.values.len() == b.values.len()
        && a.values.iter().zip(&b.values).all(|(a_cell, b_cell)| same_cell(&a.kind, a_cell, b_cell))
}

fn same_cell(kind: &str, a: &Value, b: &Value) -> bool {
    match (kind, a, b) {
        ("number", Value::Number(x), Value::Number(y)) if x != y => {
            let (Some(x), Some(y)) = (x.as_f64(), y.as_f64()) else {
                return false;
            };
            (x - y).abs() <= 1e-9 * x.abs().max(y.abs()).max(1.0)
        }
        ("timestamp", Value::String(x), Value::String(y)) => {
            match (DateTime::parse_from_rfc3339(x), DateTime::parse_from_rfc3339(y)) {
                (Ok(x), Ok(y)) => x == y,
                _ => false,
            }
        }
        _ => a == b,
    }
}

/// A header line per column, then a line per row.
fn shown(table: &CaseTable) -> String {
    let mut text = String::new();
    for column in &table.columns {
        let extra = column.format.as_deref().or(column.unit.as_deref()).unwrap_or_default();
        // Writing to a String can't fail.
        let _ = writeln!(text, "column {:?}: {} {extra}", column.name, column.kind);
    }
    let rows = table.columns.iter().map(|column| column.values.len()).max().unwrap_or(0);
    for row in 0..rows {
        let cells: Vec<String> = table
            .columns
            .iter()
            .map(|column| column.values.get(row).map_or("(no row)".to_owned(), Value::to_string))
            .collect();
        let _ = writeln!(text, "{}", cells.join(" | "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(json: Value) -> CaseTable {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn tables_survive_the_way_through_a_file() {
        let original = table(json!({"columns": [
            {"name": "t", "type": "text", "values": ["a", null, "ü"], "dictionary": true},
            {"name": "n", "type": "number", "format": "{:d}", "storage": "int8", "values": [1, null, -3]},
            {"name": "f", "type": "number", "format": "{:,}", "storage": "float16", "values": [1.5, null, 0]},
            {"name": "s", "type": "timestamp", "values": ["2018-01-04T01:02:03.5Z", null, "1969-12-31T23:59:59Z"]},
            {"name": "d", "type": "date", "unit": "month", "values": ["1969-12-01", null, "2020-02-01"]}]}));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.arrow");
        write_table(&original, &path).unwrap();
        assert_same(&original, &read_table(&path).unwrap()).unwrap();
    }

    #[test]
    fn every_difference_is_seen() {
        let column = |change: Value| {
            let mut column = json!({"name": "n", "type": "number", "format": "{:,}", "values": [1, null]});
            for (key, value) in change.as_object().unwrap() {
                column[key] = value.clone();
            }
            table(json!({"columns": [column]}))
        };
        let original = column(json!({}));
        assert_same(&original, &column(json!({"values": [1.000_000_000_1, null], "storage": "int8"})))
            .unwrap();
        for change in [
            json!({"name": "m"}),
            json!({"format": "{:d}"}),
            json!({"values": [1.001, null]}),
            json!({"values": [1, 0]}),
            json!({"values": [1]}),
            json!({"type": "text", "values": ["1", null]}),
        ] {
            assert_same(&original, &column(change)).unwrap_err();
        }
        assert_same(&original, &table(json!({"columns": []}))).unwrap_err();
    }

    #[test]
    fn a_value_that_does_not_fit_is_an_error_in_the_case() {
        let folder = tempfile::tempdir().unwrap();
        let bad =
            table(json!({"columns": [{"name": "n", "type": "number", "storage": "int64", "values": [1.5]}]}));
        write_table(&bad, &folder.path().join("t.arrow")).unwrap_err();
    }
}
