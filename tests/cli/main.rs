//! What the command prints, word for word, and the status that it ends with: the cases are the `.trycmd` files.
//!
//! `[..]` stands for what differs from run to run. With `TRYCMD=overwrite` the cases are written anew.

#![forbid(unsafe_code)]

mod ends;

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
fn the_commands_in_the_readme_do_what_it_says() {
    let built = Built::find().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    // They leave files behind, so they run in a folder (`.in` by its name) that is like the repository where they look.
    let folder = tempfile::tempdir().unwrap();
    let data = "tests/data/flights-2013-01.parquet";
    fs::create_dir_all(folder.path().join("README.in/tests/data")).unwrap();
    fs::copy(root.join("README.md"), folder.path().join("README.md")).unwrap();
    fs::copy(root.join(data), folder.path().join("README.in").join(data)).unwrap();
    TestCases::new()
        .register_bin("crunchbox", built.command())
        .env("CRUNCHBOX_MODULES", built.modules().to_str().unwrap())
        .env("LC_ALL", "C")
        .case(folder.path().join("README.md"));
}
