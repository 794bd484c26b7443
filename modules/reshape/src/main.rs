//! Turns wide tables into long ones, long ones into wide ones, and rows into columns.

#![forbid(unsafe_code)]

mod long_to_wide;
mod params;
mod wide_to_long;

use arrow::record_batch::RecordBatch;
use crunchbox_module_transpose::transpose;
use crunchbox_sdk::{I18nMessage, Output, QuickFix, RenderError, Result, Source, step};
use serde_json::json;

use crate::params::{Operation, Params};

#[step(migrate = params::migrate)]
fn render(table: RecordBatch, params: Params) -> Result<Output> {
    let keys = params.key_colnames.as_slice();
    match params.operation {
        Operation::Transpose => transpose(&table, "New Column", "transpose."),
        _ if keys.is_empty() => Ok(Output::table(table)),
        Operation::Widetolong => {
            let (variable, value) = (&params.wtl_varcolname, &params.wtl_valcolname);
            if variable.is_empty() || value.is_empty() {
                return Ok(Output::table(table));
            }
            wide_to_long::reshape(&table, keys, variable, value)
        }
        Operation::Longtowide if params.ltw_varcolname.is_empty() => Ok(Output::table(table)),
        Operation::Longtowide => long_to_wide::reshape(&table, keys, &params.ltw_varcolname),
    }
}

fn message(id: &str) -> I18nMessage {
    I18nMessage::new(id).from_source(Source::Module)
}

/// A warning that columns became text, and the offer to make them text beforehand.
fn became_text(warning: I18nMessage, button: I18nMessage, colnames: &[&str]) -> RenderError {
    let fix = QuickFix::prepend_step(button, "converttotext", json!({"colnames": colnames}));
    RenderError::from(warning).quick_fix(fix)
}

#[cfg(test)]
mod tests;
