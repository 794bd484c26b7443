//! What the user wants.

use crunchbox_sdk::JsonMap;
use serde::Deserialize;
use serde_json::Value;

use crate::times::GroupBy;

#[derive(Debug, Deserialize)]
pub(crate) struct Params {
    pub(crate) column: String,
    pub(crate) groupby: GroupBy,
    pub(crate) operation: Operation,
    targetcolumn: String,
    pub(crate) include_missing_dates: bool,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Operation {
    Size,
    Mean,
    Sum,
    Min,
    Max,
}

impl Params {
    /// The column that figures are found of, or `Some(None)` if rows are counted. `None` if the user has yet to name it.
    pub(crate) fn target(&self) -> Option<Option<&str>> {
        match self.operation {
            Operation::Size => Some(None),
            _ if self.targetcolumn.is_empty() => None,
            _ => Some(Some(&self.targetcolumn)),
        }
    }
}

impl Operation {
    pub(crate) fn needs_numbers(self) -> bool {
        matches!(self, Operation::Mean | Operation::Sum)
    }

    /// The figure of no rows.
    pub(crate) fn of_nothing(self) -> Option<i64> {
        matches!(self, Operation::Size | Operation::Sum).then_some(0)
    }
}

/// Brings params of older versions up to date: once what is a word now was its place in the menu.
pub(crate) fn migrate(mut params: JsonMap) -> JsonMap {
    let groups = [
        "second",
        "minute",
        "hour",
        "day",
        "month",
        "quarter",
        "year",
        "second_of_day",
        "minute_of_day",
        "hour_of_day",
    ];
    let operations = ["size", "mean", "sum", "min", "max"];
    for (key, words) in [("groupby", &groups[..]), ("operation", &operations)] {
        let place = params.get(key).and_then(Value::as_u64).and_then(|place| usize::try_from(place).ok());
        if let Some(word) = place.and_then(|place| words.get(place)) {
            params.insert(key.to_owned(), (*word).into());
        }
    }
    params
}
