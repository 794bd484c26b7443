//! A look at the first rows.

use arrow::array::Array;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use serde::{Deserialize, Serialize};

use crate::error::{Check, TableError, guarded};
use crate::info::ColumnInfo;
use crate::input::Input;
use crate::source::Source;
use crunchbox_protocol::FileFormat;
use crunchbox_protocol::TableLimits;

/// The first rows of a table as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// The columns, in order.
    pub columns: Vec<ColumnInfo>,
    /// One entry per row, each with one cell per column; null is `None`. Text is as the file has it: escape it before
    /// it goes to a terminal.
    pub rows: Vec<Vec<Option<String>>>,
}

/// Reads the first `rows` rows of a table, in any format, as text. Later record batches are not looked at.
///
/// # Errors
/// [`TableError`] if what is read of the file is damaged or over a limit.
pub fn preview(
    input: Input,
    format: FileFormat,
    rows: usize,
    limits: &TableLimits,
) -> Result<Preview, TableError> {
    guarded(|| {
        let source = Source::open(input, format, limits, None, None, false)?;
        let columns = source.schema.fields().iter().map(|field| ColumnInfo::new(field)).collect();
        let mut preview = Preview { columns, rows: Vec::new() };
        for batch in source.batches {
            let wanted = rows - preview.rows.len();
            if wanted == 0 {
                break;
            }
            let batch = batch?;
            let batch = batch.slice(0, wanted.min(batch.num_rows()));
            let options = FormatOptions::new();
            let shown =
                |error: arrow::error::ArrowError| TableError::new(Check::Conversion, error.to_string());
            let formatters = batch
                .columns()
                .iter()
                .map(|array| ArrayFormatter::try_new(array.as_ref(), &options))
                .collect::<Result<Vec<_>, _>>()
                .map_err(shown)?;
            for row in 0..batch.num_rows() {
                let mut cells = Vec::with_capacity(formatters.len());
                for (array, formatter) in batch.columns().iter().zip(&formatters) {
                    cells.push(if array.is_null(row) {
                        None
                    } else {
                        Some(formatter.value(row).try_to_string().map_err(shown)?)
                    });
                }
                preview.rows.push(cells);
            }
        }
        Ok(preview)
    })
}
