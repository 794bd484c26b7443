//! Text of few values as a dictionary and numbers. In a Parquet file each row group has a dictionary of its own; here they become one
//! for the whole table, which grows as they come.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Int32Type};
use arrow::error::ArrowError;

use super::cannot_decode;
use crate::error::TableError;
use crate::source::batch_of;

/// The type of such a column.
pub(super) fn data_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// The dictionaries of a table's columns, by their places.
#[derive(Default)]
pub(super) struct Growing(HashMap<usize, Dictionary>);

impl Growing {
    /// The same rows, each dictionary beginning with that of the batch before.
    pub(super) fn unify(&mut self, batch: RecordBatch) -> Result<RecordBatch, TableError> {
        let mut columns = batch.columns().to_vec();
        for (place, column) in columns.iter_mut().enumerate() {
            if let Some(array) = column.as_dictionary_opt::<Int32Type>() {
                let unified = self.0.entry(place).or_default().add(array);
                let name = batch.schema_ref().field(place).name();
                *column = unified.map_err(|error| cannot_decode(&error).in_column(name))?;
            }
        }
        batch_of(batch.schema(), columns, batch.num_rows()).map_err(|error| cannot_decode(&error))
    }
}

#[derive(Default)]
struct Dictionary {
    /// Each text's number.
    numbers: HashMap<String, i32>,
    /// All of them in order, when they were last put together.
    texts: Vec<String>,
    values: Option<ArrayRef>,
}

impl Dictionary {
    fn add(&mut self, array: &DictionaryArray<Int32Type>) -> Result<ArrayRef, ArrowError> {
        let known = self.texts.len();
        // What no row has gets no number: a row group may be read in part, and may have more in its dictionary than it needs.
        let texts = array.values().as_string::<i32>();
        let mut used = vec![false; texts.len()];
        match array.nulls() {
            None => array.keys().values().iter().for_each(|key| used[*key as usize] = true),
            Some(_) => array.keys().iter().flatten().for_each(|key| used[key as usize] = true),
        }
        let number = |(place, used)| if used { self.number(texts.value(place)) } else { 0 };
        let numbers: Vec<i32> = used.into_iter().enumerate().map(number).collect();
        let values = match &self.values {
            Some(values) if self.texts.len() == known => values.clone(),
            _ => self.values.insert(Arc::new(StringArray::from_iter_values(&self.texts))).clone(),
        };
        let is_same = numbers.iter().enumerate().all(|(place, number)| place == *number as usize);
        let keys: Int32Array = match is_same {
            true => array.keys().clone(),
            // A row without a value may have any number.
            false => array.keys().unary(|key| numbers.get(key as usize).copied().unwrap_or(0)),
        };
        Ok(Arc::new(DictionaryArray::try_new(keys, values)?))
    }

    fn number(&mut self, text: &str) -> i32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        // Few enough, as the file's own are counted beforehand.
        let number = self.texts.len() as i32;
        self.numbers.insert(text.to_owned(), number);
        self.texts.push(text.to_owned());
        number
    }
}
