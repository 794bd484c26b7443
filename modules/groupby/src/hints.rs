//! What there is to say to the user besides the figures.

use arrow::record_batch::RecordBatch;
use crunchbox_sdk::{ColumnKind, I18nMessage, QuickFix, RenderError, Result, Source, column, date_unit};
use serde_json::{Value, json};

use crate::params::{Aggregation, Key};
use crate::rounding::is_rounded;

/// The error that figures of numbers are wanted of columns that hold none.
pub(crate) fn non_numeric(table: &RecordBatch, aggregations: &[Aggregation]) -> Result<Option<RenderError>> {
    let mut names: Vec<&str> = Vec::new();
    for aggregation in aggregations.iter().filter(|aggregation| aggregation.operation.needs_numbers()) {
        let (field, _) = column(table, &aggregation.colname)?;
        let is_number = ColumnKind::of(field.data_type()) == Some(ColumnKind::Number);
        if !is_number && !names.contains(&field.name().as_str()) {
            names.push(&aggregation.colname);
        }
    }
    let Some(first) = names.first() else { return Ok(None) };
    let error = message("non_numeric_colnames.error")
        .arg("n_columns", names.len() as i32)
        .arg("first_colname", *first);
    let fix =
        quick_fix("non_numeric_colnames.quick_fix.text", "converttexttonumber", json!({"colnames": names}));
    Ok(Some(RenderError::from(error).quick_fix(fix)))
}

/// Hints about dates: that old params still work, or else what dates there are among the groups' columns.
pub(crate) fn warnings(table: &RecordBatch, keys: &[Key], group_dates: bool) -> Result<Vec<RenderError>> {
    let mut to_dates = Vec::new();
    let mut to_rounding = Vec::new();
    for key in keys {
        let Some(granularity) = key.granularity else { continue };
        let (_, values) = column(table, &key.colname)?;
        if granularity.is_of_dates() {
            to_dates.push(quick_fix(
                "group_dates.granularity_deprecated.quick_fix.convert_to_date",
                "converttimestamptodate",
                json!({"colnames": [key.colname], "unit": granularity.0.as_str()}),
            ));
        } else if !is_rounded(values, granularity) {
            to_rounding.push(quick_fix(
                "group_dates.granularity_deprecated.quick_fix.round_timestamps",
                "timestampmath",
                json!({"colnames": [key.colname], "operation": "startof", "roundunit": granularity.0.as_str()}),
            ));
        }
    }
    let deprecated = [
        ("group_dates.granularity_deprecated.need_dates", to_dates),
        ("group_dates.granularity_deprecated.need_rounding", to_rounding),
    ];
    let mut warnings: Vec<RenderError> = deprecated
        .into_iter()
        .filter(|(_, fixes)| !fixes.is_empty())
        .map(|(id, quick_fixes)| RenderError { message: message(id), quick_fixes })
        .collect();
    if warnings.is_empty() && group_dates {
        warnings.push(about_dates(table, keys));
    }
    Ok(warnings)
}

/// What the groups' columns have to do with dates, in the table's order.
fn about_dates(table: &RecordBatch, keys: &[Key]) -> RenderError {
    let schema = table.schema();
    let of_kind = |kind: ColumnKind| -> Vec<_> {
        let grouped =
            schema.fields().iter().filter(|field| keys.iter().any(|key| key.colname == *field.name()));
        grouped.filter(|field| ColumnKind::of(field.data_type()) == Some(kind)).collect()
    };
    let counted =
        |id: &str, names: &[&str]| message(id).arg("columns", names.len() as i32).arg("column0", names[0]);
    if let dates @ [first, ..] = of_kind(ColumnKind::Date).as_slice() {
        let names: Vec<&str> = dates.iter().map(|field| field.name().as_str()).collect();
        return counted("group_dates.date_selected", &names).arg("unit0", date_unit(first).as_str()).into();
    }
    if let timestamps @ [_, ..] = of_kind(ColumnKind::Timestamp).as_slice() {
        let names: Vec<&str> = timestamps.iter().map(|field| field.name().as_str()).collect();
        let fix = quick_fix(
            "group_dates.quick_fix.convert_timestamp_to_date",
            "converttimestamptodate",
            json!({"colnames": names}),
        );
        return RenderError::from(counted("group_dates.timestamp_selected", &names)).quick_fix(fix);
    }
    if let texts @ [_, ..] = of_kind(ColumnKind::Text).as_slice() {
        let names: Vec<&str> = texts.iter().map(|field| field.name().as_str()).collect();
        let params = json!({"colnames": names});
        let to_date =
            quick_fix("group_dates.quick_fix.convert_text_to_date", "converttexttodate", params.clone());
        let to_timestamp =
            quick_fix("group_dates.quick_fix.convert_text_to_timestamp", "convert-date", params);
        let error = RenderError::from(counted("group_dates.text_selected", &names));
        return error.quick_fix(to_date).quick_fix(to_timestamp);
    }
    message("group_dates.select_date_columns").into()
}

fn message(id: &str) -> I18nMessage {
    I18nMessage::new(id).from_source(Source::Module)
}

fn quick_fix(text: &str, module: &str, params: Value) -> QuickFix {
    QuickFix::prepend_step(message(text), module, params)
}
