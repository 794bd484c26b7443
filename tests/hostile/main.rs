//! Hostile and broken steps, each with the verdict it must get.
//!
//! A guest is one file in `guests/`: WebAssembly text (`.wat`), or bytes in hexadecimal (`.hex`) where the text
//! format can't say it. Its first lines are comments:
//!
//! ```text
//! ;; expect: <verdict> [exit=<status>] [detail~=<what the detail contains>]
//! ;; args: <more arguments for crunchbox run>                                 (optional)
//! ;; file: <bytes>                                                            (optional: an input, `FILE_UUID`_x)
//! ;; holes: <bytes>                                                           (optional: the same, of zeros that take no room)
//! ;; report: <JSON pointer> <the JSON value that the report has there>        (optional, any number)
//! ;; why: <what it tries>
//! ```
//!
//! Whatever a guest does, its scratch folder is empty behind it, no worker outlives it, and a file that is there
//! under the output's name stays as it is unless a good table takes its place.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use crunchbox_tests::Built;
use libtest_mimic::{Arguments, Trial};
use serde_json::Value;

/// The exit status that a verdict comes with. The verdicts that no guest can bring about are not here: `killed` and
/// `denied` take a worker that fell, `cancelled` takes a caller.
const VERDICTS: [(&str, i32); 13] = [
    ("ok", 0),
    ("step-error", 3),
    ("exit", 4),
    ("trap", 4),
    ("fuel", 5),
    ("memory", 5),
    ("time", 5),
    ("output", 5),
    ("stack", 5),
    ("bad-message", 4),
    ("bad-table", 4),
    ("bad-module", 4),
    ("bad-params", 4),
];

/// What a guest gets unless it asks for something else: an endless one must not hold up the others.
const DEFAULTS: [[&str; 2]; 2] = [["--timeout", "10s"], ["--fuel", "200M"]];

/// What is under the output's name before a guest runs.
const OLD_OUTPUT: &str = "what was there before";

/// The log that is kept by default, in bytes. A byte that is not UTF-8 becomes a character of three.
const MAX_LOG_BYTES: usize = 3 * (100 << 10);

/// The one file that a guest may be handed, by what a param would name it; byte n of it is n modulo 251. Of one with holes,
/// the first byte of gigabyte n is n + 1, and all others are zero.
const FILE_UUID: &str = "00000000-0000-4000-8000-000000000001";

struct Guest {
    name: String,
    wasm: Vec<u8>,
    verdict: String,
    status: i32,
    detail: Option<String>,
    args: Vec<String>,
    file_bytes: Option<u64>,
    has_holes: bool,
    report: Vec<(String, Value)>,
}

fn main() -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("hostile/guests");
    let built = Built::find()?;
    // What a command leaves running becomes this process's child, where it is found.
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
        .context("can't become a subreaper")?;

    let mut files: Vec<PathBuf> =
        fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<_>>()?;
    files.sort();
    let mut trials = Vec::new();
    let mut seen = BTreeSet::new();
    for path in files {
        let name = path.file_name().context("a file has a name")?.to_string_lossy().into_owned();
        let guest = read_guest(&path);
        if let Ok(guest) = &guest {
            seen.insert(guest.verdict.clone());
        }
        let built = built.clone();
        trials.push(trial(name, move || guest.and_then(|guest| check(&built, &guest))));
    }
    trials.push(trial("every_verdict_has_a_guest".to_owned(), move || {
        let missing: Vec<&str> =
            VERDICTS.map(|(word, _)| word).into_iter().filter(|word| !seen.contains(*word)).collect();
        ensure!(missing.is_empty(), "no guest is expected to end with {}", missing.join(", "));
        Ok(())
    }));
    libtest_mimic::run(&Arguments::from_args(), trials).exit()
}

fn trial(name: String, check: impl FnOnce() -> anyhow::Result<()> + Send + 'static) -> Trial {
    Trial::test(name, move || Ok(check().map_err(|error| format!("{error:#}"))?))
}

fn read_guest(path: &Path) -> anyhow::Result<Guest> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let mut expect = None;
    let mut why = None;
    let mut args = Vec::new();
    let mut file_bytes = None;
    let mut has_holes = false;
    let mut report = Vec::new();
    for line in text.lines().map_while(|line| line.strip_prefix(";;")) {
        let (key, value) =
            line.split_once(':').with_context(|| format!("`;;{line}` is not `;; key: value`"))?;
        let value = value.trim();
        match key.trim() {
            "expect" => expect = Some(value),
            "why" => why = Some(value),
            "args" => args = value.split_whitespace().map(str::to_owned).collect(),
            "file" | "holes" => {
                file_bytes = Some(value.parse().with_context(|| format!("{key}: {value}"))?);
                has_holes = key.trim() == "holes";
            }
            "report" => {
                let (pointer, json) = value.split_once(' ').context("report: takes a pointer and a value")?;
                let json = serde_json::from_str(json).with_context(|| format!("report: {json}"))?;
                report.push((pointer.to_owned(), json));
            }
            other => bail!("`{other}` is no key: there are expect, args, file, holes, report and why"),
        }
    }
    let expect = expect.context("there is no line `;; expect: …` at its beginning")?;
    ensure!(why.is_some_and(|why| !why.is_empty()), "there is no line `;; why: …` at its beginning");
    for [flag, value] in DEFAULTS {
        if !args.iter().any(|arg| arg == flag) {
            args.extend([flag.to_owned(), value.to_owned()]);
        }
    }

    let (rest, detail) = match expect.split_once("detail~=") {
        Some((rest, detail)) => (rest, Some(detail.trim().to_owned())),
        None => (expect, None),
    };
    let mut words = rest.split_whitespace();
    let verdict = words.next().context("expect: names no verdict")?.to_owned();
    let usual = VERDICTS.iter().find(|(word, _)| *word == verdict).map(|(_, status)| *status);
    let mut status =
        usual.with_context(|| format!("expect: `{verdict}` is no verdict that a guest can get"))?;
    for word in words {
        let number = word.strip_prefix("exit=").with_context(|| format!("expect: what is `{word}`?"))?;
        status = number.parse().with_context(|| word.to_owned())?;
    }

    let wasm = match path.extension().and_then(|extension| extension.to_str()) {
        Some("wat") => wat::parse_str(&text)?,
        Some("hex") => from_hex(&text)?,
        _ => bail!("a guest is a .wat or a .hex file"),
    };
    let name = path.file_stem().context("a file has a name")?.to_string_lossy().into_owned();
    Ok(Guest { name, wasm, verdict, status, detail, args, file_bytes, has_holes, report })
}

/// Bytes from pairs of hexadecimal digits, with blanks and comments between them as one likes.
fn from_hex(text: &str) -> anyhow::Result<Vec<u8>> {
    let lines = text.lines().map(|line| line.split_once(";;").map_or(line, |(bytes, _)| bytes));
    lines
        .flat_map(str::split_whitespace)
        .map(|byte| {
            u8::from_str_radix(byte, 16).with_context(|| format!("`{byte}` is not a byte in hexadecimal"))
        })
        .collect()
}

fn check(built: &Built, guest: &Guest) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let sub_folder = |name: &str| -> anyhow::Result<PathBuf> {
        let path = folder.path().join(name);
        fs::create_dir(&path)?;
        Ok(path)
    };
    let (scratch, results) = (sub_folder("scratch")?, sub_folder("results")?);
    let module = folder.path().join(format!("{}.wasm", guest.name));
    fs::write(&module, &guest.wasm)?;
    let output = results.join("output.arrow");
    fs::write(&output, OLD_OUTPUT)?;
    let paths = [&output, &folder.path().join("code")].map(|path| path.display().to_string());
    let mut args = vec!["--cache", &paths[1]];
    if !["validate", "migrate-params"].iter().any(|call| guest.args.iter().any(|arg| arg == call)) {
        args.extend(["--output", &paths[0]]);
    }
    let file = format!("{FILE_UUID}={}", folder.path().join("x").display());
    if let Some(bytes) = guest.file_bytes {
        write_file(&folder.path().join("x"), bytes, guest.has_holes)?;
        args.extend(["--file", &file]);
    }
    args.extend(guest.args.iter().map(String::as_str));
    let run = built.run_in(&scratch, &module, &args)?;

    ensure!(
        run.verdict() == guest.verdict,
        "the verdict is {}, not {}: {}\nlog: {}",
        run.verdict(),
        guest.verdict,
        run.detail(),
        run.report["log"].as_str().unwrap_or_default()
    );
    ensure!(run.status == guest.status, "crunchbox's exit status is {}, not {}", run.status, guest.status);
    if let Some(detail) = &guest.detail {
        ensure!(run.detail().contains(detail), "the detail is `{}`, without `{detail}`", run.detail());
    }
    for (pointer, expected) in &guest.report {
        let found = run.report.pointer(pointer).unwrap_or(&Value::Null);
        ensure!(found == expected, "{pointer} of the report is {found}, not {expected}");
    }
    let log = run.report["log"].as_str().context("the report has no log")?;
    ensure!(log.len() <= MAX_LOG_BYTES, "{} bytes of log were kept", log.len());

    ensure!(names(&scratch)?.is_empty(), "left behind in the scratch folder: {:?}", names(&scratch)?);
    ensure!(names(&results)? == ["output.arrow"], "left behind beside the output: {:?}", names(&results)?);
    let made = ["/output/columns/0", "/output/bytes"].iter().any(|place| run.report.pointer(place).is_some());
    let replaced = fs::read(&output)? != OLD_OUTPUT.as_bytes();
    ensure!(replaced == made, "the old output was replaced: {replaced}; there was a new one: {made}");
    let orphans = orphans()?;
    ensure!(orphans.is_empty(), "processes outlived their command: {orphans:?}");
    Ok(())
}

/// The file that a guest is handed.
fn write_file(path: &Path, bytes: u64, has_holes: bool) -> anyhow::Result<()> {
    if !has_holes {
        return Ok(fs::write(path, (0..bytes).map(|n| (n % 251) as u8).collect::<Vec<_>>())?);
    }
    let file = fs::File::create(path)?;
    file.set_len(bytes)?;
    for gigabyte in 0..bytes.div_ceil(1 << 30) {
        file.write_all_at(&[gigabyte as u8 + 1], gigabyte << 30)?;
    }
    Ok(())
}

fn names(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Workers whose command is gone: this process, their subreaper, is their parent now. Dead ones count too: their
/// command should have reaped them.
fn orphans() -> anyhow::Result<Vec<String>> {
    let parent = format!("\nPPid:\t{}\n", std::process::id());
    let mut orphans = Vec::new();
    for entry in fs::read_dir("/proc")? {
        // A process may end while it is looked at.
        let Ok(status) = fs::read_to_string(entry?.path().join("status")) else {
            continue;
        };
        let Some(name) = status.lines().next().and_then(|line| line.strip_prefix("Name:\t")) else {
            continue;
        };
        if name.starts_with("crunchbox-") && status.contains(&parent) {
            orphans.push(name.to_owned());
        }
    }
    Ok(orphans)
}
