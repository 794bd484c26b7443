//! Turning tables, for the step of that name and for reshape.

#![forbid(unsafe_code)]

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, new_empty_array};
use arrow::compute::interleave;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::colnames::{MAX_COLUMN_NAME_BYTES, unique_colnames_and_warnings};
use crunchbox_sdk::{
    ColumnKind, DateUnit, I18nMessage, Output, QuickFix, RenderError, Result, Source, alike_or_texts,
    as_text, date_unit, plain, result_field,
};
use serde_json::json;

/// A table may have 600 columns, and one of them is for what the columns were called.
const MAX_ROWS: usize = 599;

/// The table, turned: its first column makes the names of the new ones, whose first is called `first_colname`, or as it
/// was if that is empty. What the messages' ids begin with is for their catalogue.
///
/// # Errors
/// If a column is of none of the four kinds.
pub fn transpose(table: &RecordBatch, first_colname: &str, prefix: &str) -> Result<Output> {
    let message = |id: &str| I18nMessage::new(format!("{prefix}warnings.{id}")).from_source(Source::Module);
    let schema = table.schema();
    let Some((headers, rest)) = schema.fields().split_first() else {
        return Ok(Output::table(table.clone()));
    };
    let mut warnings: Vec<RenderError> = Vec::new();
    if table.num_rows() > MAX_ROWS {
        warnings.push(message("tooManyRows").arg("max_columns", MAX_ROWS as i32).into());
    }
    let table = table.slice(0, table.num_rows().min(MAX_ROWS));
    if ColumnKind::of(headers.data_type()) != Some(ColumnKind::Text) {
        let name = headers.name().as_str();
        let text = message("headersConvertedToText.quickFix.text").arg("column_name", format!("\"{name}\""));
        let warning = message("headersConvertedToText.message").arg("column_name", name);
        warnings.push(RenderError::from(warning).quick_fix(to_text(text, &[name])));
    }
    let mut names = vec![if first_colname.is_empty() { headers.name() } else { first_colname }.to_owned()];
    names.extend(texts(headers, table.column(0))?);
    let (names, of_names) = unique_colnames_and_warnings(&names, &[], MAX_COLUMN_NAME_BYTES);
    warnings.extend(of_names.into_iter().map(RenderError::from));

    let columns: Vec<(&Field, ArrayRef)> = rest
        .iter()
        .zip(&table.columns()[1..])
        .map(|(field, values)| (field.as_ref(), Arc::clone(values)))
        .collect();
    let (values, converted) = alike_or_texts(&columns)?;
    if let [first, ..] = converted[..] {
        let count = converted.len() as i32;
        let text = message("differentColumnTypes.quickFix.text").arg("n_columns", count);
        let warning =
            message("differentColumnTypes.message").arg("n_columns", count).arg("first_colname", first);
        warnings.push(RenderError::from(warning).quick_fix(to_text(text, &converted)));
    }
    let unit = rest.iter().map(|field| date_unit(field)).reduce(DateUnit::common).unwrap_or(DateUnit::Day);
    let was_called = StringArray::from_iter_values(rest.iter().map(|field| field.name()));
    let mut fields = vec![Field::new(&names[0], DataType::Utf8, true)];
    let mut turned: Vec<ArrayRef> = vec![Arc::new(was_called)];
    for (row, name) in names[1..].iter().enumerate() {
        let cells = cells_of_row(&values, row)?;
        fields.push(result_field(&schema, name, cells.data_type(), unit));
        turned.push(cells);
    }
    let turned = RecordBatch::try_new(Arc::new(Schema::new(fields)), turned)?;
    Ok(Output { table: Some(turned), errors: warnings, ..Output::default() })
}

fn texts(field: &Field, column: &ArrayRef) -> Result<Vec<String>> {
    let texts = plain(&as_text(field, column)?)?;
    Ok(texts.as_string::<i32>().iter().map(|text| text.unwrap_or_default().to_owned()).collect())
}

/// The cells of a row as a column. Of no columns they are numbers, of which there are none.
fn cells_of_row(columns: &[ArrayRef], row: usize) -> Result<ArrayRef> {
    if columns.is_empty() {
        return Ok(new_empty_array(&DataType::Float64));
    }
    let columns: Vec<&dyn Array> = columns.iter().map(AsRef::as_ref).collect();
    let places: Vec<(usize, usize)> = (0..columns.len()).map(|column| (column, row)).collect();
    plain(&interleave(&columns, &places)?)
}

fn to_text(text: I18nMessage, colnames: &[&str]) -> QuickFix {
    QuickFix::prepend_step(text, "converttotext", json!({"colnames": colnames}))
}

#[cfg(test)]
mod tests {
    use crunchbox_sdk::testing::{
        assert_table, date, dictionary, integer, number, number_array, table, text, timestamp,
    };
    use proptest::prelude::*;

    use super::*;

    fn turned(columns: impl IntoIterator<Item = (Field, ArrayRef)>) -> Output {
        transpose(&table(columns), "", "").unwrap()
    }

    #[test]
    fn cells_of_one_kind_keep_it() {
        let names = || text("A", [Some("x"), Some("y")]);
        let output = turned([
            names(),
            number_array("x", "{:d}", integer("", [Some(1), None]).1),
            number("C", [Some(0.5), Some(2.0)]),
        ]);
        let x = number_array("x", "{:d}", number("", [Some(1.0), Some(0.5)]).1);
        assert_table(&output, &table([text("A", [Some("x"), Some("C")]), x, number("y", [None, Some(2.0)])]));
        let output = turned([names(), timestamp("B", [Some(1), None])]);
        assert_table(
            &output,
            &table([text("A", [Some("B")]), timestamp("x", [Some(1)]), timestamp("y", [None])]),
        );
        let output = turned([names(), dictionary("B", [Some("b"); 2]), text("C", [None, Some("c")])]);
        let expected = [
            text("A", [Some("B"), Some("C")]),
            text("x", [Some("b"), None]),
            text("y", [Some("b"), Some("c")]),
        ];
        assert_table(&output, &table(expected));
        let dates = [date("B", DateUnit::Year, [Some(0); 2]), date("C", DateUnit::Quarter, [Some(90), None])];
        let output = turned(std::iter::once(names()).chain(dates));
        let quarter = |name: &str, days: [Option<i32>; 2]| date(name, DateUnit::Quarter, days);
        let expected = [
            text("A", [Some("B"), Some("C")]),
            quarter("x", [Some(0), Some(90)]),
            quarter("y", [Some(0), None]),
        ];
        assert_table(&output, &table(expected));
    }

    #[test]
    fn cells_of_several_kinds_are_text_as_they_are_shown() {
        let output = turned([
            date("A", DateUnit::Month, [Some(31)]),
            number_array("B", "{:.1f}", number("", [Some(1.25)]).1),
            timestamp("C", [Some(0)]),
            text("D", [None]),
        ]);
        let cells = [Some("1.2"), Some("1970-01-01"), None];
        let expected = table([text("A", ["B", "C", "D"].map(Some)), text("1970-02", cells)]);
        assert_eq!(output.table.unwrap(), expected);
        let errors = serde_json::to_value(&output.errors).unwrap();
        assert_eq!(errors[0]["id"], "warnings.headersConvertedToText.message");
        assert_eq!(errors[1]["arguments"], json!({"n_columns": 2, "first_colname": "B"}));
        assert_eq!(errors[1]["quick_fixes"][0]["prepend_step"]["params"], json!({"colnames": ["B", "C"]}));
    }

    #[test]
    fn a_table_of_names_alone_becomes_columns_without_rows() {
        let output = turned([text("A", [Some("x"), Some("x")])]);
        let second = output.errors[0].message.arguments["first_colname"].clone();
        assert_eq!(second, "x 2".into());
        assert_eq!(output.table.unwrap(), table([text("A", []), number("x", []), number("x 2", [])]));
    }

    #[test]
    fn a_table_without_rows_becomes_its_names() {
        assert_table(&turned([text("A", []), integer("B", [])]), &table([text("A", [Some("B")])]));
    }

    #[test]
    fn rows_that_no_table_has_columns_for_are_left_out() {
        let names: Vec<String> = (0..700).map(|row| format!("r{row}")).collect();
        let output = turned([
            text("A", names.iter().map(|name| Some(name.as_str()))),
            integer("B", (0..700).map(Some)),
        ]);
        assert_eq!(output.errors[0].message.id, "warnings.tooManyRows");
        assert_eq!(output.errors[0].message.arguments["max_columns"], 599.into());
        assert_eq!(output.table.unwrap().num_columns(), 600);
    }

    proptest! {
        #[test]
        fn turned_twice_is_as_it_was(cells in prop::collection::vec(prop::collection::vec(prop::option::of(any::<i64>()), 3), 1..6)) {
            let columns = cells.iter().enumerate().map(|(index, cells)| integer(&format!("c{index}"), cells.iter().copied()));
            let input = table(std::iter::once(text("A", ["x", "y", "z"].map(Some))).chain(columns));
            let once = transpose(&input, "", "").unwrap().table.unwrap();
            let twice = transpose(&once, "", "").unwrap();
            prop_assert_eq!(twice.table.unwrap(), input);
        }
    }
}
