//! `cargo xtask walls`: which walls stop which attack alone, as a table in SECURITY.md.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use anyhow::{Context, ensure};

use crate::paths;
use crate::process::{cargo, read, step};

const BEGIN: &str = "<!-- attacks: made by `cargo xtask walls` -->\n";
const END: &str = "<!-- end of attacks -->\n";

/// What one line of the test says, as one of the two users.
struct Row<'a> {
    name: &'a str,
    verdict: &'a str,
    walls: &'a str,
    what: &'a str,
}

/// Runs the attacks against each wall alone, and writes down what came of it.
pub(crate) fn run() -> anyhow::Result<()> {
    let output = step("attacks on each wall alone", || {
        let mut command = cargo();
        // All features, as `cargo xtask test` has them: one build of Arrow serves both.
        command.args(["test", "--quiet", "--release", "--locked", "--workspace", "--all-features"]);
        command.args(["--test", "children"]);
        read(command.env("CRUNCHBOX_WALLS", "1"))
    })?;
    let mut rows: BTreeMap<&str, Vec<Row<'_>>> = BTreeMap::new();
    for line in output.lines() {
        if let [pass, name, verdict, walls, what] = line.split('\t').collect::<Vec<_>>()[..] {
            rows.entry(pass).or_default().push(Row { name, verdict, walls, what });
        }
    }
    let ordinary = rows.get("user").context("the attacks told nothing")?;
    let root = rows.get("root").context("run this as root: the layer `user` is there for nobody else")?;
    let as_root: BTreeMap<&str, &Row<'_>> = root.iter().map(|row| (row.name, row)).collect();
    let table = table(ordinary, &as_root);

    let path = paths::root().join("SECURITY.md");
    let text = fs::read_to_string(&path)?;
    let begin = text.find(BEGIN).context("SECURITY.md has no place for the table")? + BEGIN.len();
    let end = text.find(END).context("SECURITY.md has no end of the table")?;
    ensure!(begin <= end, "in SECURITY.md the table ends before it begins");
    fs::write(&path, format!("{}{table}{}", &text[..begin], &text[end..]))?;
    eprintln!("    {} attacks are in SECURITY.md", ordinary.len());
    Ok(())
}

fn table(rows: &[Row<'_>], as_root: &BTreeMap<&str, &Row<'_>>) -> String {
    let listed =
        |walls: &str| walls.split('+').map(|wall| format!("`{wall}`")).collect::<Vec<_>>().join(", ");
    let mut table =
        "| attack | what it tries | verdict | what stops it alone |\n| --- | --- | --- | --- |\n".to_owned();
    for Row { name, verdict, walls, what } in rows {
        let (as_root, verdict_of_root) =
            as_root.get(name).map_or(("", *verdict), |row| (row.walls, row.verdict));
        let mut verdict = format!("`{verdict}`");
        if verdict != format!("`{verdict_of_root}`") {
            verdict = format!("{verdict}, of root `{verdict_of_root}`");
        }
        let walls = match *walls {
            "" => "no single one".to_owned(),
            "judgement" => "the engine".to_owned(),
            "kernel" if as_root == "kernel" => "the kernel".to_owned(),
            "kernel" => format!("the kernel; of root: {}", listed(as_root)),
            walls if as_root.split('+').any(|wall| wall == "user") => format!("{}, `user`", listed(walls)),
            walls => listed(walls),
        };
        // Writing to a String can't fail.
        let _ = writeln!(table, "| `{name}` | {what} | {verdict} | {walls} |");
    }
    table
}
