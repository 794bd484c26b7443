//! The four kinds of column that people know, and where Arrow keeps what belongs to them.

use std::fmt;
use std::str::FromStr;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Field, TimeUnit};

use crate::result::{Error, Result};

/// The metadata key of a number's format.
pub(crate) const FORMAT: &str = "format";
/// The metadata key of a date's unit.
pub(crate) const UNIT: &str = "unit";

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

/// What a date column's values are the first days of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateUnit {
    /// Every day.
    Day,
    /// Mondays.
    Week,
    /// First days of months.
    Month,
    /// 1 January, 1 April, 1 July, 1 October.
    Quarter,
    /// 1 January.
    Year,
}

impl DateUnit {
    const ALL: [DateUnit; 5] =
        [DateUnit::Day, DateUnit::Week, DateUnit::Month, DateUnit::Quarter, DateUnit::Year];

    /// The unit's word in a field's metadata.
    pub fn as_str(self) -> &'static str {
        match self {
            DateUnit::Day => "day",
            DateUnit::Week => "week",
            DateUnit::Month => "month",
            DateUnit::Quarter => "quarter",
            DateUnit::Year => "year",
        }
    }

    /// The unit of a date column: what its metadata says, else days.
    pub fn of(field: &Field) -> DateUnit {
        field.metadata().get(UNIT).and_then(|word| word.parse().ok()).unwrap_or(DateUnit::Day)
    }

    /// A date column's field with this unit.
    pub fn field(self, name: &str) -> Field {
        Field::new(name, DataType::Date32, true)
            .with_metadata([(UNIT.to_owned(), self.as_str().to_owned())].into())
    }
}

impl FromStr for DateUnit {
    type Err = String;

    fn from_str(word: &str) -> std::result::Result<Self, Self::Err> {
        let unit = DateUnit::ALL.into_iter().find(|unit| unit.as_str() == word);
        unit.ok_or_else(|| format!("{word:?} is no unit of dates; use day, week, month, quarter or year"))
    }
}

/// How a number column is shown: what its metadata says, else `{:,}`.
pub fn number_format(field: &Field) -> &str {
    field.metadata().get(FORMAT).map_or("{:,}", String::as_str)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{integer, table, text};

    #[test]
    fn a_name_that_no_column_has_is_a_bug_that_names_it() {
        let table = table([text("A", [Some("x")]), integer("B", [Some(1)])]);
        assert_eq!(column_index(&table, "B").unwrap(), 1);
        assert_eq!(column(&table, "B").unwrap().0.name(), "B");
        let Err(Error::Bug(reason)) = column(&table, "C") else { panic!("C is no column") };
        assert_eq!(reason.to_string(), "there is no column \"C\": the params are not clean");
    }
}
