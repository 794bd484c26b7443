//! The smallest useful step: every text in capitals.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringArray};
use arrow::datatypes::DataType;
use crunchbox_sdk::prelude::*;

#[step]
fn render(table: RecordBatch) -> Result<RecordBatch> {
    let upper = |column: &ArrayRef| -> ArrayRef {
        match column.data_type() {
            DataType::Utf8 => {
                let texts = column.as_string::<i32>().iter();
                Arc::new(texts.map(|text| text.map(str::to_uppercase)).collect::<StringArray>())
            }
            _ => Arc::clone(column),
        }
    };
    Ok(RecordBatch::try_new(table.schema(), table.columns().iter().map(upper).collect())?)
}

#[cfg(test)]
mod tests {
    use crunchbox_sdk::testing::{assert_table, integer, run, table, text};

    #[test]
    fn texts_are_in_capitals_and_the_rest_is_as_it_was() {
        let input = table([text("a", [Some("größe"), None]), integer("n", [Some(1), None])]);
        let output = run(|table, _: serde_json::Value| super::render(table), input, serde_json::json!({}));
        let expected = table([text("a", [Some("GRÖSSE"), None]), integer("n", [Some(1), None])]);
        assert_table(&output.unwrap(), &expected);
    }
}
