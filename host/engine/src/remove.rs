//! Removing a folder that a step wrote in: however deep it is, whatever it is made of.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Removes a folder with all that is in it. Links are removed, not followed.
///
/// A step can nest folders deeper than there are descriptors or names are long, which breaks removal by recursion.
/// So each folder that is found one level down and isn't empty is first moved up: nothing is ever deeper than two.
pub(crate) fn remove_all(folder: &Path) -> io::Result<()> {
    let mut moved: u64 = 0;
    loop {
        match fs::remove_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            other => return other,
        }
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if is_folder(&path)? {
                empty_into(&path, folder, &mut moved)?;
                fs::remove_dir(&path)?;
            } else {
                fs::remove_file(&path)?;
            }
        }
    }
}

/// Empties `inner`, which is in `outer`: what is not removed at once is put there.
fn empty_into(inner: &Path, outer: &Path, moved: &mut u64) -> io::Result<()> {
    let entries = match fs::read_dir(inner) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            fs::set_permissions(inner, fs::Permissions::from_mode(0o700))?;
            fs::read_dir(inner)?
        }
        other => other?,
    };
    for entry in entries {
        let path = entry?.path();
        if !is_folder(&path)? {
            fs::remove_file(&path)?;
        } else if fs::remove_dir(&path).is_err() {
            loop {
                let free = outer.join(format!("moved-{moved}"));
                *moved += 1;
                match fs::rename(&path, free) {
                    Ok(()) => break,
                    // The step has used this name.
                    Err(error)
                        if matches!(
                            error.kind(),
                            io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::NotADirectory
                        ) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
    Ok(())
}

fn is_folder(path: &Path) -> io::Result<bool> {
    Ok(fs::symlink_metadata(path)?.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};

    #[test]
    fn folders_deeper_than_any_name_is_long_are_removed() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("deep");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("moved-0"), "in the way").unwrap();
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut inner = openat(CWD, &folder, flags, Mode::empty()).unwrap();
        for _ in 0..3000 {
            mkdirat(&inner, "d", Mode::RWXU).unwrap();
            mkdirat(&inner, "e", Mode::RWXU).unwrap();
            inner = openat(&inner, "d", flags, Mode::empty()).unwrap();
        }
        drop(inner);
        remove_all(&folder).unwrap();
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_links_lead_to_stays() {
        let scratch = tempfile::tempdir().unwrap();
        let (folder, kept) = (scratch.path().join("folder"), scratch.path().join("kept"));
        fs::create_dir_all(folder.join("inner")).unwrap();
        fs::create_dir(&kept).unwrap();
        fs::write(kept.join("file"), "still here").unwrap();
        std::os::unix::fs::symlink(&kept, folder.join("link")).unwrap();
        std::os::unix::fs::symlink(&kept, folder.join("inner/link")).unwrap();
        remove_all(&folder).unwrap();
        assert_eq!(fs::read_to_string(kept.join("file")).unwrap(), "still here");
        assert!(!folder.exists());
    }

    #[test]
    fn a_folder_that_was_locked_is_removed() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("folder");
        fs::create_dir_all(folder.join("locked/inner")).unwrap();
        fs::set_permissions(folder.join("locked"), fs::Permissions::from_mode(0o000)).unwrap();
        remove_all(&folder).unwrap();
        assert!(!folder.exists());
    }
}
