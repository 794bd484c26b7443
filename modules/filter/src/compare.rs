//! Comparisons of numbers and times, exact whatever their widths.

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{
    DataType, Date32Type, Float64Type, Int64Type, TimeUnit, TimestampNanosecondType, UInt64Type,
};
use arrow::error::ArrowError;
use crunchbox_sdk::cast;

const NANOS_PER_DAY: i128 = 86_400_000_000_000;

/// How a cell must be to the value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Comparison {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// What numbers are compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Integer(i128),
    Float(f64),
}

impl Comparison {
    fn holds<T: PartialOrd>(self, cell: T, value: T) -> bool {
        match self {
            Comparison::Equal => cell == value,
            Comparison::Greater => cell > value,
            Comparison::GreaterOrEqual => cell >= value,
            Comparison::Less => cell < value,
            Comparison::LessOrEqual => cell <= value,
        }
    }

    /// The whole number that whole numbers may be compared with in place of a float; `None` if none is equal to it.
    ///
    /// What is greater than 1.5 is greater than 1; what is at least 1.5 is at least 2.
    fn whole(self, value: f64) -> Option<i128> {
        let rounded = match self {
            Comparison::Equal if value.fract() != 0.0 => return None,
            Comparison::Equal | Comparison::Greater | Comparison::LessOrEqual => value.floor(),
            Comparison::GreaterOrEqual | Comparison::Less => value.ceil(),
        };
        // Floats beyond 128 bits become the outermost whole number, which is beyond every column too.
        Some(rounded as i128)
    }
}

/// The rows whose number stands so to `value`; `None` if the column holds no numbers.
pub(crate) fn numbers(
    column: &ArrayRef,
    comparison: Comparison,
    value: Number,
) -> Result<Option<BooleanBuffer>, ArrowError> {
    let data_type = column.data_type();
    if data_type.is_floating() {
        let wide = cast(column, &DataType::Float64)?;
        let value = match value {
            Number::Integer(integer) => integer as f64,
            Number::Float(float) => float,
        };
        return Ok(Some(cells::<Float64Type>(&wide, |cell| comparison.holds(cell, value))));
    }
    if !data_type.is_integer() {
        return Ok(None);
    }
    let value = match value {
        Number::Integer(integer) => Some(integer),
        Number::Float(float) => comparison.whole(float),
    };
    let Some(value) = value else { return Ok(Some(BooleanBuffer::new_unset(column.len()))) };
    Ok(Some(if *data_type == DataType::UInt64 {
        match within(comparison, value, 0, i128::from(u64::MAX)) {
            Within::Value => cells::<UInt64Type>(column, |cell| comparison.holds(cell, value as u64)),
            Within::All(all) => cells::<UInt64Type>(column, |_| all),
        }
    } else {
        let wide = cast(column, &DataType::Int64)?;
        match within(comparison, value, i128::from(i64::MIN), i128::from(i64::MAX)) {
            Within::Value => cells::<Int64Type>(&wide, |cell| comparison.holds(cell, value as i64)),
            Within::All(all) => cells::<Int64Type>(&wide, |_| all),
        }
    }))
}

/// Whether a value is one that cells can have.
enum Within {
    Value,
    /// It isn't: all cells stand to it in the same way.
    All(bool),
}

fn within(comparison: Comparison, value: i128, least: i128, most: i128) -> Within {
    if (least..=most).contains(&value) { Within::Value } else { Within::All(comparison.holds(least, value)) }
}

/// The rows whose time stands so to `instant`, in nanoseconds since 1970-01-01 UTC; dates are compared with its day.
/// `None` if the column holds no times.
pub(crate) fn instants(
    column: &ArrayRef,
    comparison: Comparison,
    instant: i128,
) -> Result<Option<BooleanBuffer>, ArrowError> {
    Ok(match column.data_type() {
        DataType::Date32 => {
            let day = instant.div_euclid(NANOS_PER_DAY);
            Some(cells::<Date32Type>(column, |cell| comparison.holds(i128::from(cell), day)))
        }
        DataType::Timestamp(TimeUnit::Nanosecond, None) => {
            Some(cells::<TimestampNanosecondType>(column, |cell| comparison.holds(i128::from(cell), instant)))
        }
        _ => None,
    })
}

fn cells<T: ArrowPrimitiveType>(column: &ArrayRef, test: impl Fn(T::Native) -> bool) -> BooleanBuffer {
    let array = column.as_primitive::<T>();
    let values = array.values();
    let mask = BooleanBuffer::collect_bool(array.len(), |row| test(values[row]));
    match array.nulls() {
        None => mask,
        Some(valid) => &mask & valid.inner(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_fall_between_whole_numbers() {
        use Comparison::*;
        assert_eq!(Equal.whole(1.5), None);
        assert_eq!((Greater.whole(1.5), GreaterOrEqual.whole(1.5)), (Some(1), Some(2)));
        assert_eq!((Less.whole(-1.5), LessOrEqual.whole(-1.5)), (Some(-1), Some(-2)));
        assert_eq!(Greater.whole(f64::INFINITY), Some(i128::MAX));
    }
}
