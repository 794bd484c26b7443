//! A caller's own Arrow file as a step's input: where it is built as inputs are it is not written anew, but has a second name for
//! as long as the call lasts.
//!
//! Other than a copy it changes for the step if somebody writes in it meanwhile. That is the step's harm alone: it is behind its
//! walls whatever it reads, and what it makes is judged in any case. If the file is cut off, the step's worker is killed. Where several
//! workers are shown it, each may find another state of it then, and the table be one of both: who hands over a file leaves it alone.

use std::fs::{File, Metadata};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crunchbox_jail::{Layer, worker_id};
use crunchbox_protocol::{FileFormat, TableReport};
use rustix::fs::{AtFlags, CWD, fstatfs, linkat};

use crate::Error;
use crate::call::{Call, Stop};
use crate::scratch::RunDir;
use crate::tables::{self, Judged, Part, TableSource, TableTask};

/// A smaller file is written anew before it would be judged and linked.
const LARGE_BYTES: u64 = 4 << 20;

/// What Linux calls overlayfs: there a second name for a file of a lower layer costs a copy of all of it.
const OVERLAYFS: i64 = 0x794c_7630;

/// A caller's file that was judged in full, and is built as inputs are: it may be shown to several steps as it is.
pub(crate) struct Lent {
    file: File,
    table: TableReport,
}

impl Call<'_> {
    /// Judges the very file that a caller named, of which a look has told that it is built as inputs are, if the rooms of steps may have it as
    /// it is; `None` if it has to be written anew.
    pub(crate) fn fit_to_lend(&mut self, source: TableSource<'_>) -> Result<Option<Lent>, Stop> {
        let (file, format) = source.open()?;
        let metadata = file.metadata().map_err(Error::io("look at", source.path))?;
        // A second name has to be on the same file system.
        if source.table.is_some()
            || !is_fit(&file, format, &metadata)
            || !self.engine.workers.are_rooms_on(&metadata)?
        {
            return Ok(None);
        }
        let task = TableTask::judge(&file, format);
        Ok(match tables::run(self.engine, &task, &self.limits, self.control)? {
            Judged::Good(table) if table.plain => Some(Lent { file, table }),
            _ => None,
        })
    }

    /// Puts the very file that a caller named among the inputs, if it is a good one, as far as it is wanted, built as inputs are, and
    /// nothing speaks against it; `None` if it has to be written anew. Gives its length in bytes too.
    pub(crate) fn lend(
        &mut self,
        room: &RunDir,
        source: TableSource<'_>,
        part: &Part,
        name: &str,
    ) -> Result<Option<(TableReport, u64)>, Stop> {
        // A worker may be the user whose file this is: what keeps it from writing is that it sees the room mounted read-only.
        if source.table.is_some() || !self.layers.on.contains(&Layer::MountNamespace) {
            return Ok(None);
        }
        if let Some(Lent { file, table }) = source.lent {
            let bytes = file.metadata().map_err(Error::io("look at", source.path))?.len();
            let linked = room.link_input(name, |path| link(file, path));
            return Ok(linked.is_ok().then(|| (table.clone(), bytes)));
        }
        let (file, format) = source.open()?;
        let metadata = file.metadata().map_err(Error::io("look at", source.path))?;
        // Where there are parts a look has told already.
        if !is_fit(&file, format, &metadata) || part.is_all() && !self.look(source, &Part::default())?.plain {
            return Ok(None);
        }
        // The folder of rooms may be on another file system, and not every one gives second names.
        if room.link_input(name, |path| link(&file, path)).is_err() {
            return Ok(None);
        }
        let task = TableTask { part: part.clone(), ..TableTask::judge(&file, format) };
        match tables::run(self.engine, &task, &self.limits, self.control)? {
            Judged::Good(table) if table.plain => Ok(Some((table, metadata.len()))),
            // Much can be mended by writing it anew, and what can't is told then.
            _ => {
                room.remove_input(name)?;
                Ok(None)
            }
        }
    }
}

/// Whether a file of this format can be lent, as far as one can tell without looking into it.
fn is_fit(file: &File, format: FileFormat, metadata: &Metadata) -> bool {
    format == FileFormat::Arrow
        && metadata.len() >= LARGE_BYTES
        && can_workers_read(metadata)
        && !is_layered(file)
}

/// Whether everybody may read it, or its owner, who is the worker too.
fn can_workers_read(metadata: &Metadata) -> bool {
    let is_own = worker_id().is_none() && metadata.uid() == rustix::process::geteuid().as_raw();
    let needed = if is_own { 0o400 } else { 0o004 };
    metadata.mode() & needed != 0
}

fn is_layered(file: &File) -> bool {
    fstatfs(file).map_or(true, |found| found.f_type == OVERLAYFS)
}

/// Gives an open file a name, whatever has become of the one that it was opened by.
fn link(file: &File, path: &Path) -> io::Result<()> {
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, open, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_keeps_its_second_name_when_the_first_is_another_files() {
        let folder = tempfile::tempdir().unwrap();
        let [path, second] = ["first", "second"].map(|name| folder.path().join(name));
        fs::write(&path, "a table").unwrap();
        let file = File::open(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert!(link(&file, &second).is_err(), "it has gone");
        fs::write(&path, "a table").unwrap();
        let file = File::open(&path).unwrap();
        fs::rename(&path, folder.path().join("moved")).unwrap();
        fs::write(&path, "another").unwrap();
        link(&file, &second).unwrap();
        assert_eq!(fs::read(&second).unwrap(), b"a table");
    }

    #[test]
    fn what_a_worker_could_not_open_is_not_lent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "a table").unwrap();
        for (mode, is_lent) in [(0o644, true), (0o600, worker_id().is_none()), (0o040, false)] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert_eq!(can_workers_read(&fs::metadata(&path).unwrap()), is_lent, "{mode:o}");
        }
    }
}
