//! The four kinds of column that people know, and where Arrow keeps what belongs to them.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, TimestampNanosecondArray};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use arrow::error::ArrowError;
use crunchbox_protocol::formats::DateUnit;

use crate::result::{Error, Result};

/// The metadata key of a number's format.
const FORMAT: &str = "format";
/// The metadata key of a date's unit.
const UNIT: &str = "unit";
/// How numbers are shown of which nothing else is said.
const DEFAULT_FORMAT: &str = "{:,}";

/// What a column is to a person, whatever its width in Arrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// UTF-8 text, plain or as a dictionary.
    Text,
    /// Any integer or float.
    Number,
    /// Nanoseconds since 1970-01-01 UTC, without a zone.
    Timestamp,
    /// Days since 1970-01-01, all of them first days of their unit.
    Date,
}

impl ColumnKind {
    /// The kind of a type; `None` for a type that is none of the four, such as a list.
    pub fn of(data_type: &DataType) -> Option<ColumnKind> {
        match data_type {
            DataType::Utf8 => Some(ColumnKind::Text),
            DataType::Dictionary(_, values) if **values == DataType::Utf8 => Some(ColumnKind::Text),
            DataType::Timestamp(TimeUnit::Nanosecond, None) => Some(ColumnKind::Timestamp),
            DataType::Date32 => Some(ColumnKind::Date),
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Some(ColumnKind::Number),
            integer if integer.is_integer() => Some(ColumnKind::Number),
            _ => None,
        }
    }

    /// The kind's word in manifests and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            ColumnKind::Text => "text",
            ColumnKind::Number => "number",
            ColumnKind::Timestamp => "timestamp",
            ColumnKind::Date => "date",
        }
    }
}

impl fmt::Display for ColumnKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What people call a type, or else what Arrow does.
pub fn type_name(data_type: &DataType) -> String {
    ColumnKind::of(data_type).map_or_else(|| data_type.to_string(), |kind| kind.to_string())
}

/// The unit of a date column: what its metadata says, else days.
pub fn date_unit(field: &Field) -> DateUnit {
    field.metadata().get(UNIT).and_then(|word| word.parse().ok()).unwrap_or(DateUnit::Day)
}

/// A date column's field with this unit.
pub fn date_field(name: &str, unit: DateUnit) -> Field {
    Field::new(name, DataType::Date32, true)
        .with_metadata([(UNIT.to_owned(), unit.as_str().to_owned())].into())
}

/// A number column's field of this type and format.
pub fn number_field(name: &str, data_type: DataType, format: &str) -> Field {
    Field::new(name, data_type, true).with_metadata([(FORMAT.to_owned(), format.to_owned())].into())
}

/// How a number column is shown: what its metadata says, else `{:,}`.
pub fn number_format(field: &Field) -> &str {
    field.metadata().get(FORMAT).map_or(DEFAULT_FORMAT, String::as_str)
}

/// The field of a column that a step makes: of numbers with the format of the input's column of numbers of that name,
/// else `{:,}`; of dates with this unit.
pub fn result_field(input: &Schema, name: &str, data_type: &DataType, unit: DateUnit) -> Field {
    match ColumnKind::of(data_type) {
        Some(ColumnKind::Number) => {
            let like = input.field_with_name(name).ok();
            let like = like.filter(|field| ColumnKind::of(field.data_type()) == Some(ColumnKind::Number));
            number_field(name, data_type.clone(), like.map_or(DEFAULT_FORMAT, number_format))
        }
        Some(ColumnKind::Date) => date_field(name, unit),
        _ => Field::new(name, data_type.clone(), true),
    }
}

/// Where the column of this name is, for a name that comes from params.
///
/// # Errors
/// If there is none: a bug, for the host drops from the params every column that the table lacks.
pub fn column_index(table: &RecordBatch, name: &str) -> Result<usize> {
    let index = table.schema_ref().index_of(name);
    index.map_err(|_| Error::bug(format!("there is no column {name:?}: the params are not clean")))
}

/// The column of this name and its field, for a name that comes from params.
///
/// # Errors
/// As [`column_index`].
pub fn column<'a>(table: &'a RecordBatch, name: &str) -> Result<(&'a Field, &'a ArrayRef)> {
    let index = column_index(table, name)?;
    Ok((table.schema_ref().field(index), table.column(index)))
}

/// The column of this name, for a name that comes from params and must be of timestamps.
///
/// # Errors
/// As [`column_index`], or if the column is of another type: a bug too.
pub fn timestamps<'a>(table: &'a RecordBatch, name: &str) -> Result<&'a TimestampNanosecondArray> {
    let (field, values) = column(table, name)?;
    values.as_primitive_opt().ok_or_else(|| {
        let found = field.data_type();
        Error::bug(format!("column {name:?} holds {found}, not timestamps: the params are not clean"))
    })
}

/// The same table with another column in the place of one.
///
/// # Errors
/// If the column is of another length, or not of its field's type.
pub fn with_column(
    table: &RecordBatch,
    index: usize,
    field: Field,
    column: ArrayRef,
) -> std::result::Result<RecordBatch, ArrowError> {
    let mut fields = table.schema_ref().fields().to_vec();
    let mut columns = table.columns().to_vec();
    fields[index] = Arc::new(field);
    columns[index] = column;
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

/// The same table with one more column: in the place of the one of this name, if there is one, else behind the others.
///
/// # Errors
/// As [`with_column`].
pub fn with_named_column(
    table: &RecordBatch,
    field: Field,
    column: ArrayRef,
) -> std::result::Result<RecordBatch, ArrowError> {
    if let Ok(index) = table.schema_ref().index_of(field.name()) {
        return with_column(table, index, field, column);
    }
    let mut fields = table.schema_ref().fields().to_vec();
    let mut columns = table.columns().to_vec();
    fields.push(Arc::new(field));
    columns.push(column);
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Output;
    use crate::testing::{assert_table, integer, number_array, table, text};

    #[test]
    fn numbers_of_a_name_keep_their_format() {
        let input =
            table([number_array("A", "{:d}", integer("", [Some(1)]).1), text("B", [Some("x")])]).schema();
        let format =
            |name| number_format(&result_field(&input, name, &DataType::Float64, DateUnit::Day)).to_owned();
        assert_eq!([format("A"), format("B"), format("C")], ["{:d}", "{:,}", "{:,}"]);
        assert_eq!(
            result_field(&input, "A", &DataType::Date32, DateUnit::Week),
            date_field("A", DateUnit::Week)
        );
        assert_eq!(
            result_field(&input, "A", &DataType::Utf8, DateUnit::Day),
            Field::new("A", DataType::Utf8, true)
        );
    }

    #[test]
    fn a_name_that_no_column_has_is_a_bug_that_names_it() {
        let table = table([text("A", [Some("x")]), integer("B", [Some(1)])]);
        assert_eq!(column_index(&table, "B").unwrap(), 1);
        assert_eq!(column(&table, "B").unwrap().0.name(), "B");
        let Err(Error::Bug(reason)) = column(&table, "C") else { panic!("C is no column") };
        assert_eq!(reason.to_string(), "there is no column \"C\": the params are not clean");
    }

    #[test]
    fn a_column_takes_the_place_of_its_namesake_or_the_last_one() {
        let (a, b, new) = (text("A", [Some("x")]), integer("B", [Some(1)]), text("B", [None]));
        let first = table([a.clone()]);
        let both = with_named_column(&first, b.0.clone(), b.1.clone()).unwrap();
        assert_table(&Output::table(both.clone()), &table([a.clone(), b]));
        let other = with_named_column(&both, new.0.clone(), new.1.clone()).unwrap();
        assert_table(&Output::table(other), &table([a, new]));
    }
}
