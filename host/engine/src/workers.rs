//! Finding the worker executables.

use std::path::{Path, PathBuf};

use crate::Error;

/// The folder that overrides all others.
const ENVIRONMENT: &str = "CRUNCHBOX_WORKERS";

/// The three executables, all there when this exists.
#[derive(Clone, Debug)]
pub(crate) struct Workers {
    pub(crate) run: PathBuf,
    pub(crate) compile: PathBuf,
    pub(crate) tables: PathBuf,
}

impl Workers {
    /// Looks in `folder`, if one is given, and nowhere else then.
    pub(crate) fn find(folder: Option<&Path>) -> Result<Workers, Error> {
        let folders = match folder {
            Some(folder) => vec![folder.to_owned()],
            None => usual_folders(),
        };
        let find = |name: &'static str| {
            folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file()).ok_or_else(|| {
                let looked: Vec<_> = folders.iter().map(|folder| folder.display().to_string()).collect();
                Error::WorkerNotFound { name, looked_in: looked.join(", ") }
            })
        };
        Ok(Workers {
            run: find("crunchbox-worker")?,
            compile: find("crunchbox-compiler")?,
            tables: find("crunchbox-tables")?,
        })
    }
}

/// `$CRUNCHBOX_WORKERS` alone if it is set; else beside the program, and where a package puts what isn't for a
/// user's own hands.
fn usual_folders() -> Vec<PathBuf> {
    if let Some(folder) = std::env::var_os(ENVIRONMENT) {
        return vec![folder.into()];
    }
    let Ok(program) = std::env::current_exe() else { return Vec::new() };
    let Some(folder) = program.parent() else { return Vec::new() };
    let mut folders = vec![folder.to_owned()];
    folders.extend(folder.parent().map(|parent| parent.join("libexec/crunchbox")));
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_them_is_named_with_the_mend() {
        let folder = tempfile::tempdir().unwrap();
        let error = Workers::find(Some(folder.path())).unwrap_err().to_string();
        assert!(error.contains("crunchbox-worker") && error.contains(&folder.path().display().to_string()));
        assert!(error.contains("cargo xtask build"));
    }

    #[test]
    fn all_three_are_found() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["crunchbox-worker", "crunchbox-compiler", "crunchbox-tables"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(
            Workers::find(Some(folder.path())).unwrap().tables,
            folder.path().join("crunchbox-tables")
        );
    }
}
