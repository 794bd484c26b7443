//! The modules that draw charts: a workspace of their own in `modules/drawing/`, with a script and fonts from npm.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::embed::embed;
use crate::modules::{catalogues, place};
use crate::process::{cargo, exists, run, run_quietly, step};
use crate::toolchain::{Toolchain, guest};
use crate::{debian, paths};

/// What is bundled: packages as `package-lock.json` pins them, and our own script.
const SOURCES: [&str; 4] = ["package.json", "package-lock.json", "globals.mjs", "plot.mjs"];

/// What they are called together.
pub(crate) const NAME: &str = "drawing";

/// The modules.
const IDS: [&str; 2] = ["plot", "picture"];

/// Builds the modules to `target/modules/drawing`.
///
/// # Errors
/// If npm or a C compiler for WASI is missing, if a catalogue is none, or if they don't compile.
pub(crate) fn build(toolchain: &Toolchain) -> anyhow::Result<()> {
    toolchain.want_c("what draws charts has QuickJS")?;
    let script = Script::make()?;
    step("the modules that draw", || run(&mut script.with(toolchain.build_guests())))?;
    let folder = paths::target().join("modules/drawing");
    fs::create_dir_all(&folder)?;
    // One message, and it is both modules'.
    let catalogues = catalogues(&source())?;
    for id in IDS {
        let built = guest(id);
        let wasm = fs::read(&built).with_context(|| built.display().to_string())?;
        let wasm = embed(&wasm, None, catalogues.as_deref().map(str::as_bytes))?;
        place(&wasm, &folder.join(format!("{id}.wasm")))?;
        eprintln!("    {id:<24} {:>8} KB", wasm.len().div_ceil(1000));
    }
    Ok(())
}

/// Sees to what the modules are made of besides Rust and C.
///
/// # Errors
/// If npm is missing, or what it is to fetch.
pub(crate) fn prepare() -> anyhow::Result<()> {
    Script::make().map(drop)
}

/// Formatting, and every lint as an error.
///
/// # Errors
/// If there is one.
pub(crate) fn lint() -> anyhow::Result<()> {
    let script = Script::make()?;
    run(script.with(cargo()).args(["fmt", "--all", "--check"]))?;
    let mut clippy = script.with(cargo());
    clippy.args(["clippy", "--quiet", "--release", "--locked", "--all-targets", "--target-dir"]);
    run(clippy.arg(paths::target().join("drawing")).args(["--", "-D", "warnings"]))
}

/// Their own tests, natively.
///
/// # Errors
/// If one fails.
pub(crate) fn test() -> anyhow::Result<()> {
    let script = Script::make()?;
    let mut test = script.with(cargo());
    test.args(["test", "--release", "--locked", "--no-fail-fast", "--target-dir"]);
    run(test.arg(paths::target().join("drawing")))
}

/// The workspace.
fn source() -> PathBuf {
    paths::root().join("modules/drawing")
}

/// Where programs are looked for: npm is the machine's, or Debian's, unpacked privately.
fn path_with_npm() -> anyhow::Result<OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if exists("node") && exists("npm") {
        return Ok(path);
    }
    let folder = debian::node().context(
        "what draws charts comes from npm, which is not there: install Node.js, or name the steps to build without it",
    )?;
    Ok(std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&path)))?)
}

/// What is not in a language of ours: made once for each state of its sources, in the folder that survives a checkout.
struct Script {
    folder: PathBuf,
}

impl Script {
    fn make() -> anyhow::Result<Script> {
        let source = source().join("plot/script");
        let mut hasher = blake3::Hasher::new();
        for name in SOURCES {
            let path = source.join(name);
            hasher.update(&fs::read(&path).with_context(|| path.display().to_string())?);
        }
        let cache = paths::cache()?.join("npm");
        let folder = cache.join(&hasher.finalize().to_hex()[..16]);
        if !folder.is_dir() {
            let path = path_with_npm()?;
            fs::create_dir_all(&cache)?;
            step("Vega and fonts, from npm", || Script::fetch(&path, &source, &cache, &folder))?;
        }
        Ok(Script { folder })
    }

    /// Into a folder that gets its name when all is there.
    fn fetch(path: &OsStr, source: &Path, cache: &Path, folder: &Path) -> anyhow::Result<()> {
        let draft = cache.join(format!("{}.new", std::process::id()));
        let _ = fs::remove_dir_all(&draft);
        fs::create_dir_all(&draft)?;
        for name in SOURCES {
            fs::copy(source.join(name), draft.join(name))?;
        }
        // Exactly what is locked, by its checksums; no package gets to run anything.
        let mut npm = Command::new("npm");
        run_quietly(npm.env("PATH", path).current_dir(&draft).args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
        ]))?;
        let mut bundler = Command::new(draft.join("node_modules/.bin/esbuild"));
        bundler.env("PATH", path).current_dir(&draft).args([
            "plot.mjs",
            "--bundle",
            "--minify",
            "--outfile=plot.js",
        ]);
        bundler.args(["--format=iife", "--platform=neutral", "--main-fields=module,main", "--target=es2023"]);
        run_quietly(&mut bundler)?;
        match fs::rename(&draft, folder) {
            // Somebody else was faster.
            Err(_) if folder.is_dir() => Ok(fs::remove_dir_all(&draft)?),
            renamed => renamed.with_context(|| format!("can't make {}", folder.display())),
        }
    }

    /// Cargo, in the workspace of the modules.
    fn with(&self, mut cargo: Command) -> Command {
        cargo
            .current_dir(source())
            .env("CRUNCHBOX_PLOT_SCRIPT", self.folder.join("plot.js"))
            .env("CRUNCHBOX_FONTS", self.folder.join("node_modules/@expo-google-fonts/roboto"))
            // The compiler that the toolchain names is to be used, and none fetched.
            .env("RQUICKJS_SYS_NO_WASI_SDK", "1");
        cargo
    }
}
