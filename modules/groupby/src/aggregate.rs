//! The figures of groups.

use arrow::array::ArrayRef;
use arrow::datatypes::Field;
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::groups::Groups;
use crunchbox_sdk::{ColumnKind, Error, Result, column, figures, number_field, number_format};

use crate::params::{Aggregation, Operation};

/// Finds one figure of every group.
pub(crate) fn run(
    table: &RecordBatch,
    aggregation: &Aggregation,
    groups: &Groups,
) -> Result<(Field, ArrayRef)> {
    let name = &aggregation.outname;
    if aggregation.operation == Operation::Size {
        return Ok(number(name, "{:,d}", figures::sizes(groups)));
    }
    let (field, values) = column(table, &aggregation.colname)?;
    if ColumnKind::of(field.data_type()).is_none() {
        let wanted = "group by, or find figures of, texts, numbers, timestamps and dates";
        return Err(Error::bug(format!(
            "column {:?} is of type {}; {wanted}",
            field.name(),
            field.data_type()
        )));
    }
    let own_format = number_format(field);
    let mean_format = if field.data_type().is_floating() && groups.count() > 0 { own_format } else { "{:,}" };
    Ok(match aggregation.operation {
        Operation::Size | Operation::Nunique => number(name, "{:,d}", figures::count_unique(values, groups)?),
        Operation::Sum => number(name, own_format, figures::sum(values, groups)?),
        Operation::Mean => number(name, mean_format, figures::mean(values, groups)?),
        Operation::Median => number(name, mean_format, figures::median(values, groups)?),
        Operation::Min => (field.clone().with_name(name), figures::min(values, groups)?),
        Operation::Max => (field.clone().with_name(name), figures::max(values, groups)?),
        Operation::First => (field.clone().with_name(name), figures::first(values, groups)?),
    })
}

/// Whether the figures of some groups are of the same types as those of others.
pub(crate) fn are_of_one_type(table: &RecordBatch, aggregations: &[Aggregation]) -> Result<bool> {
    for aggregation in aggregations.iter().filter(|aggregation| aggregation.operation == Operation::Sum) {
        if !figures::sums_are_of_one_type(column(table, &aggregation.colname)?.1)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn number(name: &str, format: &str, values: ArrayRef) -> (Field, ArrayRef) {
    (number_field(name, values.data_type().clone(), format), values)
}
