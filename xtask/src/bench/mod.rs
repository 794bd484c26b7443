//! `cargo xtask bench`: figures, each beside a named peer in the same run.

mod data;
mod large;
mod memory;
mod native;
mod peers;
mod start;
mod steps;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Subcommand;
pub(crate) use start::soak;

use crate::paths;
use crate::process::read;

/// What is measured.
#[derive(Clone, Copy, Subcommand)]
pub(crate) enum What {
    /// Whole commands, beside the wasmtime command.
    Steps,
    /// What a call costs that does nothing, beside bubblewrap and pyspawner.
    Start,
    /// Steps on many rows, beside the same code compiled natively, pandas, polars and duckdb.
    Data {
        /// How many flights.
        #[arg(long, default_value_t = 10_000_000)]
        rows: u64,
    },
    /// What memory a table takes that is larger than a step's. One run of each: memory hardly varies.
    Large {
        /// How many flights.
        #[arg(long, default_value_t = 40_000_000)]
        rows: u64,
    },
}

/// Measures and prints, and adds the figures to `docs/benchmarks.md`.
///
/// # Errors
/// If something is not built, or a peer can't be had.
pub(crate) fn run(what: What, runs: usize) -> anyhow::Result<()> {
    ensure!(runs >= 3, "--runs {runs} is too few for a median; take 3 or more");
    ensure!(paths::crunchbox().is_file(), "crunchbox is not built: run `cargo xtask build`");
    match what {
        What::Steps => steps::run(runs),
        What::Start => start::run(runs),
        What::Data { rows } => data::run(rows, runs),
        What::Large { rows } => large::run(rows),
    }
}

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

/// A section of figures of today; `of` tells it from others of the same day.
fn heading(of: &str, wasmtime: &Path, runs: usize) -> anyhow::Result<String> {
    let date = read(Command::new("date").args(["-u", "+%Y-%m-%d"]))?;
    let kernel = read(Command::new("uname").arg("-rm"))?;
    let version = read(Command::new(wasmtime).arg("--version"))?;
    let cores = std::thread::available_parallelism()?;
    let how = match runs {
        1 => "one run of each".to_owned(),
        _ => format!("{runs} runs of each in turn: medians, and between which eight of ten lie"),
    };
    let mut text = String::new();
    // Writing to a String can't fail.
    let _ = writeln!(text, "## {}{of}\n", date.trim());
    let _ = writeln!(
        text,
        "Linux {}, {cores} cores; {}, code compiled beforehand, fuel on; {how}.\n",
        kernel.trim(),
        version.trim(),
    );
    Ok(text)
}

/// Puts the figures in front of the older ones; those of the same day and kind are replaced.
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
