//! The conversation with the host: one request from standard input, one result to standard output.

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::record_batch::RecordBatch;
use crunchbox_protocol::{
    Caps, FetchRequest, FetchResult, JsonMap, Message, MigrateParamsRequest, MigrateParamsResult,
    RenderRequest, RenderResult, ValidateModuleResult,
};
use serde::de::DeserializeOwned;

use crate::fetch::told;
use crate::{Context, Error, Fetch, Fetched, Output, Result, table};

/// The directory that the output goes to, by the contract.
const OUT: &str = "/out";

/// The host checked its own request; a cap is no use against it.
const REQUEST_BYTES: usize = 256 << 20;

/// A request to render, taken apart as far as the step's function wants it.
pub struct Call {
    request: RenderRequest,
    context: Context,
}

impl Call {
    pub(crate) fn new(request: RenderRequest) -> Call {
        let context = Context::new(&request);
        Call { request, context }
    }

    /// The main table, or the part of it that the step is asked for.
    pub fn table(&self) -> Result<RecordBatch> {
        if self.request.input_filename.is_empty() {
            return Ok(RecordBatch::new_empty(arrow::datatypes::Schema::empty().into()));
        }
        let path = Path::new(&self.request.basedir).join(&self.request.input_filename);
        table::read(&path, self.request.input_rows.as_ref())
    }

    /// The params, as the author's type.
    pub fn params<P: DeserializeOwned>(&self) -> Result<P> {
        params(self.request.params.clone())
    }

    /// What surrounds the call.
    pub fn context(&self) -> &Context {
        &self.context
    }
}

pub(crate) fn params<P: DeserializeOwned>(params: JsonMap) -> Result<P> {
    serde_json::from_value(params.into())
        .map_err(|error| Error::bug(format!("the params don't fit the step's type: {error}")))
}

/// A step's functions, as `step` collects them.
pub struct Step {
    /// Makes the table.
    pub render: fn(&Call) -> Result<Output>,
    /// Brings old params up to date; without it they stay as they are.
    pub migrate: Option<fn(JsonMap) -> JsonMap>,
    /// Fetches data into a file.
    pub fetch: Option<fn(&Fetch) -> Result<Fetched>>,
}

/// The program around a step's functions.
pub fn main(step: &Step) -> ExitCode {
    let call = std::env::args().nth(1).unwrap_or_default();
    let answer = match call.as_str() {
        "render" => answer_render(step.render),
        "migrate-params" => answer_migrate(step.migrate),
        // That it can be started is all that a compiled module has to show.
        "validate" => ValidateModuleResult {}.encode().map_err(Error::from),
        "fetch" => answer_fetch(step.fetch),
        other => Err(Error::bug(format!(
            "the second argument is {other:?}, not render, migrate-params, validate or fetch: a step is run by a \
             host, as `crunchbox run` is one"
        ))),
    };
    let written = answer.and_then(|bytes| {
        let mut stdout = io::stdout().lock();
        stdout.write_all(&bytes)?;
        Ok(stdout.flush()?)
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn read_request<M: Message>() -> Result<M> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(M::decode(&bytes, &Caps::default().with_message_bytes(REQUEST_BYTES))?)
}

fn answer_render(render: fn(&Call) -> Result<Output>) -> Result<Vec<u8>> {
    let call = Call::new(read_request()?);
    let output = render(&call)?;
    let path = Path::new(OUT).join(&call.request.output_filename);
    let order_path = call.request.key_part.as_ref().map(|part| Path::new(OUT).join(&part.order_filename));
    // The input may be most of memory; it is not needed for writing.
    drop(call);
    table::write(output.table.as_ref(), &path)?;
    if let (Some(order), Some(path)) = (output.order, order_path) {
        let order = RecordBatch::try_from_iter([("order", Arc::new(order) as ArrayRef)])?;
        table::write(Some(&order), &path)?;
    }
    Ok(RenderResult { errors: output.errors, json: output.json }.encode()?)
}

fn answer_migrate(migrate: Option<fn(JsonMap) -> JsonMap>) -> Result<Vec<u8>> {
    let MigrateParamsRequest { params } = read_request()?;
    let params = match migrate {
        Some(migrate) => migrate(params),
        None => params,
    };
    Ok(MigrateParamsResult { params }.encode()?)
}

fn answer_fetch(fetch: Option<fn(&Fetch) -> Result<Fetched>>) -> Result<Vec<u8>> {
    let Some(fetch) = fetch else {
        return Err(Error::bug("this step fetches nothing: it has no `#[step(fetch = f)]`"));
    };
    let request: FetchRequest = read_request()?;
    let output_filename = request.output_filename.clone();
    let fetched = told(fetch(&Fetch::new(request)))?;
    let bytes = fetched.bytes.unwrap_or_default();
    let filename = if bytes.is_empty() { String::new() } else { output_filename };
    if !filename.is_empty() {
        std::fs::write(Path::new(OUT).join(&filename), bytes)?;
    }
    Ok(FetchResult { filename, errors: fetched.errors }.encode()?)
}
