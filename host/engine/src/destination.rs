//! Where a result goes that the caller wants written.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crunchbox_protocol::FileFormat;
use tempfile::NamedTempFile;

use crate::draft;
use crate::tables::{self, Judged, TableTask};
use crate::{Control, Engine, Error, Limits, OutputTable, Verdict};

/// Where a table goes that the caller wants written, checked before anything runs.
pub(crate) struct Destination {
    path: PathBuf,
    draft: NamedTempFile,
}

impl Destination {
    /// Makes a file beside `path`, which later takes its name.
    pub(crate) fn prepare(path: &Path) -> Result<Destination, Error> {
        // What a link leads to is replaced, not the link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if let Ok(there) = fs::metadata(&path)
            && !there.is_file()
        {
            let what = format!("{} is there and is no plain file: name another output", path.display());
            return Err(Error::InvalidRequest { what });
        }
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        let draft = draft::beside(&folder.join(path.file_name().unwrap_or_default()), 0o666)
            .map_err(|error| Destination::unwritable(&path, &folder, error))?;
        Ok(Destination { path, draft })
    }

    /// What there is to say where no file can be made: most often it is the caller's to mend.
    fn unwritable(path: &Path, folder: &Path, error: std::io::Error) -> Error {
        use std::io::ErrorKind;
        let reason = match error.kind() {
            ErrorKind::NotFound => "there is no such folder; make it first, or name another output",
            ErrorKind::NotADirectory => "that is no folder; name another output",
            ErrorKind::PermissionDenied => "it can't be written in; name another output",
            ErrorKind::ReadOnlyFilesystem => "it is on a read-only file system; name another output",
            _ => return Error::Io { action: "create the output in", path: folder.to_owned(), source: error },
        };
        let what = format!("can't write {} in {}: {reason}", path.display(), folder.display());
        Error::InvalidRequest { what }
    }

    /// Writes the table in this format and puts it in its place. On any failure what was there before stays.
    pub(crate) fn write_table(
        self,
        format: FileFormat,
        engine: &Engine,
        table: &OutputTable,
        limits: &Limits,
        control: Control<'_>,
    ) -> Result<Result<(), Verdict>, Error> {
        if format == FileFormat::Arrow {
            table.copy_to(self.draft.as_file()).map_err(Error::io("write", &self.path))?;
            return self.keep().map(Ok);
        }
        let source = table.file()?;
        let convert_to = Some((format, self.draft.as_file()));
        let task = TableTask { convert_to, ..TableTask::judge(&source, FileFormat::Arrow) };
        match tables::run(engine, &task, limits, control)? {
            Judged::Good(_) => self.keep().map(Ok),
            Judged::Unfinished(Verdict::Cancelled) => Ok(Err(Verdict::Cancelled)),
            Judged::Bad { check, column, detail } => {
                let detail = format!("as {}: {detail}", format.extension());
                Ok(Err(Verdict::BadTable { check, column, detail }))
            }
            Judged::Unfinished(verdict) => {
                Err(Error::WorkerFailed { role: "table", reason: format!("while writing: {verdict}") })
            }
        }
    }

    /// Writes the bytes of a file and puts them in their place. On any failure what was there before stays.
    pub(crate) fn write_file(self, mut source: &File) -> Result<(), Error> {
        std::io::copy(&mut source, &mut self.draft.as_file()).map_err(Error::io("write", &self.path))?;
        self.keep()
    }

    /// Writes bytes and puts them in their place. On any failure what was there before stays.
    pub(crate) fn write_bytes(self, bytes: &[u8]) -> Result<(), Error> {
        self.draft.as_file().write_all(bytes).map_err(Error::io("write", &self.path))?;
        self.keep()
    }

    /// The file that is to be written to.
    pub(crate) fn file(&self) -> &File {
        self.draft.as_file()
    }

    /// Gives the written file its name.
    pub(crate) fn keep(self) -> Result<(), Error> {
        self.draft.as_file().sync_data().map_err(Error::io("write", &self.path))?;
        self.draft.persist(&self.path).map_err(|error| Error::io("replace", &self.path)(error.error))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_that_is_no_plain_file_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dir.arrow");
        fs::create_dir(&path).unwrap();
        assert!(matches!(Destination::prepare(&path), Err(Error::InvalidRequest { .. })));
        assert!(matches!(
            Destination::prepare(Path::new("/nowhere/x.arrow")),
            Err(Error::InvalidRequest { .. })
        ));
    }

    #[test]
    fn an_output_that_is_given_up_leaves_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        fs::write(&path, "old").unwrap();
        drop(Destination::prepare(&path).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
