//! The sheet that a formula is reckoned on.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Date32Type, Float64Type, TimestampNanosecondType};
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::{ColumnKind, Error, Result, cast, plain};
use ironcalc_base::Model;
use ironcalc_base::cell::CellValue;

use crate::formula::Formula;

/// 1970-01-01, counted from 1899-12-30 on.
const EPOCH: f64 = 25569.0;

/// 1900-01-01, counted likewise.
const FIRST_SERIAL: f64 = 2.0;

const NANOS_PER_DAY: f64 = 86_400e9;

/// A table's cells, as sheets have them.
pub(crate) struct Cells<'a> {
    table: &'a RecordBatch,
    columns: Vec<Column>,
}

/// Text, or numbers: times are numbers too.
enum Column {
    Texts(ArrayRef),
    Numbers(ArrayRef),
    /// Of a type that sheets don't know.
    Other(DataType),
}

/// A cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    Text(&'a str),
    Number(f64),
    /// Of a column of numbers.
    NoNumber,
    NoText,
}

impl<'a> Cells<'a> {
    pub(crate) fn new(table: &'a RecordBatch) -> Result<Cells<'a>> {
        let columns = table.columns().iter().map(Column::new).collect::<Result<_>>()?;
        Ok(Cells { table, columns })
    }

    pub(crate) fn rows(&self) -> usize {
        self.table.num_rows()
    }

    pub(crate) fn columns(&self) -> usize {
        self.columns.len()
    }

    /// # Errors
    /// If the column is of none of the four kinds.
    pub(crate) fn get(&self, row: usize, column: usize) -> Result<Cell<'_>> {
        Ok(match &self.columns[column] {
            Column::Texts(texts) if texts.is_valid(row) => Cell::Text(texts.as_string::<i32>().value(row)),
            Column::Texts(_) => Cell::NoText,
            Column::Numbers(numbers) if numbers.is_valid(row) => {
                Cell::Number(numbers.as_primitive::<Float64Type>().value(row))
            }
            Column::Numbers(_) => Cell::NoNumber,
            Column::Other(data_type) => {
                return Err(Error::bug(format!("a column of type {data_type} can't be reckoned with")));
            }
        })
    }
}

impl Column {
    fn new(column: &ArrayRef) -> Result<Column> {
        let serial = |days: f64| Some(days + EPOCH).filter(|serial| *serial >= FIRST_SERIAL);
        let numbers: arrow::array::Float64Array = match ColumnKind::of(column.data_type()) {
            Some(ColumnKind::Text) => return Ok(Column::Texts(plain(column)?)),
            Some(ColumnKind::Number) => return Ok(Column::Numbers(cast(column, &DataType::Float64)?)),
            Some(ColumnKind::Date) => {
                let days = column.as_primitive::<Date32Type>().iter();
                days.map(|day| serial(f64::from(day?))).collect()
            }
            Some(ColumnKind::Timestamp) => {
                let nanos = column.as_primitive::<TimestampNanosecondType>().iter();
                nanos.map(|nanos| serial(nanos? as f64 / NANOS_PER_DAY)).collect()
            }
            None => return Ok(Column::Other(column.data_type().clone())),
        };
        Ok(Column::Numbers(std::sync::Arc::new(numbers)))
    }
}

/// A sheet with one formula.
pub(crate) struct Sheet {
    model: Model<'static>,
    /// Where the formula is: beside the table.
    column: i32,
}

impl Sheet {
    pub(crate) fn new(formula: &Formula, columns: usize) -> Result<Sheet> {
        let column = i32::try_from(columns + 1)?;
        let mut model = Model::new_empty("sheet", "en", "UTC", "en").map_err(Error::bug)?;
        model.update_cell_with_formula(0, 1, column, formula.text().to_owned()).map_err(Error::bug)?;
        Ok(Sheet { model, column })
    }

    /// Writes a cell. `refuse`: text that looks like a number is an error.
    pub(crate) fn set(&mut self, row: usize, column: usize, cell: Cell<'_>, refuse: bool) -> Result<()> {
        let (row, column) = (i32::try_from(row + 1)?, i32::try_from(column + 1)?);
        match cell {
            Cell::Number(number) => self.model.update_cell_with_number(0, row, column, number),
            Cell::Text(text) if refuse && text.trim().parse::<f64>().is_ok() => {
                self.model.set_user_input(0, row, column, "#VALUE!".to_owned())
            }
            Cell::Text(text) => self.model.update_cell_with_text(0, row, column, text),
            Cell::NoNumber => self.model.set_user_input(0, row, column, "#NUM!".to_owned()),
            Cell::NoText => self.model.set_user_input(0, row, column, String::new()),
        }
        .map_err(Error::bug)
    }

    /// The formula's value.
    pub(crate) fn evaluate(&mut self) -> Result<CellValue> {
        self.model.evaluate();
        self.model.get_cell_value_by_index(0, 1, self.column).map_err(Error::bug)
    }
}
