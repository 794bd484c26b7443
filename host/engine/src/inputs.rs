//! What a step is given, brought into its room: tables as uncompressed Arrow, files as they are.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crunchbox_params::uploaded_filename;
use crunchbox_protocol::{FetchResult, FileFormat, TableReport, UploadedFile};

use crate::call::{Call, Stop};
use crate::copy::copy;
use crate::request::{Fetched, FileInput, TabInput};
use crate::scratch::RunDir;
use crate::tables::{self, Judged, Part, TableSource, TableTask};
use crate::{Error, Stage, Verdict};

/// The name that a step finds its main table under.
pub(crate) const INPUT: &str = "input.arrow";

/// The name that a step finds what its last fetch left under.
const FETCHED: &str = "fetched";

/// Files by their UUIDs.
pub(crate) type Uploads = BTreeMap<String, UploadedFile>;

/// The tables that a step gets, as the workers that converted them saw them.
#[derive(Default)]
pub(crate) struct InputTables {
    pub(crate) main: Option<TableReport>,
    /// The rows of the main table's file that are meant, if it has others too.
    pub(crate) main_rows: Option<Range<u64>>,
    pub(crate) tabs: Vec<TabTable>,
}

/// A table that is in the room.
pub(crate) struct Brought {
    pub(crate) table: TableReport,
    /// It has all of its rows and columns there, whatever was wanted.
    pub(crate) is_whole: bool,
}

/// Another tab's table.
pub(crate) struct TabTable {
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) filename: String,
    pub(crate) table: TableReport,
}

impl Call<'_> {
    /// Brings tables into the room, as uncompressed Arrow by way of a jailed worker each.
    pub(crate) fn bring_tables(
        &mut self,
        room: &RunDir,
        main: Option<TableSource<'_>>,
        part: Part,
        tabs: &[TabInput],
    ) -> Result<InputTables, Stop> {
        let mut tables = InputTables::default();
        if let Some(source) = main {
            let rows = part.rows.clone();
            let Brought { table, is_whole } =
                self.bring_table(room, source, FileFormat::Arrow, part, INPUT)?;
            tables.main = Some(table);
            tables.main_rows = rows.filter(|_| is_whole);
        }
        for (index, tab) in tabs.iter().enumerate() {
            let name = format!("tab-{index}.arrow");
            let source = TableSource::of(&tab.table);
            let Brought { table, .. } =
                self.bring_table(room, source, FileFormat::Arrow, Part::default(), &name)?;
            let (slug, tab_name) = (tab.slug.clone(), tab.name.clone());
            tables.tabs.push(TabTable { slug, name: tab_name, filename: name, table });
        }
        Ok(tables)
    }

    /// Brings files into the room that params name by their UUIDs.
    pub(crate) fn bring_files(&mut self, room: &RunDir, files: &[FileInput]) -> Result<Uploads, Stop> {
        let mut uploads = Uploads::new();
        for file in files {
            let filename = uploaded_filename(&file.uuid, &file.name);
            let modified = self.bring_file(room, &file.path, &filename)?;
            let uploaded_at_timestampus =
                modified.mtime().saturating_mul(1_000_000).saturating_add(modified.mtime_nsec() / 1_000);
            let uploaded = UploadedFile { name: file.name.clone(), filename, uploaded_at_timestampus };
            uploads.insert(file.uuid.clone(), uploaded);
        }
        Ok(uploads)
    }

    /// Brings what a fetch left into the room.
    pub(crate) fn bring_fetched(&mut self, room: &RunDir, fetched: &Fetched) -> Result<FetchResult, Stop> {
        if let Some(path) = &fetched.path {
            self.bring_file(room, path, FETCHED)?;
        } else {
            room.create_input(FETCHED)?;
        }
        Ok(FetchResult { filename: FETCHED.to_owned(), errors: fetched.errors.clone() })
    }

    /// Brings one file into the room, as it is.
    pub(crate) fn bring_file(&mut self, room: &RunDir, path: &Path, name: &str) -> Result<Metadata, Stop> {
        let source = File::open(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => {
                Error::InvalidRequest { what: format!("there is no file {}: name another", path.display()) }
            }
            _ => Error::io("open", path)(source),
        })?;
        let target = room.create_input(name)?;
        let bytes = copy(&source, &target).map_err(Error::io("copy", path))?;
        self.usage.bytes_in += bytes;
        self.usage.bytes_copied += bytes;
        Ok(source.metadata().map_err(Error::io("look at", path))?)
    }

    /// Brings one table into the room, or a part of it, in this format: the very file, if it may be.
    pub(crate) fn bring_table(
        &mut self,
        room: &RunDir,
        source: TableSource<'_>,
        into: FileFormat,
        part: Part,
        name: &str,
    ) -> Result<Brought, Stop> {
        let may_be_shown = into == FileFormat::Arrow && part.may_be_shown_whole();
        let shown = if may_be_shown { self.show_as_it_is(room, source, &part, name)? } else { None };
        let is_whole = shown.is_some();
        let (table, bytes) = match shown {
            Some((table, bytes)) => (table, part.share_of(bytes)),
            None => {
                let file = room.create_input(name)?;
                (self.convert(source, into, part, &file)?, length(&file, source.path)?)
            }
        };
        self.usage.bytes_in += bytes;
        self.usage.rows_in += table.rows;
        Ok(Brought { table, is_whole })
    }

    /// Puts the very file of a table among the inputs, if that may be. Gives its length in bytes too.
    fn show_as_it_is(
        &mut self,
        room: &RunDir,
        source: TableSource<'_>,
        part: &Part,
        name: &str,
    ) -> Result<Option<(TableReport, u64)>, Stop> {
        let strongroom = self.engine.workers.strongroom();
        match source.as_it_is(self.engine, &self.limits) {
            // Not every file system gives second names.
            Some((table, sealed)) if room.link_input(name, |path| sealed.link(strongroom, path)).is_ok() => {
                let mut info = table.info().clone();
                info.rows = part.rows.as_ref().map_or(info.rows, |rows| rows.end - rows.start);
                Ok(Some((info, table.bytes().map_err(Error::io("look at", source.path))?)))
            }
            _ => self.lend(room, source, part, name),
        }
    }

    /// Writes one table, or a part of it, in this format.
    pub(crate) fn convert(
        &mut self,
        source: TableSource<'_>,
        into: FileFormat,
        part: Part,
        output: &File,
    ) -> Result<TableReport, Stop> {
        self.control.enter(Stage::ReadingInput);
        let (file, format) = source.open()?;
        let task = TableTask { convert_to: Some((into, output)), part, ..TableTask::judge(&file, format) };
        let table = good(source.path, tables::run(self.engine, &task, &self.limits, self.control)?)?;
        self.usage.bytes_copied += length(output, source.path)?;
        Ok(table)
    }

    /// The columns of a table, or of a part of it, and how many rows its file says that it has.
    pub(crate) fn look(&mut self, source: TableSource<'_>, part: &Part) -> Result<TableReport, Stop> {
        self.control.enter(Stage::ReadingInput);
        let (file, format) = source.open()?;
        let task = TableTask { part: part.clone(), ..TableTask::judge(&file, format) };
        good(source.path, tables::look(self.engine, &task, &self.limits, self.control)?)
    }
}

/// How many bytes a file has.
fn length(file: &File, path: &Path) -> Result<u64, Error> {
    Ok(file.metadata().map_err(Error::io("look at", path))?.len())
}

/// A caller's table, if it is a good one.
fn good(path: &Path, judged: Judged) -> Result<TableReport, Stop> {
    let reason = match judged {
        Judged::Good(table) => return Ok(table),
        Judged::Bad { detail, column: Some(column), .. } => format!("column {column:?}: {detail}"),
        Judged::Bad { detail, column: None, .. } => detail,
        Judged::Unfinished(verdict @ Verdict::Cancelled) => return Err(verdict.into()),
        Judged::Unfinished(verdict) => format!("reading it did not end well: {verdict}"),
    };
    Err(Error::InvalidInput { path: path.to_owned(), reason }.into())
}
