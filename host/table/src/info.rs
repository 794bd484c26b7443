//! What a valid table looks like from outside.

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use serde::{Deserialize, Serialize};

/// A table's size and columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableInfo {
    /// Rows, over all record batches.
    pub rows: u64,
    /// The columns, in order.
    pub columns: Vec<ColumnInfo>,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// An Arrow file that is built as inputs are: one record batch or none, no dictionaries, no metadata of the schema; and flat
    /// columns if only some rows were wanted. Where the file was only looked at, it seems to be one.
    pub plain: bool,
}

/// One column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnInfo {
    /// The column's name, as the file has it.
    pub name: String,
    /// `text`, `number`, `timestamp` or `date`, or, for any other type, the same as `arrow_type`.
    #[serde(rename = "type")]
    pub type_name: String,
    /// A number's `format`, if the file gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// A date's `unit`, if the file gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The Arrow type as text, cut if very long.
    pub arrow_type: String,
}

impl TableInfo {
    pub(crate) fn new(schema: &Schema, rows: u64, bytes: u64) -> Self {
        TableInfo {
            rows,
            columns: schema.fields().iter().map(|field| ColumnInfo::new(field)).collect(),
            bytes,
            plain: false,
        }
    }
}

impl ColumnInfo {
    pub(crate) fn new(field: &Field) -> Self {
        let arrow_type = crate::error::shown(&field.data_type().to_string());
        let kind = ColumnKind::of(field.data_type());
        let entry = |wanted: ColumnKind, key: &str| {
            (kind == Some(wanted)).then(|| field.metadata().get(key).cloned()).flatten()
        };
        ColumnInfo {
            name: field.name().clone(),
            type_name: kind.map_or_else(|| arrow_type.clone(), |kind| kind.as_str().to_string()),
            format: entry(ColumnKind::Number, "format"),
            unit: entry(ColumnKind::Date, "unit"),
            arrow_type,
        }
    }
}

/// The four column types that users see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    Text,
    Number,
    Timestamp,
    Date,
}

impl ColumnKind {
    /// What an Arrow type is to the user, judged by its type alone.
    pub(crate) fn of(data_type: &DataType) -> Option<Self> {
        match data_type {
            DataType::Utf8 => Some(ColumnKind::Text),
            DataType::Dictionary(_, values) if **values == DataType::Utf8 => Some(ColumnKind::Text),
            number if number.is_integer() || number.is_floating() => Some(ColumnKind::Number),
            DataType::Timestamp(TimeUnit::Nanosecond, None) => Some(ColumnKind::Timestamp),
            DataType::Date32 => Some(ColumnKind::Date),
            _ => None,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            ColumnKind::Text => "text",
            ColumnKind::Number => "number",
            ColumnKind::Timestamp => "timestamp",
            ColumnKind::Date => "date",
        }
    }
}
