//! A step that fetches: what the last fetch left, and behind it a file with what it was signed with. Its table is the lines of
//! that, with the params beside them. `../fetch-c` is the same in C.

#![forbid(unsafe_code)]

use std::fs;

use crunchbox_sdk::{
    Context, Error, Fetch, Fetched, I18nMessage, JsonMap, Output, Result, Source, step, testing,
};

#[derive(serde::Deserialize)]
struct Params {
    /// None if it was not handed over.
    file: Option<String>,
}

fn message(id: &str) -> I18nMessage {
    I18nMessage::new(id).from_source(Source::Module)
}

fn fetch(call: &Fetch) -> Result<Fetched> {
    let params: Params = call.params()?;
    let uuid = params.file.unwrap_or_default();
    let Some(file) = call.file(&uuid) else {
        return Err(message("fetch.noFile").arg("file", uuid).into());
    };
    let mut bytes = match call.last() {
        Some((path, _)) => fs::read(path)?,
        None => Vec::new(),
    };
    bytes.extend(fs::read(&file.path)?);
    Ok(match call.secret("key").and_then(|key| key["secret"].as_str()) {
        Some(secret) => {
            bytes.extend(format!("signed {secret}\n").bytes());
            bytes.into()
        }
        None => Fetched::from(bytes).warn(message("fetch.noKey")),
    })
}

#[step(fetch = fetch)]
fn render(_: arrow::record_batch::RecordBatch, params: JsonMap, context: &Context) -> Result<Output> {
    let Some((path, errors)) = context.fetched() else {
        return Err(message("render.nothingFetched").into());
    };
    let text = fs::read_to_string(path).map_err(Error::bug)?;
    let params = serde_json::Value::Object(params).to_string();
    let table = testing::table([
        testing::text("line", text.lines().map(Some)),
        testing::text("params", text.lines().map(|_| Some(params.as_str()))),
    ]);
    let errors = errors.iter().map(|error| error.message.clone().into()).collect();
    Ok(Output { table: Some(table), errors, ..Output::default() })
}
