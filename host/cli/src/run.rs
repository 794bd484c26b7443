//! `crunchbox run`: arguments in, a request to the engine, a report out.

use std::fs;
use std::io::Write;

use anyhow::Context;
use crunchbox::{JsonMap, Limits, Module, RenderRequest, Verdict};
use serde_json::Value;

use crate::args::{Call, ReportFormat, RunArgs, UsageError};
use crate::chart::Chart;
use crate::exit_code::Exit;
use crate::report;
use crate::session::Session;

pub(crate) fn run(args: &RunArgs) -> anyhow::Result<Exit> {
    let Call::Render = args.call;
    let chart = args.chart.as_deref().map(Chart::prepare).transpose()?;
    let session = Session::new(&args.engine)?;
    // A worker puts up its walls while we read what it will be for.
    session.engine.prepare();
    let module = Module::find(&args.module)?;
    let mut request = RenderRequest::new(&module)
        .tab_name(&args.tab_name)
        .real_clock_and_random(args.real_clock_and_random);
    if let Some(path) = &args.input {
        request = request.input(path);
    }
    if let Some(path) = &args.output {
        request = request.output(path);
    }
    for tab in &args.tab {
        let (key, path) = pair(tab, "--tab", "SLUG[:NAME]=FILE")?;
        let (slug, name) = key.split_once(':').unwrap_or((key, key));
        request = request.tab(slug, name, path);
    }
    for file in &args.file {
        let (uuid, path) = pair(file, "--file", "UUID=FILE")?;
        let name = std::path::Path::new(path).file_name().unwrap_or_default().to_string_lossy();
        request = request.file(uuid, name, path);
    }
    request = match (&args.params, &args.params_clean) {
        (_, Some(text)) => request.clean_params(params("--params-clean", text)?),
        (Some(text), None) => request.params(params("--params", text)?),
        (None, None) => request,
    };

    let limits = limits(args);
    let outcome = session.watched(|engine, control| engine.render_with(&request, &limits, control))?;
    match args.report {
        ReportFormat::Json => {
            let mut out = std::io::stdout().lock();
            serde_json::to_writer_pretty(&mut out, &report::as_json(&outcome, &module))
                .and_then(|()| writeln!(out).map_err(serde_json::Error::io))
                .context("can't write the report to standard output")?;
        }
        ReportFormat::Text => {
            let written = args.output.as_ref().map(|path| path.display().to_string());
            eprintln!("{}", report::as_text(&outcome, &module, written.as_deref()));
        }
    }
    match chart {
        Some(chart) if outcome.verdict == Verdict::Ok => chart.draw(&session, &outcome.json),
        _ => Ok(Exit::of_verdict(&outcome.verdict)),
    }
}

fn limits(args: &RunArgs) -> Limits {
    let mut limits = Limits::default().with_profile(args.profile);
    if let Some(fuel) = args.fuel {
        limits = limits.with_fuel(fuel);
    }
    if let Some(bytes) = args.memory {
        limits = limits.with_memory_bytes(bytes);
    }
    if let Some(time) = args.timeout {
        limits = limits.with_wall_time(time);
    }
    if let Some(bytes) = args.max_output {
        limits = limits.with_output_bytes(bytes);
    }
    limits
}

/// Splits at the last `=` but one that is followed by something.
fn pair<'a>(text: &'a str, flag: &str, form: &str) -> Result<(&'a str, &'a str), UsageError> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() && !value.is_empty() => Ok((key, value)),
        _ => Err(UsageError(format!("{flag} `{text}` is not of the form {form}"))),
    }
}

/// Params from the command line, or from a file if they begin with `@`.
fn params(flag: &str, text: &str) -> anyhow::Result<Value> {
    let (json, place) = match text.strip_prefix('@') {
        None => (text.to_owned(), flag.to_owned()),
        Some(path) => {
            let json = fs::read_to_string(path)
                .map_err(|error| UsageError(format!("can't read the params from {path}: {error}")))?;
            (json, path.to_owned())
        }
    };
    let map: JsonMap = serde_json::from_str(&json).map_err(|error| {
        UsageError(format!("{place} is no JSON object: {error}; write it as '{{\"name\": value}}'"))
    })?;
    Ok(Value::Object(map))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_and_params_name_what_is_wrong() {
        assert_eq!(pair("a:B=c=d", "--tab", "").unwrap(), ("a:B", "c=d"));
        assert!(pair("a", "--tab", "SLUG=FILE").unwrap_err().to_string().contains("--tab `a`"));
        assert_eq!(params("--params", r#"{"a":1}"#).unwrap()["a"], 1);
        for bad in ["[1]", "{", "", "@/nowhere.json"] {
            let error = params("--params", bad).unwrap_err();
            assert!(error.is::<UsageError>());
        }
    }
}
