//! What is done with the numbers of a row.

use arrow::array::ArrayRef;

use crate::numbers::{self, Numbers};

/// One value of the numbers that a row has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fold {
    Sum,
    Product,
    Mean,
    Median,
    Minimum,
    Maximum,
}

impl Fold {
    pub(crate) fn named(word: &str) -> Option<Fold> {
        Some(match word {
            "add" => Fold::Sum,
            "multiply" => Fold::Product,
            "mean" => Fold::Mean,
            "median" => Fold::Median,
            "minimum" => Fold::Minimum,
            "maximum" => Fold::Maximum,
            _ => return None,
        })
    }

    /// What the name of the result begins with.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Fold::Sum => "Sum",
            Fold::Product => "Product",
            Fold::Mean => "Average",
            Fold::Median => "Median",
            Fold::Minimum => "Minimum",
            Fold::Maximum => "Maximum",
        }
    }

    /// Whether one more value may be added to each row's.
    pub(crate) fn takes_value(self) -> bool {
        matches!(self, Fold::Sum | Fold::Product)
    }

    pub(crate) fn apply(self, columns: &[Numbers], value: Option<f64>) -> ArrayRef {
        let rows = columns.first().map_or(0, Numbers::len);
        if columns.iter().all(Numbers::are_whole) && value.is_none() {
            let cell = |row| self.of_integers(columns.iter().filter_map(|column| column.integer(row)));
            // Floats are for what isn't whole, or too large.
            let cells: Option<Vec<_>> = (0..rows).map(cell).collect();
            if let Some(column) = cells.and_then(|cells| numbers::integers(cells.into_iter())) {
                return column;
            }
        }
        let mut numbers: Vec<f64> = Vec::new();
        let cell = |row| {
            numbers.clear();
            numbers.extend(columns.iter().filter_map(|column| column.float(row)));
            let folded = self.of_floats(&mut numbers)?;
            Some(match self {
                Fold::Product => folded * value.unwrap_or(1.0),
                _ => folded + value.unwrap_or(0.0),
            })
        };
        numbers::floats((0..rows).map(cell))
    }

    /// `Some(None)` if there is no value, `None` if it is no integer, or too large a one.
    fn of_integers(self, mut numbers: impl Iterator<Item = i128>) -> Option<Option<i128>> {
        match self {
            Fold::Sum => Some(Some(numbers.sum())),
            Fold::Product => numbers.try_fold(1_i128, i128::checked_mul).map(Some),
            Fold::Minimum => Some(numbers.min()),
            Fold::Maximum => Some(numbers.max()),
            Fold::Mean | Fold::Median => None,
        }
    }

    fn of_floats(self, numbers: &mut [f64]) -> Option<f64> {
        let sum = numbers.iter().sum::<f64>();
        match self {
            Fold::Sum => Some(sum),
            Fold::Product => Some(numbers.iter().product()),
            Fold::Mean => (!numbers.is_empty()).then(|| sum / numbers.len() as f64),
            Fold::Minimum => numbers.iter().copied().reduce(f64::min),
            Fold::Maximum => numbers.iter().copied().reduce(f64::max),
            Fold::Median => {
                numbers.sort_by(f64::total_cmp);
                let upper = *numbers.get(numbers.len() / 2)?;
                let lower = numbers[(numbers.len() - 1) / 2];
                Some(lower / 2.0 + upper / 2.0)
            }
        }
    }
}

/// One value of two columns' numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pairing {
    Subtract,
    Divide,
    PercentChange,
    PercentMultiply,
    PercentDivide,
}

impl Pairing {
    pub(crate) fn named(word: &str) -> Option<Pairing> {
        Some(match word {
            "subtract" => Pairing::Subtract,
            "divide" => Pairing::Divide,
            "percent_change" => Pairing::PercentChange,
            "percent_multiply" => Pairing::PercentMultiply,
            "percent_divide" => Pairing::PercentDivide,
            _ => return None,
        })
    }

    /// The name of the result.
    pub(crate) fn name(self, first: &str, second: &str) -> String {
        match self {
            Pairing::Subtract => format!("{first} minus {second}"),
            Pairing::Divide => format!("{first} divided by {second}"),
            Pairing::PercentChange => format!("Percent change {first} to {second}"),
            Pairing::PercentMultiply => format!("{first} percent of {second}"),
            Pairing::PercentDivide => format!("{first} is this percent of {second}"),
        }
    }

    /// `is_percent`: the first column is shown in percent, so that 0.06 is 6 percent; else 6 is.
    pub(crate) fn apply(self, first: &Numbers, second: &Numbers, is_percent: bool) -> ArrayRef {
        if self == Pairing::Subtract && first.are_whole() && second.are_whole() {
            let cell = |row| Some(first.integer(row)? - second.integer(row)?);
            if let Some(column) = numbers::integers((0..first.len()).map(cell)) {
                return column;
            }
        }
        let cell = |row| {
            let (x, y) = (first.float(row)?, second.float(row)?);
            Some(match self {
                Pairing::Subtract => x - y,
                Pairing::Divide | Pairing::PercentDivide => x / y,
                Pairing::PercentChange => (y - x) / x,
                Pairing::PercentMultiply => x * y / if is_percent { 1.0 } else { 100.0 },
            })
        };
        numbers::floats((0..first.len()).map(cell))
    }
}
