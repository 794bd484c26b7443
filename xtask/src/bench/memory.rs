//! What a command and all that it starts take of memory, seen from outside.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

/// How often is looked. A worker lives ten times as long, where it does something.
const EVERY: Duration = Duration::from_millis(10);

/// The most that there was at any time, in bytes.
#[derive(Default)]
pub(super) struct Peaks {
    pub(super) time: Duration,
    /// Resident, of all processes together. A page that several of them see is counted for each.
    pub(super) all: u64,
    /// The same without pages of files, which the system takes back when it wants to.
    pub(super) all_anonymous: u64,
    /// Resident, of the one process of each program that has most; by the system's own mark.
    pub(super) each: BTreeMap<String, u64>,
}

impl Peaks {
    /// The largest of all processes.
    pub(super) fn largest(&self) -> u64 {
        self.each.values().copied().max().unwrap_or_default()
    }
}

/// Runs a command, which has to succeed, and watches it.
pub(super) fn watch(command: &mut Command) -> anyhow::Result<(Peaks, String)> {
    let started = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn().context("can't start crunchbox")?;
    let mut peaks = Peaks::default();
    // A report fits into the pipe.
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        peaks.look(child.id())?;
        std::thread::sleep(EVERY);
    };
    peaks.time = started.elapsed();
    let mut told = String::new();
    child.stdout.take().context("no output")?.read_to_string(&mut told)?;
    ensure!(status.success(), "{command:?}: {status}: {told}");
    Ok((peaks, told))
}

impl Peaks {
    fn look(&mut self, root: u32) -> anyhow::Result<()> {
        let (mut all, mut all_anonymous) = (0, 0);
        for process in family(root)? {
            // It may have ended by now.
            let Some(status) = read(process, "status") else { continue };
            let bytes = |name| field(&status, name).unwrap_or_default();
            all += bytes("VmRSS:");
            all_anonymous += bytes("RssAnon:");
            let program =
                status.lines().next().and_then(|line| line.strip_prefix("Name:\t")).unwrap_or_default();
            let most = self.each.entry(program.to_owned()).or_default();
            *most = bytes("VmHWM:").max(*most);
        }
        self.all = self.all.max(all);
        self.all_anonymous = self.all_anonymous.max(all_anonymous);
        Ok(())
    }
}

fn read(process: u32, file: &str) -> Option<String> {
    fs::read_to_string(format!("/proc/{process}/{file}")).ok()
}

/// A size in a file of `/proc`, in bytes.
fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? << 10)
}

/// A process and all that came from it.
fn family(root: u32) -> anyhow::Result<Vec<u32>> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Ok(process) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let Some(stat) = read(process, "stat") else { continue };
        // The name may hold anything; what comes behind it is the state, and the parent.
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        if let Some(parent) = fields.split_whitespace().nth(1).and_then(|field| field.parse().ok()) {
            children.entry(parent).or_default().push(process);
        }
    }
    let mut found = vec![root];
    let mut next = 0;
    while let Some(process) = found.get(next) {
        found.extend(children.remove(process).unwrap_or_default());
        next += 1;
    }
    Ok(found)
}
