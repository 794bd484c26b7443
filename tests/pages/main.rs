//! The pages in `docs/steps` are made of the steps' manifests, and of examples that are run here. `cargo xtask docs` writes
//! them anew; without it they must be what it would write.

#![forbid(unsafe_code)]

mod example;
mod markdown;
mod params;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crunchbox_params::Manifest;
use crunchbox_tests::{Built, manifests};

use crate::markdown::cell;

/// Set by `cargo xtask docs`.
const WRITE: &str = "CRUNCHBOX_WRITE_PAGES";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A step's page, and the drawing that it shows, if it shows one.
fn page(built: &Built, id: &str, manifest: &Manifest) -> anyhow::Result<(String, Option<String>)> {
    let mut page = format!("# {}\n\n{}\n\n", manifest.name, manifest.description);
    writeln!(
        page,
        "`crunchbox run {id}` · {} · [what it does in detail](../../modules/{id}/README.md)\n",
        manifest.category.as_str()
    )?;
    page.push_str(&params::section(manifest));
    let folder = root().join("modules").join(id);
    let path = folder.join("example.json");
    let (example, drawing) = example::section(built, id, &path, manifest.html_output)?;
    page.push_str(&example);
    Ok((page, drawing))
}

/// The list of all pages, by category.
fn index(manifests: &BTreeMap<String, Manifest>) -> String {
    let mut index =
        "# Steps\n\nMade by `cargo xtask docs` of the steps' manifests, and of examples that are run.\n"
            .to_owned();
    let mut categories: BTreeMap<&str, Vec<(&String, &Manifest)>> = BTreeMap::new();
    for (id, manifest) in manifests {
        categories.entry(manifest.category.as_str()).or_default().push((id, manifest));
    }
    for (category, steps) in categories {
        index.push_str(&format!("\n## {category}\n\n| step | id | what |\n| --- | --- | --- |\n"));
        for (id, manifest) in steps {
            index.push_str(&format!(
                "| [{}]({id}.md) | `{id}` | {} |\n",
                cell(&manifest.name),
                cell(&manifest.description)
            ));
        }
    }
    index
}

#[test]
fn the_pages_are_what_the_steps_are() {
    let built = Built::find().unwrap();
    let manifests = manifests().unwrap();
    let mut pages = BTreeMap::new();
    for (id, manifest) in &manifests {
        let (page, drawing) = page(&built, id, manifest).unwrap();
        pages.insert(format!("{id}.md"), page);
        pages.extend(drawing.map(|svg| (format!("{id}.svg"), svg)));
    }
    pages.insert("README.md".to_owned(), index(&manifests));
    let folder = root().join("docs/steps");
    if std::env::var_os(WRITE).is_some() {
        fs::create_dir_all(&folder).unwrap();
        for (name, page) in &pages {
            fs::write(folder.join(name), page).unwrap();
        }
    }
    let there = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut there: BTreeMap<String, String> =
        there.map(|name| (name.clone(), fs::read_to_string(folder.join(name)).unwrap())).collect();
    let stale: Vec<&String> = pages
        .iter()
        .filter(|(name, page)| there.remove(*name).as_ref() != Some(page))
        .map(|(name, _)| name)
        .collect();
    assert!(stale.is_empty(), "docs/steps is behind in {stale:?}: run `cargo xtask docs`");
    assert!(there.is_empty(), "docs/steps has pages of no step: delete {:?}", there.keys());
}
