//! What should be so of the repository itself: the map of folders, modules, the contract's hashes, file sizes.

#![forbid(unsafe_code)]

mod contract;
#[allow(missing_docs, unreachable_pub)] // A library to the fuzz targets, a part of this test here.
#[path = "../fuzz/src/lib.rs"]
mod fuzz;
mod seeds;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crunchbox_params::Manifest;
use crunchbox_protocol::JsonMap;

/// The longest a file of Rust may be, in lines.
const MAX_LINES: usize = 800;

/// Files that may be longer, each with the reason.
const LONG_FILES: [(&str, &str); 1] = [("guest-sdk/protocol/src/wire/step.rs", "generated")];

/// Where `unsafe` may be.
const UNSAFE_PLACES: [&str; 8] = [
    "guest-sdk/rust/src/heap.rs",
    "guest-sdk/rust/src/input.rs",
    "host/jail/src/",
    "host/jail/tests/walls.rs",
    "host/worker/src/run.rs",
    "tests/faults/intercept.rs",
    "tests/hostile/children/child/sys.rs",
    "xtask/src/wasi_glue/",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path} can't be read: {error}"))
}

/// The names in a folder, sorted, but for hidden ones and what cargo and Python leave there.
fn names(folder: &str) -> Vec<String> {
    let entries =
        fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder} can't be listed: {error}"));
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| !name.starts_with('.') && name != "target" && name != "__pycache__");
    names.sort();
    names
}

fn folders(folder: &str) -> Vec<String> {
    names(folder).into_iter().filter(|name| root().join(folder).join(name).is_dir()).collect()
}

/// The steps that ship: what is in `modules/`, but for what draws charts.
fn steps() -> Vec<String> {
    folders("modules").into_iter().filter(|name| name != "drawing").collect()
}

/// Every file of Rust below a folder, as a path from the root.
fn rust_files(folder: &str) -> Vec<String> {
    let mut files = Vec::new();
    for name in names(folder) {
        let path = format!("{folder}/{name}");
        if root().join(&path).is_dir() {
            files.extend(rust_files(&path));
        } else if name.ends_with(".rs") {
            files.push(path);
        }
    }
    files
}

fn all_rust_files() -> Vec<String> {
    let files: Vec<String> =
        ["guest-sdk", "host", "modules", "tests", "xtask"].into_iter().flat_map(rust_files).collect();
    assert!(files.len() > 50, "these can't be all: {files:?}");
    files
}

fn assert_none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

/// The files that are committed, or would be by `git add --all`. `None` where git or its folder isn't there: in
/// an unpacked archive, say.
fn committed_files() -> Option<Vec<String>> {
    let mut git = Command::new("git");
    git.current_dir(root()).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let output = git.output().ok().filter(|output| output.status.success())?;
    let list = String::from_utf8(output.stdout).expect("paths are UTF-8");
    let files: Vec<String> = list.split_terminator('\0').map(str::to_owned).collect();
    assert!(files.iter().any(|file| file == "tests/tidy/main.rs"), "git does not list this file");
    Some(files)
}

/// The words in backticks of a line of Markdown.
fn code_words(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

#[test]
fn the_code_map_is_true() {
    let map = read("ARCHITECTURE.md");
    let rows = map.lines().filter_map(|line| line.strip_prefix('|')?.split('|').next());
    let mapped: BTreeSet<&str> =
        rows.flat_map(code_words).filter_map(|word| word.strip_suffix('/')).collect();
    assert!(
        !mapped.is_empty(),
        "ARCHITECTURE.md has no table with folders, as in `host/engine/`, in its first column"
    );

    let mut problems = Vec::new();
    for folder in &mapped {
        if !root().join(folder).is_dir() {
            problems.push(format!("ARCHITECTURE.md names `{folder}/`, which is not there"));
        }
    }
    for folder in folders(".") {
        let inside = format!("{folder}/");
        if !mapped.iter().any(|mapped| *mapped == folder || mapped.starts_with(&inside)) {
            problems.push(format!("ARCHITECTURE.md does not name `{folder}/`"));
        }
    }
    for parent in ["host", "guest-sdk"] {
        for folder in folders(parent) {
            let path = format!("{parent}/{folder}");
            if !mapped.contains(path.as_str()) {
                problems.push(format!("ARCHITECTURE.md does not name `{path}/`"));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn each_module_has_a_manifest_and_a_readme() {
    let mut problems = Vec::new();
    let modules = steps();
    assert!(!modules.is_empty());
    for id in modules {
        let folder = root().join("modules").join(&id);
        if !folder.join("README.md").is_file() {
            problems.push(format!("modules/{id} has no README.md"));
        }
        match fs::read_to_string(folder.join(format!("{id}.yaml"))) {
            Err(error) => problems.push(format!("modules/{id}/{id}.yaml can't be read: {error}")),
            Ok(text) => match Manifest::from_yaml(&text) {
                Err(error) => problems.push(format!("modules/{id}/{id}.yaml: {error}")),
                Ok(manifest) if manifest.id_name != id => problems.push(format!(
                    "modules/{id}/{id}.yaml has the id_name `{}`; make it `{id}`, as the folder's",
                    manifest.id_name
                )),
                Ok(_) => {}
            },
        }
    }
    assert_none(&problems);
}

/// Nobody asks a module to migrate params that does not say that it does.
#[test]
fn each_module_that_migrates_params_says_so() {
    let mut problems = Vec::new();
    for id in steps() {
        let Ok(manifest) = Manifest::from_yaml(&read(&format!("modules/{id}/{id}.yaml"))) else { continue };
        let sources = rust_files(&format!("modules/{id}"));
        let migrates = sources.iter().any(|file| read(file).contains("migrate = "));
        if migrates != manifest.migrates_params {
            problems.push(format!(
                "modules/{id}: it migrates: {migrates}; its manifest: {}",
                manifest.migrates_params
            ));
        }
    }
    assert_none(&problems);
}

/// A message's id that is written in a step's source, or that a conformance case wants, has an English text.
#[test]
fn each_message_of_a_step_is_in_its_catalogue() {
    let mut problems = Vec::new();
    let mut found = 0;
    for id in steps() {
        let mut wanted = BTreeSet::new();
        for file in rust_files(&format!("modules/{id}")) {
            for call in ["I18nMessage::new(\"", "message(\"", "counted(\"", "quick_fix(\""] {
                let text = read(&file);
                wanted.extend(
                    text.split(call).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())),
                );
            }
        }
        let cases =
            fs::read_to_string(root().join(format!("tests/conformance/{id}.json"))).unwrap_or_default();
        module_messages(&serde_json::from_str(&cases).unwrap_or_default(), &mut wanted);
        let catalogue =
            fs::read_to_string(root().join(format!("modules/{id}/locale/en.json"))).unwrap_or_default();
        let catalogue: JsonMap = serde_json::from_str(&catalogue).unwrap_or_default();
        for message in wanted.iter().filter(|message| message.contains('.')) {
            found += 1;
            // The end of an id is all that transpose's source holds: reshape shares it under another beginning.
            if !catalogue.keys().any(|key| key == message || key.ends_with(&format!(".{message}"))) {
                problems.push(format!("modules/{id}/locale/en.json has no text for {message}"));
            }
        }
    }
    assert!(found > 50, "only {found} messages were found");
    assert_none(&problems);
}

/// The ids of the messages from the module's own catalogue anywhere in `value`.
fn module_messages(value: &serde_json::Value, ids: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(map) => {
            if let (Some("module"), Some(id)) = (map.get("source").and_then(|s| s.as_str()), map.get("id")) {
                ids.extend(id.as_str().map(str::to_owned));
            }
            map.values().for_each(|inner| module_messages(inner, ids));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|inner| module_messages(inner, ids)),
        _ => {}
    }
}

#[test]
fn nothing_committed_points_outside() {
    let Some(files) = committed_files() else { return };
    // In two parts, or it would find itself.
    let outside = concat!("../", "shared");
    let mut problems = Vec::new();
    for file in files {
        if file.starts_with(".ci/") {
            continue;
        }
        // A file that is listed may be deleted by now, and need not be text.
        let bytes = fs::read(root().join(&file)).unwrap_or_default();
        for (number, line) in String::from_utf8_lossy(&bytes).lines().enumerate() {
            if line.contains(outside) {
                problems.push(format!("{file}:{}: names {outside}, which nobody else has", number + 1));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn each_attack_is_in_the_table_of_walls() {
    let listed = read("tests/hostile/children/child/attacks/mod.rs");
    let list = listed.split_once("attacks! {\n").and_then(|(_, rest)| rest.split_once("\n}")).unwrap().0;
    let listed: BTreeSet<String> =
        list.lines().map(|line| line.trim().to_owned()).filter(|line| !line.starts_with("//")).collect();
    let files: BTreeSet<String> = names("tests/hostile/children/child/attacks")
        .iter()
        .filter_map(|name| name.strip_suffix(".rs").filter(|name| *name != "mod").map(str::to_owned))
        .collect();
    assert_eq!(files, listed, "a file in tests/hostile/children/child/attacks/ is not listed in its mod.rs");

    let page = read("SECURITY.md");
    let table = page
        .split_once("<!-- attacks: ")
        .and_then(|(_, rest)| rest.split_once("<!-- end of attacks"))
        .unwrap()
        .0;
    let told: BTreeSet<(String, String)> = table
        .lines()
        .filter_map(|row| {
            let mut cells = row.strip_prefix("| `")?.split(" | ");
            Some((cells.next()?.trim_end_matches('`').replace('-', "_"), cells.next()?.to_owned()))
        })
        .collect();
    let attacks: BTreeSet<(String, String)> = files
        .into_iter()
        .map(|name| {
            let text = read(&format!("tests/hostile/children/child/attacks/{name}.rs"));
            let what = text.lines().next().unwrap_or_default();
            (name, what.trim_start_matches("//! ").trim_end_matches('.').to_owned())
        })
        .collect();
    let missing: Vec<_> = attacks.difference(&told).collect();
    let invented: Vec<_> = told.difference(&attacks).collect();
    assert!(
        missing.is_empty() && invented.is_empty(),
        "SECURITY.md is behind: run `cargo xtask walls`. Missing: {missing:?}; not there: {invented:?}"
    );
}

/// Whether a line of code has the keyword; comments do not count.
fn has_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == concat!("un", "safe"))
}

#[test]
fn unsafe_is_where_it_should_be() {
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for file in all_rust_files() {
        let place = UNSAFE_PLACES.iter().find(|place| file.starts_with(*place));
        for (number, line) in read(&file).lines().enumerate().filter(|(_, line)| has_unsafe(line)) {
            match place {
                Some(place) => drop(seen.insert(place)),
                None => {
                    problems.push(format!("{file}:{}: {}: belongs into host/jail", number + 1, line.trim()))
                }
            }
        }
    }
    for place in UNSAFE_PLACES.iter().filter(|place| !seen.contains(place)) {
        problems
            .push(format!("{place} needs this place no more: strike it from the list of tests/tidy/main.rs"));
    }
    let loads = read("host/worker/src/run.rs").lines().filter(|line| has_unsafe(line)).count();
    if loads > 1 {
        problems.push(
            "host/worker/src/run.rs: one block, which loads compiled code, is all that may be there"
                .to_owned(),
        );
    }
    assert_none(&problems);
}

#[test]
fn no_file_is_a_warehouse() {
    let mut problems = Vec::new();
    let files = all_rust_files();
    for file in &files {
        let lines = read(file).lines().count();
        let allowed = LONG_FILES.iter().any(|(known, _)| known == file);
        if lines > MAX_LINES && !allowed {
            problems.push(format!("{file} has {lines} lines: split it by concern, {MAX_LINES} are allowed"));
        }
        if lines <= MAX_LINES && allowed {
            problems.push(format!("{file} has {lines} lines: strike it from the list of tests/tidy/main.rs"));
        }
    }
    for (known, _) in LONG_FILES.iter().filter(|(known, _)| !files.iter().any(|file| file == known)) {
        problems.push(format!("{known} is not there: strike it from the list of tests/tidy/main.rs"));
    }
    assert_none(&problems);
}

#[test]
fn a_comment_is_not_unsafe() {
    let keyword = concat!("un", "safe");
    assert!(has_unsafe(&format!("    {keyword} {{ go() }} // fine")));
    assert!(has_unsafe(&format!("#[{keyword}(no_mangle)]")));
    assert!(!has_unsafe(&format!("// {keyword} lives elsewhere")));
    assert!(!has_unsafe(&format!("#![forbid({keyword}_code)]")));
}
