//! What the user wants.

use std::collections::BTreeMap;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::colnames::{MAX_COLUMN_NAME_BYTES, clean_colname};
use crunchbox_sdk::{JsonMap, Result, column};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::rounding::{Granularity, round_down};

#[derive(Debug, Deserialize)]
pub(crate) struct Params {
    groups: GroupParams,
    aggregations: Vec<AggregationParams>,
}

#[derive(Debug, Deserialize)]
struct GroupParams {
    colnames: Vec<String>,
    #[serde(default)]
    group_dates: bool,
    #[serde(default)]
    date_granularities: BTreeMap<String, Option<Granularity>>,
}

#[derive(Debug, Deserialize)]
struct AggregationParams {
    operation: Operation,
    colname: String,
    outname: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Operation {
    Size,
    Nunique,
    Sum,
    Mean,
    Median,
    Min,
    Max,
    First,
}

impl AggregationParams {
    /// What its column is called: as was asked for, as far as that can be the name of a column.
    fn name(&self) -> String {
        let clean = |name: &str| clean_colname(name, MAX_COLUMN_NAME_BYTES).name;
        match clean(&self.outname) {
            asked if asked.is_empty() => clean(&self.operation.default_outname(&self.colname)),
            asked => asked,
        }
    }
}

impl Operation {
    pub(crate) fn needs_numbers(self) -> bool {
        matches!(self, Operation::Sum | Operation::Mean | Operation::Median)
    }

    fn default_outname(self, colname: &str) -> String {
        let what = match self {
            Operation::Size => return "Group Size".to_owned(),
            Operation::Nunique => "Unique count",
            Operation::Sum => "Sum",
            Operation::Mean => "Average",
            Operation::Median => "Median",
            Operation::Min => "Minimum",
            Operation::Max => "Maximum",
            Operation::First => "First",
        };
        format!("{what} of {colname}")
    }
}

/// A figure to be found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Aggregation {
    pub(crate) operation: Operation,
    pub(crate) colname: String,
    pub(crate) outname: String,
}

impl Aggregation {
    pub(crate) fn default_size() -> Aggregation {
        let operation = Operation::Size;
        Aggregation { operation, colname: String::new(), outname: operation.default_outname("") }
    }
}

/// A column to group by.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) colname: String,
    /// Old params round timestamps.
    pub(crate) granularity: Option<Granularity>,
}

impl Key {
    pub(crate) fn values(&self, table: &RecordBatch) -> Result<ArrayRef> {
        let (_, values) = column(table, &self.colname)?;
        Ok(match self.granularity {
            Some(granularity) => round_down(values, granularity),
            None => values.clone(),
        })
    }
}

impl Params {
    pub(crate) fn group_dates(&self) -> bool {
        self.groups.group_dates
    }

    pub(crate) fn keys(&self, table: &RecordBatch) -> Vec<Key> {
        let mut keys: Vec<Key> = Vec::new();
        for colname in &self.groups.colnames {
            if keys.iter().any(|key| key.colname == *colname) {
                continue;
            }
            let is_timestamp = table
                .schema()
                .field_with_name(colname)
                .is_ok_and(|field| matches!(field.data_type(), DataType::Timestamp(_, _)));
            let wanted = self.groups.date_granularities.get(colname).copied().flatten();
            let granularity = wanted.filter(|_| self.groups.group_dates && is_timestamp);
            keys.push(Key { colname: colname.clone(), granularity });
        }
        keys
    }

    /// The figures wanted: one without a column is not, unless it needs none; the size if there are none.
    pub(crate) fn aggregations(&self) -> Vec<Aggregation> {
        let wanted =
            |params: &&AggregationParams| !params.colname.is_empty() || params.operation == Operation::Size;
        let mut aggregations: Vec<Aggregation> = self
            .aggregations
            .iter()
            .filter(wanted)
            .map(|params| Aggregation {
                operation: params.operation,
                colname: params.colname.clone(),
                outname: params.name(),
            })
            .collect();
        if aggregations.is_empty() {
            aggregations.push(Aggregation::default_size());
        }
        aggregations
    }
}

/// Of several figures with one name the first is found, and shown where the last one would be.
pub(crate) fn drop_shadowed(aggregations: &mut Vec<Aggregation>) {
    let all = std::mem::take(aggregations);
    for (index, aggregation) in all.iter().enumerate() {
        let named = |other: &&Aggregation| other.outname == aggregation.outname;
        let is_last = !all[index + 1..].iter().any(|other| named(&other));
        if let (true, Some(first)) = (is_last, all.iter().find(named)) {
            aggregations.push(first.clone());
        }
    }
}

/// Brings params of older versions up to date: once the columns were one text with commas.
pub(crate) fn migrate(mut params: JsonMap) -> JsonMap {
    if let Some(Value::String(names)) = params.get("groups").and_then(|groups| groups.get("colnames")) {
        let names: Vec<String> =
            names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        if let Some(Value::Object(groups)) = params.get_mut("groups") {
            groups.insert("colnames".to_owned(), json!(names));
        }
    }
    params
}
