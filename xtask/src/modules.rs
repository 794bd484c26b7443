//! `cargo xtask modules`: the shipped steps, from source to `target/modules/<id>.wasm`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use crunchbox_messages::Catalogues;
use crunchbox_params::Manifest;
use crunchbox_protocol::JsonMap;

use crate::embed::embed;
use crate::process::{run_quietly, step};
use crate::toolchain::{C_TARGET, Toolchain, guest};
use crate::{drawing, paths};

/// Steps in Rust that have C in them, and what that is.
const WITH_C: [(&str, &str); 2] = [("parquet", "ZSTD"), ("selectsql", "SQLite")];

/// The steps that ship.
const SHIPPED: &str = "modules";

/// Steps that only tests run, built with all others. Where they are put no user finds them.
const OF_TESTS: &str = "tests/steps";

/// A step's folder.
#[derive(Clone)]
struct Source {
    id: String,
    folder: PathBuf,
    language: Language,
    ships: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Language {
    Rust,
    C,
}

/// Builds these steps, or all and what draws charts; that is `drawing` by name.
///
/// # Errors
/// If one is unknown, has a bad manifest or does not compile.
pub(crate) fn build(toolchain: &Toolchain, ids: &[String]) -> anyhow::Result<()> {
    let all = [sources(SHIPPED)?, sources(OF_TESTS)?].concat();
    let draw = ids.is_empty() || ids.iter().any(|id| id == drawing::NAME);
    let is_known = |id: &str| id == drawing::NAME || all.iter().any(|source| source.id == id);
    if let Some(unknown) = ids.iter().find(|id| !is_known(id)) {
        let known: Vec<_> = all
            .iter()
            .filter(|source| source.ships)
            .map(|source| source.id.as_str())
            .chain([drawing::NAME])
            .collect();
        bail!("there is no step {unknown}; there are {}", known.join(", "));
    }
    let chosen: Vec<_> = all.iter().filter(|source| ids.is_empty() || ids.contains(&source.id)).collect();
    let folder = paths::target().join("modules");
    let rust: Vec<_> = chosen.iter().filter(|source| source.language == Language::Rust).collect();
    for (id, what) in WITH_C {
        if rust.iter().any(|source| source.id == id) {
            toolchain.want_c(&format!("{id} has {what}"))?;
        }
    }
    if !rust.is_empty() {
        step("steps in Rust", || {
            let mut cargo = toolchain.build_guests();
            for source in &rust {
                cargo.args(["-p", &format!("crunchbox-module-{}", source.id)]);
            }
            crate::process::run(&mut cargo)
        })?;
    }
    for source in chosen {
        let compiled = match source.language {
            Language::Rust => guest(&source.id),
            Language::C => compile_c(toolchain, source)?,
        };
        let folder = if source.ships { &folder } else { &folder.join("tests") };
        fs::create_dir_all(folder)?;
        finish(source, &compiled, &folder.join(format!("{}.wasm", source.id)))?;
    }
    if draw {
        drawing::build(toolchain)?;
    }
    list()
}

/// Prints the built steps and their sizes.
///
/// # Errors
/// If the folder can't be read.
pub(crate) fn list() -> anyhow::Result<()> {
    let folder = paths::target().join("modules");
    for source in sources(SHIPPED)? {
        match fs::metadata(folder.join(format!("{}.wasm", source.id))) {
            Ok(file) => eprintln!("    {:<24} {:>8} KB", source.id, file.len().div_ceil(1000)),
            Err(_) => eprintln!("    {:<24} not built", source.id),
        }
    }
    Ok(())
}

fn sources(of: &str) -> anyhow::Result<Vec<Source>> {
    let modules = paths::root().join(of);
    let mut sources = Vec::new();
    for entry in fs::read_dir(&modules)? {
        let folder = entry?.path();
        let id = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !folder.join(format!("{id}.yaml")).exists() {
            continue;
        }
        let language = if folder.join("Cargo.toml").exists() {
            Language::Rust
        } else if folder.join(format!("{id}.c")).exists() {
            Language::C
        } else {
            bail!("{} has a manifest, but neither Cargo.toml nor {id}.c", folder.display());
        };
        sources.push(Source { id, folder, language, ships: of == SHIPPED });
    }
    sources.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(sources)
}

fn compile_c(toolchain: &Toolchain, source: &Source) -> anyhow::Result<PathBuf> {
    let (clang, arguments) = toolchain.c.as_ref().with_context(|| {
        format!("{} is in C, and there is no C compiler for WASI: see `cargo xtask setup`", source.id)
    })?;
    let sdk = paths::root().join("guest-sdk/c");
    let folder = paths::target().join("guests/c");
    fs::create_dir_all(&folder)?;
    let output = folder.join(format!("{}.wasm", source.id));
    step(&format!("{} in C", source.id), || {
        let mut command = Command::new(clang);
        command
            .args([C_TARGET, "-std=c11", "-O2", "-flto", "-msimd128", "-Wall", "-Wextra", "-Werror"])
            .args(["-Wl,--strip-all", "-Wno-deprecated", "-Wno-unused-command-line-argument"])
            .args(arguments)
            .arg("-I")
            .arg(&sdk)
            .arg("-o")
            .arg(&output)
            .arg(source.folder.join(format!("{}.c", source.id)));
        command.args(files_with(&sdk, "c")?);
        run_quietly(&mut command)
    })?;
    Ok(output)
}

fn files_with(folder: &Path, extension: &str) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    Ok(files)
}

/// The catalogues in a module's folder, `locale/<language>.json`, checked, as the JSON that a module carries; `None` if there are
/// none.
pub(crate) fn catalogues(folder: &Path) -> anyhow::Result<Option<String>> {
    let folder = folder.join("locale");
    if !folder.exists() {
        return Ok(None);
    }
    let mut languages = JsonMap::new();
    for path in files_with(&folder, "json")? {
        let language = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let messages: JsonMap = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        languages.insert(language, messages.into());
    }
    let checked = Catalogues::from_json(&languages).and_then(|catalogues| catalogues.check());
    checked.with_context(|| folder.display().to_string())?;
    Ok(Some(serde_json::Value::Object(languages).to_string()))
}

/// Checks the manifest and the catalogues and puts them into the module, which gets its name in one go.
fn finish(source: &Source, compiled: &Path, target: &Path) -> anyhow::Result<()> {
    let path = source.folder.join(format!("{}.yaml", source.id));
    let yaml = fs::read_to_string(&path)?;
    let manifest = Manifest::from_yaml(&yaml).with_context(|| path.display().to_string())?;
    ensure!(
        manifest.id_name == source.id,
        "{}: id_name is {:?}, and the folder is {:?}: make them the same",
        path.display(),
        manifest.id_name,
        source.id
    );
    let wasm = fs::read(compiled).with_context(|| compiled.display().to_string())?;
    let catalogues = catalogues(&source.folder)?;
    let wasm = embed(&wasm, Some(manifest.to_json().as_bytes()), catalogues.as_deref().map(str::as_bytes))?;
    place(&wasm, target)
}

/// Writes a finished module, which gets its name in one go.
pub(crate) fn place(wasm: &[u8], target: &Path) -> anyhow::Result<()> {
    // A name of its own: the same module may be built twice at a time.
    let draft = target.with_extension(format!("{}.new", std::process::id()));
    fs::write(&draft, wasm).with_context(|| format!("can't write {}", draft.display()))?;
    fs::rename(&draft, target).with_context(|| format!("can't write {}", target.display()))
}
