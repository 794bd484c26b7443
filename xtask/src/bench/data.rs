//! `cargo xtask bench data`: what steps cost on many rows, beside the same code as a native program, and beside what
//! people work on tables with.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use crunchbox_protocol::{RenderRequest, TabOutput};
use serde_json::{Value, json};

use super::peers::Libraries;
use super::{empty_module, heading, keep, median, millis, native, peers};
use crate::paths;
use crate::process::{run_quietly, step};

/// What a step may take: all that it can address, and time enough on a slow machine.
pub(super) const LIMITS: [&str; 6] = ["--memory", "4GiB", "--timeout", "10m", "--profile", "arrow"];

/// The column that is added up, and the bytes that a value of it takes.
const SUMMED: (&str, u64) = ("dep_delay", 8);

/// What is measured on.
struct Data {
    folder: PathBuf,
    rows: u64,
    parquet: PathBuf,
    arrow: PathBuf,
    /// A tenth of the rows.
    fewer: PathBuf,
    /// The names of the carriers.
    carriers: PathBuf,
}

/// A step, and what it is asked.
struct Subject {
    what: &'static str,
    id: &'static str,
    params: Value,
    /// Whether it sees the tab of the carriers.
    joins: bool,
}

/// What one of our runs came to: a report, if all went well, else the verdict.
struct Run {
    process: Duration,
    report: Value,
}

impl Run {
    fn usage(&self, key: &str) -> f64 {
        self.report["usage"][key].as_f64().unwrap_or(f64::NAN)
    }

    /// From dispatch to reaped.
    fn step(&self) -> Duration {
        Duration::from_secs_f64(self.usage("wall_seconds"))
    }

    fn failed(&self) -> Option<String> {
        let word = self.report["verdict"].as_str().unwrap_or("no verdict");
        (word != "ok").then(|| format!("{word}: {}", self.report["detail"].as_str().unwrap_or_default()))
    }
}

/// Measures and prints, and adds the figures to `docs/benchmarks.md`.
pub(super) fn run(rows: u64, runs: usize) -> anyhow::Result<()> {
    let folder = paths::target().join("bench/data");
    fs::create_dir_all(&folder)?;
    let wasmtime = step("the wasmtime command, from PyPI", peers::wasmtime)?;
    let libraries = step("pandas, polars and duckdb, from PyPI", || Libraries::install(&folder))?;
    let subjects = subjects();
    let ids: Vec<&str> = subjects.iter().map(|subject| subject.id).collect();
    let sum = paths::target().join("modules/tests/sum.wasm");
    ensure!(sum.is_file(), "the steps are not built: run `cargo xtask modules`");
    let programs = step("the steps as native programs", || native::steps(&ids))?;
    let kernels = step("the native program", native::kernels)?;
    let data = step(&format!("{rows} flights"), || Data::make(&folder, rows, &libraries))?;

    let mut text = heading(&format!(", {rows} flights"), &wasmtime, runs)?;
    text.push_str(
        "Ours is from dispatch to reaped; native is the same step compiled for this machine, from its start to its end, on \
         the same Arrow file.\n\n\
         | step | ours | native | ratio | fuel | linear memory |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    let mut ratios = Vec::new();
    for subject in &subjects {
        let (row, ratio) = step(subject.what, || subject.measure(&data, &programs, runs))?;
        text.push_str(&row);
        ratios.extend(ratio);
    }
    if ratios.len() == subjects.len() {
        let mean = (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp();
        let _ = writeln!(text, "| geometric mean, goal ≤ 1.3 | | | {mean:.2} | | |");
    }
    text.push_str("\n| | ours | peer | theirs | ratio | goal |\n| --- | --- | --- | --- | --- | --- |\n");
    text.push_str(&step("one column", || one_column(&data, &sum, &kernels, runs))?);
    text.push_str(&step("means of groups, from Parquet", || means(&data, &libraries, runs))?);
    for shared in shared() {
        text.push_str(&step(&format!("two jobs: {}", shared.what), || shared.measure(&data, runs))?);
    }
    text.push_str(&step("ten times the rows", || ten_times(&data, runs))?);
    text.push_str(&step("validation", || validation(&data, &kernels, runs))?);
    println!("\n{text}");
    keep(&text)
}

fn subjects() -> [Subject; 5] {
    let condition = json!({"operation": "number_is_greater_than", "column": "distance", "value": 1000});
    let cleaning = json!({
        "colnames": ["tailnum"], "type_space": "nop", "condense": false, "type_caps": "lower", "type_char": false,
        "letter": false, "number": false, "punc": false, "custom": false, "chars": "",
    });
    let on = json!({"on": ["carrier"], "right": [], "rightAll": true});
    let subject = |what, id, params| Subject { what, id, params, joins: id == "jointab" };
    [
        subject("filter: farther than 1000 miles", "filter", json!({"keep": true, "condition": condition})),
        subject("groupby: mean delay of each carrier", "groupby", mean_delays()),
        subject(
            "sort: by delay",
            "sort",
            json!({"sort_columns": [{"colname": "dep_delay", "is_ascending": true}], "keep_top": ""}),
        ),
        subject("clean-text: tail numbers in lower case", "clean-text", cleaning),
        subject(
            "jointab: the carriers' names",
            "jointab",
            json!({"right_tab": "carriers", "type": "left", "join_columns": on}),
        ),
    ]
}

fn mean_delays() -> Value {
    json!({
        "groups": {"colnames": ["carrier"]},
        "aggregations": [{"operation": "mean", "colname": "dep_delay", "outname": "delay"}],
    })
}

impl Data {
    /// Makes what is not there yet: the flights as Parquet, and as the Arrow file that steps read.
    fn make(folder: &Path, rows: u64, libraries: &Libraries) -> anyhow::Result<Data> {
        let year = paths::root().join("tests/data/flights-2013.parquet");
        let arrow = |rows: u64| -> anyhow::Result<[PathBuf; 2]> {
            let [parquet, arrow] =
                ["parquet", "arrow"].map(|format| folder.join(format!("flights-{rows}.{format}")));
            if !arrow.exists() {
                libraries.repeat_flights(&year, rows, &parquet)?;
                canonical(&parquet, &arrow)?;
            }
            Ok([parquet, arrow])
        };
        let [parquet, all] = arrow(rows)?;
        let [_, fewer] = arrow(rows / 10)?;
        let (csv, carriers) = (folder.join("carriers.csv"), folder.join("carriers.arrow"));
        fs::write(&csv, CARRIERS)?;
        canonical(&csv, &carriers)?;
        Ok(Data { folder: folder.to_owned(), rows, parquet, arrow: all, fewer, carriers })
    }
}

/// The names of the year's carriers.
const CARRIERS: &str = "carrier,name
9E,Endeavor Air Inc.
AA,American Airlines Inc.
AS,Alaska Airlines Inc.
B6,JetBlue Airways
DL,Delta Air Lines Inc.
EV,ExpressJet Airlines Inc.
F9,Frontier Airlines Inc.
FL,AirTran Airways Corporation
HA,Hawaiian Airlines Inc.
MQ,Envoy Air
OO,SkyWest Airlines Inc.
UA,United Air Lines Inc.
US,US Airways Inc.
VX,Virgin America
WN,Southwest Airlines Co.
YV,Mesa Airlines Inc.
";

/// The table as a step is handed it.
fn canonical(table: &Path, arrow: &Path) -> anyhow::Result<()> {
    run_quietly(
        Command::new(paths::crunchbox()).args(["table", "--rows", "0"]).arg(table).arg("--output").arg(arrow),
    )
}

impl Subject {
    /// The row, and the ratio if there is one.
    fn measure(&self, data: &Data, programs: &Path, runs: usize) -> anyhow::Result<(String, Option<f64>)> {
        let module = paths::target().join(format!("modules/{}.wasm", self.id));
        ensure!(module.is_file(), "{} is not built: run `cargo xtask modules {}`", self.id, self.id);
        let request = self.request(data)?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        // In turn, so that a machine that slows down slows both; the first of each warms up and is not counted.
        for _ in 0..=runs {
            let run = self.render(&module, data)?;
            if let Some(verdict) = run.failed() {
                return Ok((format!("| {} | {verdict} | – | – | – | – |\n", self.what), None));
            }
            ours.push(run);
            theirs.push(native::render(&programs.join(self.id), &request, &data.folder)?);
        }
        let (ours, theirs) = (&ours[1..], &theirs[1..]);
        let steps: Vec<Duration> = ours.iter().map(Run::step).collect();
        let ratio = ratio(&steps, theirs);
        let of = |key: &str| median(ours.iter().map(|run| run.usage(key)).collect());
        let row = format!(
            "| {} | {} | {} | {ratio:.2} | {:.2} G | {:.0} MB |\n",
            self.what,
            millis(&steps),
            millis(theirs),
            of("fuel") / 1e9,
            of("peak_memory_bytes") / 1e6,
        );
        Ok((row, Some(ratio)))
    }

    fn render(&self, module: &Path, data: &Data) -> anyhow::Result<Run> {
        let mut command = render(module, &data.arrow, &self.params);
        if self.joins {
            command.arg("--tab").arg(format!("carriers:Carriers={}", data.carriers.display()));
        }
        ours(&mut command)
    }

    fn request(&self, data: &Data) -> anyhow::Result<RenderRequest> {
        let name = |path: &Path| -> anyhow::Result<String> {
            Ok(path.file_name().and_then(|name| name.to_str()).context("a path has no name")?.to_owned())
        };
        let carriers = TabOutput { tab_name: "Carriers".to_owned(), table_filename: name(&data.carriers)? };
        Ok(RenderRequest {
            basedir: data.folder.to_string_lossy().into_owned(),
            input_filename: name(&data.arrow)?,
            params: self.params.as_object().cloned().unwrap_or_default(),
            tab_outputs: self.joins.then(|| ("carriers".to_owned(), carriers)).into_iter().collect(),
            ..RenderRequest::default()
        })
    }
}

fn render(module: &Path, input: &Path, params: &Value) -> Command {
    let mut command = Command::new(paths::crunchbox());
    command.arg("run").arg(module).arg("--input").arg(input).args(LIMITS);
    command.args(["--report", "json", "--params-clean", &params.to_string()]);
    command
}

fn ours(command: &mut Command) -> anyhow::Result<Run> {
    let started = Instant::now();
    let output = command.output()?;
    let process = started.elapsed();
    let report = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("no report: {}", String::from_utf8_lossy(&output.stderr)))?;
    Ok(Run { process, report })
}

/// A run that has to go well.
fn ours_well(command: &mut Command) -> anyhow::Result<Run> {
    let run = ours(command)?;
    match run.failed() {
        None => Ok(run),
        Some(verdict) => anyhow::bail!("{verdict}"),
    }
}

fn ratio(ours: &[Duration], theirs: &[Duration]) -> f64 {
    let seconds = |times: &[Duration]| median(times.iter().map(Duration::as_secs_f64).collect());
    seconds(ours) / seconds(theirs)
}

fn row(what: &str, ours: &[Duration], peer: &str, theirs: &[Duration], goal: &str) -> String {
    format!(
        "| {what} | {} | {peer} | {} | {:.2} | {goal} |\n",
        millis(ours),
        millis(theirs),
        ratio(ours, theirs)
    )
}

/// A step that reads one column of a file that need not be read.
fn one_column(data: &Data, sum: &Path, kernels: &Path, runs: usize) -> anyhow::Result<String> {
    let params = json!({"column": SUMMED.0});
    let empty = data.folder.join("empty.wasm");
    fs::write(&empty, empty_module())?;
    let (mut times, mut theirs, mut grown, mut copied) = (Vec::new(), Vec::new(), Vec::new(), 0.0);
    for _ in 0..=runs {
        let run = ours(&mut render(sum, &data.arrow, &params))?;
        if let Some(verdict) = run.failed() {
            return Ok(format!("| sum of one column | {verdict} | native, mapped | – | – | ≤ 1.25 |\n"));
        }
        let idle =
            ours_well(Command::new(paths::crunchbox()).arg("run").arg(&empty).args(["--report", "json"]))?;
        copied = run.usage("bytes_copied");
        grown.push(run.usage("peak_rss_bytes") - idle.usage("peak_rss_bytes"));
        times.push(run.step());
        theirs.push(native::timed(Command::new(kernels).arg("sum").arg(&data.arrow).arg(SUMMED.0))?);
    }
    let column = (data.rows * SUMMED.1) as f64 / 1e6;
    Ok(row("sum of one column", &times[1..], "native, mapped", &theirs[1..], "≤ 1.25")
        + &format!(
            "| the same, memory beyond an empty step's | {:.0} MB | the column | {column:.0} MB | – | ≤ {:.0} MB |\n",
            median(grown) / 1e6,
            column + 64.0
        )
        + &format!("| the same, bytes copied | {copied:.0} | – | – | – | 0 |\n"))
}

/// Whole processes, from a Parquet file to the mean delay of each carrier.
fn means(data: &Data, libraries: &Libraries, runs: usize) -> anyhow::Result<String> {
    const PEERS: [(&str, &str, &str); 3] = [
        ("pandas", "pandas, pyarrow", "≤ 0.2"),
        ("polars", "polars, one thread", "≤ 1.5"),
        ("duckdb", "duckdb, one thread", "≤ 1.5"),
    ];
    const WHAT: &str = "means of groups, from Parquet, whole process";
    let module = paths::target().join("modules/groupby.wasm");
    let (mut times, mut theirs) = (Vec::new(), [const { Vec::new() }; PEERS.len()]);
    for _ in 0..=runs {
        let run = ours(&mut render(&module, &data.parquet, &mean_delays()))?;
        if let Some(verdict) = run.failed() {
            return Ok(format!("| {WHAT} | {verdict} | – | – | – | – |\n"));
        }
        times.push(run.process);
        for ((library, _, _), times) in PEERS.iter().zip(&mut theirs) {
            times.push(native::timed(&mut libraries.means(library, &data.parquet))?);
        }
    }
    let rows = PEERS
        .iter()
        .zip(&theirs)
        .map(|((_, peer, goal), theirs)| row(WHAT, &times[1..], peer, &theirs[1..], goal));
    Ok(rows.collect())
}

/// Whole processes of a step that several workers may share.
struct Shared {
    what: &'static str,
    id: &'static str,
    params: Value,
    goal: &'static str,
    /// How many times as often as others it is run: one that is near its goal has to be told apart from the machine's moods.
    times: usize,
}

/// Two that work by rows, and two that work by key, of which each worker has to look at all.
fn shared() -> [Shared; 4] {
    let [filter, _, _, clean_text, _] = subjects();
    let median = |colname| json!({"operation": "median", "colname": colname, "outname": ""});
    let medians = [median("dep_delay"), median("arr_delay")];
    let groups =
        json!({"colnames": ["tailnum", "time_hour"], "group_dates": false, "date_granularities": {}});
    let duplicates = json!({"colnames": ["flight", "tailnum", "time_hour"], "action": "delete"});
    [
        Shared { what: "filter", id: filter.id, params: filter.params, goal: "≥ 1.8 × as fast", times: 3 },
        Shared { what: "clean-text", id: clean_text.id, params: clean_text.params, goal: "–", times: 1 },
        Shared {
            what: "removeduplicates by three columns",
            id: "removeduplicates",
            params: duplicates,
            goal: "–",
            times: 1,
        },
        Shared {
            what: "groupby: medians by two columns",
            id: "groupby",
            params: json!({"groups": groups, "aggregations": medians}),
            goal: "–",
            times: 1,
        },
    ]
}

impl Shared {
    /// On one part at a time and on two.
    fn measure(&self, data: &Data, runs: usize) -> anyhow::Result<String> {
        let Shared { what, id, params, goal, times } = self;
        let runs = runs * times;
        let module = paths::target().join(format!("modules/{id}.wasm"));
        let (mut one, mut two) = (Vec::new(), Vec::new());
        for _ in 0..=runs {
            for (times, jobs) in [(&mut one, "1"), (&mut two, "2")] {
                let run = ours(render(&module, &data.arrow, params).args(["--jobs", jobs]))?;
                if let Some(verdict) = run.failed() {
                    return Ok(format!("| {what}, `--jobs 2` | {verdict} | – | – | – | {goal} |\n"));
                }
                times.push(run.process);
            }
        }
        let (one, two) = (&one[1..], &two[1..]);
        let faster = ratio(one, two);
        Ok(format!(
            "| {what}, `--jobs 2`, whole process, {runs} runs | {} | `--jobs 1` | {} | {faster:.2} × as fast | {goal} |\n",
            millis(two),
            millis(one)
        ))
    }
}

/// Whole processes again: nothing may grow faster than the rows do.
fn ten_times(data: &Data, runs: usize) -> anyhow::Result<String> {
    let module = paths::target().join("modules/groupby.wasm");
    let (mut many, mut few) = (Vec::new(), Vec::new());
    for _ in 0..=runs {
        for (times, input) in [(&mut many, &data.arrow), (&mut few, &data.fewer)] {
            let run = ours(&mut render(&module, input, &mean_delays()))?;
            if let Some(verdict) = run.failed() {
                return Ok(format!("| 10 × the rows | {verdict} | – | – | – | ≤ 10.5 |\n"));
            }
            times.push(run.process);
        }
    }
    Ok(row("means of groups, from Arrow, 10 × the rows", &many[1..], "a tenth of them", &few[1..], "≤ 10.5"))
}

/// Judging a table, beside reading its bytes once.
fn validation(data: &Data, kernels: &Path, runs: usize) -> anyhow::Result<String> {
    let (mut judged, mut scanned) = (Vec::new(), Vec::new());
    for _ in 0..=runs {
        let mut table = Command::new(paths::crunchbox());
        judged.push(native::timed(table.args(["table", "--json", "--rows", "0"]).arg(&data.arrow))?);
        scanned.push(native::timed(Command::new(kernels).arg("scan").arg(&data.arrow))?);
    }
    Ok(row("validation, whole process", &judged[1..], "native, reads all bytes", &scanned[1..], "≤ 1.5"))
}
