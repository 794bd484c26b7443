//! Replaces text in columns of text.

#![forbid(unsafe_code)]

mod template;

use arrow::array::Array;
use arrow::record_batch::RecordBatch;
use crunchbox_sdk::re2::{self, Regex};
use crunchbox_sdk::{
    I18nMessage, Result, Source, column_index, compact, map_text, migrate_colnames, step, with_column,
};

use crate::template::Template;

#[derive(serde::Deserialize)]
struct Params {
    colnames: Vec<String>,
    to_replace: String,
    match_case: bool,
    match_entire: bool,
    regex: bool,
    replace_with: String,
}

#[step(migrate = migrate_colnames)]
fn render(table: RecordBatch, params: Params) -> Result<RecordBatch> {
    let (regex, template) = parse(&params)?;
    let mut table = table;
    for name in &params.colnames {
        let index = column_index(&table, name)?;
        let replaced = map_text(table.column(index), |text| Some(regex.replace_all(text, &template)))?;
        let field = table.schema_ref().field(index).clone().with_data_type(replaced.data_type().clone());
        table = with_column(&table, index, field, replaced)?;
    }
    Ok(compact(&table)?)
}

fn parse(params: &Params) -> std::result::Result<(Regex, Template), I18nMessage> {
    let error =
        |id: &str, reason: String| I18nMessage::new(id).arg("error", reason).from_source(Source::Module);
    let pattern = if params.regex { params.to_replace.clone() } else { re2::escape(&params.to_replace) };
    let regex = re2::compile(&pattern, params.match_entire, params.match_case)
        .map_err(|reason| error("error.regex.general", reason))?;
    let template = if params.regex {
        Template::parse(&params.replace_with, regex.captures_len() - 1)
            .map_err(|bad| error("error.replace_with.template", bad.to_string()))?
    } else {
        Template::of_text(&params.replace_with)
    };
    Ok((regex, template))
}

#[cfg(test)]
mod tests;
