//! `crunchbox run`: arguments in, a request to the engine, a report out.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use crunchbox::{
    FetchError, FetchRequest, I18nMessage, JsonMap, Limits, Module, Outcome, RenderError, RenderRequest,
    Verdict,
};
use crunchbox_messages::{Catalogues, Translator, language_of_environment};
use serde_json::Value;

use crate::args::{Call, ReportFormat, RunArgs, UsageError};
use crate::chart::Chart;
use crate::exit_code::Exit;
use crate::report::{self, Files, Made};
use crate::session::Session;

pub(crate) fn run(args: &RunArgs) -> anyhow::Result<Exit> {
    refuse_what_the_call_does_not_take(args)?;
    let chart = args.chart.as_deref().map(Chart::prepare).transpose()?;
    let session = Session::new(&args.engine)?;
    // A worker puts up its walls while we read what it will be for.
    session.engine.prepare();
    let module = Module::find(&args.module)?;
    let limits = limits(args);
    match args.call {
        Call::Render => {
            let request = render_request(args, &module)?;
            let outcome =
                session.watched(|engine, control| engine.render_with(&request, &limits, control))?;
            let exit = tell(args, &session, &module, &outcome, Made::table(&outcome))?;
            match chart {
                Some(chart) if outcome.verdict == Verdict::Ok => {
                    chart.draw(args, &session, &outcome.json, |not_drawn| {
                        translator(args, &session, &not_drawn.module, &not_drawn.errors)
                    })
                }
                _ => Ok(exit),
            }
        }
        Call::Fetch => {
            let request = fetch_request(args, &module)?;
            let outcome = session.watched(|engine, control| engine.fetch(&request, &limits, control))?;
            tell(args, &session, &module, &outcome, Made::file(&outcome))
        }
        Call::MigrateParams => {
            let params = match &args.params {
                Some(text) => object("--params", text)?,
                None => JsonMap::new(),
            };
            let outcome = session
                .watched(|engine, control| engine.migrate_params(&module, &params, &limits, control))?;
            if let (ReportFormat::Text, Some(params)) = (args.report, &outcome.output) {
                print_json(&Value::Object(params.clone()))?;
            }
            tell(args, &session, &module, &outcome, Made::params(&outcome))
        }
        Call::Validate => {
            let outcome = session.watched(|engine, control| engine.validate(&module, &limits, control))?;
            tell(args, &session, &module, &outcome, Made::Nothing)
        }
    }
}

/// Which flags make no sense with which call: leaving them out silently would hide a mistake.
fn refuse_what_the_call_does_not_take(args: &RunArgs) -> Result<(), UsageError> {
    let given = [
        ("--input", args.input.is_some()),
        ("--tab-name", !args.tab_name.is_empty()),
        ("--tab", !args.tab.is_empty()),
        ("--file", !args.file.is_empty()),
        ("--secret", !args.secret.is_empty()),
        ("--fetch-result", args.fetch_result.is_some()),
        ("--fetch-errors", args.fetch_errors.is_some()),
        ("--params", args.params.is_some()),
        ("--params-clean", args.params_clean.is_some()),
        ("--output", args.output.is_some()),
        ("--chart", args.chart.is_some()),
        ("--jobs", args.jobs.get() > 1),
        ("--real-clock-and-random", args.real_clock_and_random),
    ];
    let (call, refused): (&str, &[&str]) = match args.call {
        Call::Render => ("render", &["--secret"]),
        Call::Fetch => ("fetch", &["--tab-name", "--tab", "--chart", "--jobs"]),
        Call::MigrateParams => ("migrate-params", &given.map(|(flag, _)| flag)),
        Call::Validate => ("validate", &given.map(|(flag, _)| flag)),
    };
    let allowed = |flag: &str| args.call == Call::MigrateParams && flag == "--params";
    let wrong = given.iter().find(|(flag, given)| *given && refused.contains(flag) && !allowed(flag));
    match wrong {
        None => Ok(()),
        Some((flag, _)) => Err(UsageError(format!("{flag} means nothing to the call {call}: leave it out"))),
    }
}

fn render_request(args: &RunArgs, module: &Module) -> anyhow::Result<RenderRequest> {
    let mut request = RenderRequest::new(module)
        .tab_name(&args.tab_name)
        .jobs(args.jobs)
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
        request = request.file(uuid, name_of(path), path);
    }
    if let Some(errors) = fetched(args)? {
        request = request.fetched(args.fetch_result.clone(), errors);
    }
    Ok(match (&args.params, &args.params_clean) {
        (_, Some(text)) => request.clean_params(object("--params-clean", text)?.into()),
        (Some(text), None) => request.params(object("--params", text)?.into()),
        (None, None) => request,
    })
}

fn fetch_request(args: &RunArgs, module: &Module) -> anyhow::Result<FetchRequest> {
    let mut request = FetchRequest::new(module).real_clock_and_random(args.real_clock_and_random);
    if let Some(path) = &args.input {
        request = request.input(path);
    }
    if let Some(path) = &args.output {
        request = request.output(path);
    }
    for file in &args.file {
        let (uuid, path) = pair(file, "--file", "UUID=FILE")?;
        request = request.file(uuid, name_of(path), path);
    }
    for secret in &args.secret {
        let (name, value) = self::secret(secret)?;
        request = request.secret(name, value);
    }
    if let Some(errors) = fetched(args)? {
        request = request.last(args.fetch_result.clone(), errors);
    }
    Ok(match (&args.params, &args.params_clean) {
        (_, Some(text)) => request.clean_params(object("--params-clean", text)?.into()),
        (Some(text), None) => request.params(object("--params", text)?.into()),
        (None, None) => request,
    })
}

/// What the last fetch had to say; `None` if there was none.
fn fetched(args: &RunArgs) -> anyhow::Result<Option<Vec<FetchError>>> {
    let Some(text) = &args.fetch_errors else {
        return Ok(args.fetch_result.as_ref().map(|_| Vec::new()));
    };
    let (json, place) = text_or_file("--fetch-errors", text)?;
    let messages = serde_json::from_str(&json).and_then(|value: Value| {
        let list = value.get("errors").cloned().unwrap_or(value);
        serde_json::from_value::<Vec<I18nMessage>>(list)
    });
    let messages = messages.map_err(|error| {
        UsageError(format!(
            "{place} is no list of messages: {error}; write it as '[{{\"id\": \"some.id\"}}]'"
        ))
    })?;
    Ok(Some(messages.into_iter().map(|message| FetchError { message }).collect()))
}

/// A secret's name and value. What is wrong is said without showing it.
fn secret(text: &str) -> anyhow::Result<(&str, Value)> {
    let form = || UsageError("a --secret is not of the form NAME=JSON or NAME=@FILE".to_owned());
    let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(form)?;
    let (json, _) = text_or_file("--secret", value)?;
    // The parser's own words may show a part of what it reads.
    let value = serde_json::from_str(&json).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        UsageError(format!(
            "the --secret {name} is no JSON, at line {line}, column {column}; a text is written as '\"text\"'"
        ))
    })?;
    Ok((name, value))
}

/// Reports the outcome.
fn tell<O>(
    args: &RunArgs,
    session: &Session,
    module: &Module,
    outcome: &Outcome<O>,
    made: Made<'_>,
) -> anyhow::Result<Exit> {
    let translator = translator(args, session, module, &outcome.errors);
    match args.report {
        ReportFormat::Json => print_json(&report::as_json(outcome, module, &made, &translator))?,
        ReportFormat::Text => {
            let output = args.output.as_ref().map(|path| path.display().to_string());
            let files = Files { input: args.input.as_deref(), output: output.as_deref() };
            eprintln!("{}", report::as_text(outcome, module, &made, &translator, &files));
        }
    }
    Ok(Exit::of_verdict(&outcome.verdict))
}

/// Tells these messages in the language that the arguments ask for, or the environment.
fn translator(args: &RunArgs, session: &Session, module: &Module, errors: &[RenderError]) -> Translator {
    let of_environment = || language_of_environment(|name| std::env::var(name).ok());
    let language = args.lang.clone().unwrap_or_else(of_environment);
    // Most calls have nothing to tell. A module whose catalogues are none has no texts: its messages are told by their ids.
    let catalogues = if errors.is_empty() { None } else { session.engine.catalogues(module) };
    let catalogues = catalogues.and_then(|json| Catalogues::from_json(&json).ok()).unwrap_or_default();
    Translator::new(language, catalogues)
}

fn print_json(value: &Value) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)
        .and_then(|()| writeln!(out).map_err(serde_json::Error::io))
        .context("can't write to standard output")
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

/// Splits at the first `=`, which must stand between something and something.
fn pair<'a>(text: &'a str, flag: &str, form: &str) -> Result<(&'a str, &'a str), UsageError> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() && !value.is_empty() => Ok((key, value)),
        _ => Err(UsageError(format!("{flag} `{text}` is not of the form {form}"))),
    }
}

fn name_of(path: &str) -> String {
    Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What a flag gives: the text itself, or what is in a file if it begins with `@`. And where it is from.
fn text_or_file(flag: &str, text: &str) -> Result<(String, String), UsageError> {
    match text.strip_prefix('@') {
        None => Ok((text.to_owned(), flag.to_owned())),
        Some(path) => match fs::read_to_string(path) {
            Ok(json) => Ok((json, path.to_owned())),
            Err(error) => Err(UsageError(format!("can't read {path}, which {flag} names: {error}"))),
        },
    }
}

/// A JSON object from the command line, or from a file.
fn object(flag: &str, text: &str) -> anyhow::Result<JsonMap> {
    let (json, place) = text_or_file(flag, text)?;
    Ok(serde_json::from_str(&json).map_err(|error| {
        UsageError(format!("{place} is no JSON object: {error}; write it as '{{\"name\": value}}'"))
    })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_and_params_name_what_is_wrong() {
        assert_eq!(pair("a:B=c=d", "--tab", "").unwrap(), ("a:B", "c=d"));
        assert!(pair("a", "--tab", "SLUG=FILE").unwrap_err().to_string().contains("--tab `a`"));
        assert_eq!(object("--params", r#"{"a":1}"#).unwrap()["a"], 1);
        for bad in ["[1]", "{", "", "@/nowhere.json"] {
            let error = object("--params", bad).unwrap_err();
            assert!(error.is::<UsageError>());
        }
    }

    #[test]
    fn a_secret_is_never_shown() {
        assert_eq!(secret(r#"key={"secret":"a=b"}"#).unwrap().1["secret"], "a=b");
        for bad in ["hunter2", "key=hunter2", "=hunter2", "key=\"hunter2", "key=[\"hunter2\", hunter2]"] {
            let error = secret(bad).unwrap_err();
            assert!(error.is::<UsageError>() && !format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }
}
