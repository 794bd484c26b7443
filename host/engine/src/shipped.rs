//! From what a user calls a module to the module.

use std::path::{Path, PathBuf};

use crate::{Error, Module};

/// The folder of shipped steps that overrides the usual ones.
const ENVIRONMENT: &str = "CRUNCHBOX_MODULES";

/// The folder of modules that are no steps, inside those of the steps.
const DRAWING: &str = "drawing";

impl Module {
    /// Opens a module by its path or by the id of a shipped step.
    ///
    /// What has a slash in it or ends in `.wasm` is a path; anything else an id, which is looked for in
    /// `$CRUNCHBOX_MODULES` alone, if that is set; else in `modules` beside the running program, one folder up, and
    /// in `../share/crunchbox/modules`.
    ///
    /// # Errors
    /// As [`Module::open`]. If there is no such step the error says which there are.
    pub fn find(name: &str) -> Result<Module, Error> {
        if name.contains('/') || Path::new(name).extension().is_some_and(|extension| extension == "wasm") {
            return Module::open(name);
        }
        let folders = Module::folders();
        let paths = folders.iter().map(|folder| folder.join(format!("{name}.wasm")));
        match paths.into_iter().find(|path| path.is_file()) {
            Some(path) => Module::open(path),
            None => Err(not_found(name, &folders)),
        }
    }

    /// One of the modules that draw charts: they are no steps, and in a folder beside the steps.
    pub(crate) fn of_drawing(id: &str) -> Result<Module, Error> {
        let folders = Module::folders().into_iter().map(|folder| folder.join(DRAWING));
        let file = format!("{id}.wasm");
        match folders.clone().map(|folder| folder.join(&file)).find(|path| path.is_file()) {
            Some(path) => Module::open(path),
            None => {
                let looked: Vec<_> = folders.map(|folder| folder.display().to_string()).collect();
                let looked = looked.join(", ");
                let reason =
                    format!("it draws charts, and is not in {looked}; build it with `cargo xtask modules`");
                Err(Error::ModuleNotFound { name: file, reason })
            }
        }
    }

    /// The folders that [`Module::find`] looks for ids in, whether they exist or not.
    pub fn folders() -> Vec<PathBuf> {
        if let Some(folder) = std::env::var_os(ENVIRONMENT) {
            return vec![folder.into()];
        }
        let Ok(program) = std::env::current_exe() else { return Vec::new() };
        let Some(beside) = program.parent() else { return Vec::new() };
        // Beside the program is where a copied folder has them; one up is where `cargo xtask modules` puts them, as
        // the program is in `target/release`; a package has them under `share`.
        let mut folders = vec![beside.join("modules")];
        if let Some(parent) = beside.parent() {
            folders.push(parent.join("modules"));
            folders.push(parent.join("share/crunchbox/modules"));
        }
        folders
    }
}

/// An error that says what there is.
fn not_found(name: &str, folders: &[PathBuf]) -> Error {
    let mut ids: Vec<String> = folders
        .iter()
        .filter_map(|folder| folder.read_dir().ok())
        .flat_map(|entries| entries.flatten())
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wasm"))
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    ids.sort();
    ids.dedup();
    let reason = if ids.is_empty() {
        let looked: Vec<_> = folders.iter().map(|folder| folder.display().to_string()).collect();
        format!(
            "no shipped step is in {}; build them with `cargo xtask modules`, or name a .wasm file",
            looked.join(", ")
        )
    } else {
        format!("there are {}; or name a .wasm file", ids.join(", "))
    };
    Error::ModuleNotFound { name: name.to_owned(), reason }
}
