//! What the command prints, word for word, and the status that it ends with: the cases are the `.trycmd` files.
//!
//! `[..]` stands for what differs from run to run. With `TRYCMD=overwrite` the cases are written anew.

#![forbid(unsafe_code)]

mod ends;
mod lent;
mod namespaces;

use std::fs;
use std::path::Path;

use crunchbox_tests::Built;
use trycmd::TestCases;

#[test]
fn the_command_says_what_the_cases_say() {
    let built = Built::find().unwrap();
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("cli");
    // The only shipped steps that the cases know, and an empty code cache: the machine's own don't matter.
    let folder = tempfile::tempdir().unwrap();
    let [modules, caches] = ["modules", "caches"].map(|name| {
        let path = folder.path().join(name);
        fs::create_dir(&path).unwrap();
        path
    });
    for (name, source) in [
        ("hello", "hello.wat"),
        ("broken", "broken.wat"),
        ("spare", "spare.wat"),
        ("teller", "teller.wat"),
        ("fetcher", "fetcher.wat"),
        ("migrator", "migrator.wat"),
    ] {
        let wasm = wat::parse_file(here.join(source)).unwrap();
        fs::write(modules.join(format!("{name}.wasm")), wasm).unwrap();
    }
    TestCases::new()
        .register_bin("crunchbox", built.command())
        .env("CRUNCHBOX_MODULES", modules.to_str().unwrap())
        .env("XDG_CACHE_HOME", caches.to_str().unwrap())
        .env("LC_ALL", "C")
        .case(here.join("*.trycmd"));
}

#[test]
fn the_commands_in_the_documents_do_what_they_say() {
    let built = Built::find().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    // They leave files behind, so they run in a folder (`.in` by its name) that is like the repository where they look.
    let folder = tempfile::tempdir().unwrap();
    let data = "tests/data/flights-2013-01.parquet";
    let cases = TestCases::new();
    cases
        .register_bin("crunchbox", built.command())
        .env("CRUNCHBOX_MODULES", built.modules().to_str().unwrap())
        .env("LC_ALL", "C");
    for document in ["README.md", "docs/authors/README.md", "docs/authors/limits.md"] {
        let name = document.replace('/', "-");
        let place = folder.path().join(&name).with_extension("in");
        fs::create_dir_all(place.join("tests/data")).unwrap();
        fs::copy(root.join(document), folder.path().join(&name)).unwrap();
        fs::copy(root.join(data), place.join(data)).unwrap();
        cases.case(folder.path().join(name));
    }
}

/// The blocks of this language in a document.
fn blocks(document: &str, language: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let text = fs::read_to_string(root.join(document)).unwrap();
    let fence = format!("```{language}\n");
    let blocks: Vec<String> =
        text.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap().to_owned()).collect();
    assert!(!blocks.is_empty(), "{document} has no block of {language}");
    blocks
}

#[test]
fn the_manifests_in_the_documents_are_manifests() {
    for yaml in blocks("docs/authors/manifest.md", "yaml") {
        if let Err(error) = crunchbox_params::Manifest::from_yaml(&yaml) {
            panic!("{error}\n{yaml}");
        }
    }
}

#[test]
fn the_c_in_the_documents_compiles() {
    let folder = tempfile::tempdir().unwrap();
    let header = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("guest-sdk/c");
    for (number, code) in blocks("docs/authors/c.md", "c").iter().enumerate() {
        let path = folder.path().join(format!("{number}.c"));
        fs::write(&path, code).unwrap();
        let mut compiler = std::process::Command::new("cc");
        compiler
            .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I"])
            .arg(&header)
            .arg(&path);
        let output = compiler.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
