//! Columns in other types of their kind.
//!
//! Arrow's own `cast` knows every pair of types, and is more than half of the code of a step that calls it. These are the pairs
//! that tables have.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, Float64Array, PrimitiveArray};
use arrow::compute::take;
use arrow::datatypes::{
    DataType, Date32Type, Float16Type, Float32Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow::error::ArrowError;

/// A column in another type: numbers as `Float64`, whole numbers of any width as such of another, dictionaries as what they
/// stand for, dates as their days in `Int32`. A number that the type can't hold becomes null.
///
/// # Errors
/// If the types are none of these, or a dictionary comes to more text than an array holds.
pub fn cast(column: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    match (column.data_type(), to) {
        (from, to) if from == to => Ok(Arc::clone(column)),
        (DataType::Dictionary(_, values), to) if **values == *to => {
            let dictionary = column.as_any_dictionary();
            take(dictionary.values(), dictionary.keys(), None)
        }
        (DataType::Date32, DataType::Int32) => {
            Ok(Arc::new(column.as_primitive::<Date32Type>().reinterpret_cast::<Int32Type>()))
        }
        (_, DataType::Float64) => Ok(Arc::new(floats(column)?)),
        (_, DataType::Int8) => whole::<Int8Type>(column, |number| number.try_into().ok()),
        (_, DataType::Int16) => whole::<Int16Type>(column, |number| number.try_into().ok()),
        (_, DataType::Int32) => whole::<Int32Type>(column, |number| number.try_into().ok()),
        (_, DataType::Int64) => whole::<Int64Type>(column, |number| number.try_into().ok()),
        (_, DataType::UInt8) => whole::<UInt8Type>(column, |number| number.try_into().ok()),
        (_, DataType::UInt16) => whole::<UInt16Type>(column, |number| number.try_into().ok()),
        (_, DataType::UInt32) => whole::<UInt32Type>(column, |number| number.try_into().ok()),
        (_, DataType::UInt64) => whole::<UInt64Type>(column, |number| number.try_into().ok()),
        _ => Err(no_way(column, to)),
    }
}

fn no_way(column: &ArrayRef, to: &DataType) -> ArrowError {
    ArrowError::CastError(format!("a column of type {} can't be one of {to}", column.data_type()))
}

/// The column's numbers as floats.
fn floats(column: &ArrayRef) -> Result<Float64Array, ArrowError> {
    macro_rules! wide {
        ($type:ty) => {
            column.as_primitive::<$type>().unary(|number| number as f64)
        };
    }
    Ok(match column.data_type() {
        DataType::Int8 => wide!(Int8Type),
        DataType::Int16 => wide!(Int16Type),
        DataType::Int32 => wide!(Int32Type),
        DataType::Int64 => wide!(Int64Type),
        DataType::UInt8 => wide!(UInt8Type),
        DataType::UInt16 => wide!(UInt16Type),
        DataType::UInt32 => wide!(UInt32Type),
        DataType::UInt64 => wide!(UInt64Type),
        DataType::Float16 => column.as_primitive::<Float16Type>().unary(|number| number.to_f64()),
        DataType::Float32 => wide!(Float32Type),
        _ => return Err(no_way(column, &DataType::Float64)),
    })
}

/// The column's whole numbers in another width, by way of one that holds all.
fn whole<T: ArrowPrimitiveType>(
    column: &ArrayRef,
    narrow: impl Fn(i128) -> Option<T::Native>,
) -> Result<ArrayRef, ArrowError> {
    macro_rules! each {
        ($type:ty) => {
            column.as_primitive::<$type>().unary_opt(|number| narrow(number.into()))
        };
    }
    let numbers: PrimitiveArray<T> = match column.data_type() {
        DataType::Int8 => each!(Int8Type),
        DataType::Int16 => each!(Int16Type),
        DataType::Int32 => each!(Int32Type),
        DataType::Int64 => each!(Int64Type),
        DataType::UInt8 => each!(UInt8Type),
        DataType::UInt16 => each!(UInt16Type),
        DataType::UInt32 => each!(UInt32Type),
        DataType::UInt64 => each!(UInt64Type),
        _ => return Err(no_way(column, &T::DATA_TYPE)),
    };
    Ok(Arc::new(numbers))
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, UInt64Array};
    use arrow::compute::cast as arrow_cast;
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{dictionary, text};

    const WHOLE: [DataType; 8] = [
        DataType::Int8,
        DataType::Int16,
        DataType::Int32,
        DataType::Int64,
        DataType::UInt8,
        DataType::UInt16,
        DataType::UInt32,
        DataType::UInt64,
    ];

    proptest! {
        #[test]
        fn numbers_are_as_arrows_own(numbers: Vec<Option<i64>>, large: Vec<Option<u64>>, small: Vec<Option<i8>>) {
            let small: Vec<Option<i64>> = small.into_iter().map(|number| number.map(i64::from)).collect();
            for wide in [
                Arc::new(Int64Array::from(numbers)) as ArrayRef,
                Arc::new(UInt64Array::from(large)),
                Arc::new(Int64Array::from(small)),
            ] {
                for from in WHOLE.iter().chain(&[DataType::Float16, DataType::Float32, DataType::Float64]) {
                    let column = arrow_cast(&wide, from).unwrap();
                    prop_assert_eq!(&cast(&column, &DataType::Float64).unwrap(), &arrow_cast(&column, &DataType::Float64).unwrap());
                    for to in WHOLE.iter().filter(|_| from.is_integer()) {
                        prop_assert_eq!(&cast(&column, to).unwrap(), &arrow_cast(&column, to).unwrap());
                    }
                }
            }
        }
    }

    #[test]
    fn dictionaries_and_days_are_what_they_stand_for() {
        let texts = [Some("x"), None, Some("x")];
        let plain = cast(&dictionary("", texts).1, &DataType::Utf8).unwrap();
        assert_eq!(&plain, &text("", texts).1);
        let days = crate::testing::date("", crate::DateUnit::Day, [Some(-1), None]).1;
        let numbers = cast(&days, &DataType::Int32).unwrap();
        assert_eq!(numbers.as_primitive::<Int32Type>().iter().collect::<Vec<_>>(), [Some(-1), None]);
    }

    #[test]
    fn other_pairs_are_refused() {
        let error = cast(&text("", [Some("1")]).1, &DataType::Float64).unwrap_err();
        assert!(error.to_string().contains("Utf8 can't be one of Float64"), "{error}");
        cast(&text("", [Some("1")]).1, &DataType::Int64).unwrap_err();
    }
}
