//! Foreign tables, by way of a jailed worker: the engine itself never reads one.

use std::collections::BTreeSet;
use std::fs::File;
use std::ops::Range;
use std::os::fd::AsFd;
use std::path::Path;

use crunchbox_protocol::{End, FileFormat, Job, Place, Report, Role, TableJob, TableReport};

use crate::call::Stop;
use crate::collect::{Assignment, collect};
use crate::destination::Destination;
use crate::judge;
use crate::lend::Lent;
use crate::request::TableInput;
use crate::sealed::Sealed;
use crate::{Control, Engine, Error, Limits, OutputTable, Verdict};

/// A table, and what is to be done with it.
pub(crate) struct TableTask<'a> {
    pub(crate) file: &'a File,
    pub(crate) format: FileFormat,
    pub(crate) convert_to: Option<(FileFormat, &'a File)>,
    /// What of it is wanted.
    pub(crate) part: Part,
    pub(crate) preview_rows: u64,
}

impl<'a> TableTask<'a> {
    /// To judge all of a table.
    pub(crate) fn judge(file: &'a File, format: FileFormat) -> Self {
        TableTask { file, format, convert_to: None, part: Part::default(), preview_rows: 0 }
    }
}

/// Some of a table's rows and columns, `None` for all, and how they are wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    pub(crate) rows: Option<Range<u64>>,
    /// How many rows there are in all, if a step may be shown those too and be told which are wanted.
    pub(crate) out_of: Option<u64>,
    /// Which of how many parts by key is asked for, if one is: the step is shown all rows.
    pub(crate) by_key: Option<(u32, u32)>,
    pub(crate) columns: Option<BTreeSet<String>>,
    /// Whether text of few values may come as a dictionary and numbers.
    pub(crate) dictionaries: bool,
}

impl Part {
    /// Whether that is the whole table.
    pub(crate) fn is_all(&self) -> bool {
        self.rows.is_none() && self.columns.is_none()
    }

    /// Whether a step may be shown the whole table for it.
    pub(crate) fn may_be_shown_whole(&self) -> bool {
        self.columns.is_none() && (self.rows.is_none() || self.out_of.is_some())
    }

    /// What of so many bytes of the whole table is this part's. Parts that make up the table make up its bytes.
    pub(crate) fn share_of(&self, bytes: u64) -> u64 {
        let (Some(rows), Some(all)) = (&self.rows, self.out_of) else { return bytes };
        let before = |row: u64| u128::from(bytes) * u128::from(row.min(all)) / u128::from(all.max(1));
        u64::try_from(before(rows.end) - before(rows.start)).unwrap_or(bytes)
    }
}

/// What came of it.
pub(crate) enum Judged<T = TableReport> {
    Good(T),
    Bad {
        check: String,
        column: Option<String>,
        detail: String,
    },
    /// The worker did not get to the end.
    Unfinished(Verdict),
}

/// The format that a file's name tells.
pub(crate) fn format_of(path: &Path) -> Result<FileFormat, Error> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned());
    extension.as_deref().and_then(FileFormat::from_extension).ok_or_else(|| {
        let known: Vec<_> = FileFormat::ALL.iter().map(|(extension, _)| format!(".{extension}")).collect();
        let what =
            format!("{}: tables are told by their names' endings: {}", path.display(), known.join(", "));
        Error::InvalidRequest { what }
    })
}

/// What the table of another call is called where a file's name would be.
const OF_ANOTHER_CALL: &str = "a table of another call";

/// A table that a caller named.
#[derive(Clone, Copy)]
pub(crate) struct TableSource<'a> {
    pub(crate) path: &'a Path,
    /// What another call gave, or what was made of the file.
    pub(crate) table: Option<&'a OutputTable>,
    /// The file itself, if it was found fit to be shown as it is.
    pub(crate) lent: Option<&'a Lent>,
}

impl<'a> TableSource<'a> {
    /// As the caller named it.
    pub(crate) fn of(input: &'a TableInput) -> Self {
        match input {
            TableInput::File(path) => TableSource { path, table: None, lent: None },
            TableInput::Table(table) => {
                TableSource { path: Path::new(OF_ANOTHER_CALL), table: Some(table), lent: None }
            }
        }
    }

    /// The same after this table was made of it.
    pub(crate) fn made_into(self, table: &'a OutputTable) -> Self {
        TableSource { table: Some(table), ..self }
    }

    /// The same after its file was found fit to be shown as it is.
    pub(crate) fn found_fit(self, lent: &'a Lent) -> Self {
        TableSource { lent: Some(lent), ..self }
    }

    /// Our own table, if a step of this engine may be shown it as it is.
    pub(crate) fn as_it_is(self, engine: &Engine, limits: &Limits) -> Option<(&'a OutputTable, &'a Sealed)> {
        let table = self.table?;
        Some((table, table.as_input(engine.workers.strongroom(), limits)?))
    }

    /// The file that is to be read.
    pub(crate) fn open(self) -> Result<(File, FileFormat), Error> {
        let Some(table) = self.table else {
            let format = format_of(self.path)?;
            return Ok((open_input(self.path)?, format));
        };
        let file = table.held().and_then(File::try_clone);
        Ok((file.map_err(Error::io("open", self.path))?, FileFormat::Arrow))
    }

    /// Whether it pays to look at the table before it is read: its file has so many bytes, and any of its rows can be read alone.
    pub(crate) fn is_worth_a_look(self, at_least_bytes: u64) -> Result<bool, Error> {
        let (file, format) = self.open()?;
        let in_parts = match format {
            FileFormat::Arrow | FileFormat::Parquet => true,
            FileFormat::Csv => false,
        };
        Ok(in_parts && file.metadata().map_err(Error::io("look at", self.path))?.len() >= at_least_bytes)
    }
}

/// Opens a file that a caller named as a table.
pub(crate) fn open_input(path: &Path) -> Result<File, Error> {
    let invalid = |reason: &str| Error::InvalidInput { path: path.to_owned(), reason: reason.to_owned() };
    let file = File::open(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => invalid("no such file"),
        std::io::ErrorKind::PermissionDenied => invalid("permission denied"),
        _ => Error::Io { action: "open", path: path.to_owned(), source },
    })?;
    let metadata = file.metadata().map_err(Error::io("look at", path))?;
    if !metadata.is_file() {
        return Err(invalid("it is not a plain file"));
    }
    if metadata.len() == 0 {
        return Err(invalid("it is empty"));
    }
    Ok(file)
}

/// Has a worker judge a table, and convert it if asked to.
pub(crate) fn run(
    engine: &Engine,
    task: &TableTask<'_>,
    limits: &Limits,
    control: Control<'_>,
) -> Result<Judged, Error> {
    let mut files = vec![task.file];
    files.extend(task.convert_to.map(|(_, file)| file));
    work(engine, Role::Table(job(task, limits)), &files, limits, control, |report| report.table)
}

/// Has a worker tell what columns and how many rows a table has, by what its file says of itself.
pub(crate) fn look(
    engine: &Engine,
    task: &TableTask<'_>,
    limits: &Limits,
    control: Control<'_>,
) -> Result<Judged, Error> {
    work(engine, Role::Look(job(task, limits)), &[task.file], limits, control, |report| report.table)
}

fn job(task: &TableTask<'_>, limits: &Limits) -> TableJob {
    TableJob {
        format: task.format,
        convert_to: task.convert_to.map(|(format, _)| format),
        profile: limits.profile(),
        limits: limits.table(),
        columns: task.part.columns.clone(),
        rows: task.part.rows.clone(),
        dictionaries: task.part.dictionaries,
        preview_rows: task.preview_rows,
    }
}

/// Has a worker make room for a table that was judged, behind those that there is room for.
pub(crate) fn place(
    engine: &Engine,
    table: &File,
    frame: &File,
    limits: &Limits,
    control: Control<'_>,
) -> Result<Place, Stop> {
    let found = |report: Report| report.place;
    match work(engine, Role::Place(limits.table()), &[table, frame], limits, control, found)? {
        Judged::Good(place) => Ok(place),
        Judged::Bad { check, column, detail } => Err(Verdict::BadTable { check, column, detail }.into()),
        Judged::Unfinished(verdict) => Err(verdict.into()),
    }
}

/// Has a worker put the rows of several tables in order, each of which has its order behind it in `files`; the last is an empty one,
/// for the result.
pub(crate) fn merge(
    engine: &Engine,
    task: &TableTask<'_>,
    files: &[&File],
    limits: &Limits,
    control: Control<'_>,
) -> Result<Judged, Error> {
    work(engine, Role::Merge(job(task, limits)), files, limits, control, |report| report.table)
}

fn work<T>(
    engine: &Engine,
    role: Role,
    files: &[&File],
    limits: &Limits,
    control: Control<'_>,
    found: fn(Report) -> Option<T>,
) -> Result<Judged<T>, Error> {
    // What a table may come to, the table limits say.
    let job = Job::new(role, limits.worker_memory_bytes, limits.wall_time, u64::MAX);
    let caps = Report::caps(limits.stdout_bytes);
    let workers = &engine.workers;
    let child = match workers.hire(&workers.tables, control.cancel)? {
        Ok(hired) => hired.child,
        Err(verdict) => return Ok(Judged::Unfinished(verdict)),
    };
    let collected = collect(Assignment {
        child,
        job: job.to_bytes(&[]),
        files: files.iter().map(AsFd::as_fd).collect(),
        report_limit: caps.message_bytes,
        log_limit: 4 << 10,
        wall_time: limits.wall_time,
        cancel: control.cancel,
        watch: None,
        memory_bytes: limits.worker_memory_bytes,
        meanwhile: &|| workers.keep_ready(&workers.tables),
    })?;
    Ok(match judge::report("table", &collected, &caps, limits.wall_time)? {
        Err(verdict) => Judged::Unfinished(verdict),
        Ok(Report { end: End::BadTable, check, column, detail, .. }) => {
            Judged::Bad { check: check.unwrap_or_else(|| "table".to_owned()), column, detail }
        }
        Ok(report) => match (report.end, found(report)) {
            (End::Done, Some(found)) => Judged::Good(found),
            _ => Judged::Unfinished(senseless()),
        },
    })
}

/// What to say of a worker that tells what can't be.
pub(crate) fn senseless() -> Verdict {
    Verdict::BadMessage { reason: "the table worker's report makes no sense for a table".to_owned() }
}

impl Engine {
    /// Looks at a table without any step: judges it by the limits' profile, shows its first `preview_rows` rows,
    /// and writes it to `convert_to` if that is given. The inner error is what is wrong with the table:
    /// `bad-table`, or `time`, `killed`, `cancelled` if the worker did not get to the end.
    ///
    /// # Errors
    /// What is not the table's fault, or no table's: a file that can't be read, an output that can't be written.
    pub fn table(
        &self,
        path: &Path,
        convert_to: Option<&Path>,
        preview_rows: u64,
        limits: &Limits,
        control: Control<'_>,
    ) -> Result<Result<TableReport, Verdict>, Error> {
        limits.check()?;
        let format = format_of(path)?;
        let file = open_input(path)?;
        let convert_to = match convert_to {
            Some(path) => Some((format_of(path)?, Destination::prepare(path)?)),
            None => None,
        };
        let (to, destination) = convert_to.unzip();
        let convert_to = to.zip(destination.as_ref().map(Destination::file));
        let task = TableTask { convert_to, preview_rows, ..TableTask::judge(&file, format) };
        match run(self, &task, limits, control)? {
            Judged::Good(table) => {
                destination.map_or(Ok(()), Destination::keep)?;
                Ok(Ok(table))
            }
            Judged::Bad { check, column, detail } => Ok(Err(Verdict::BadTable { check, column, detail })),
            Judged::Unfinished(verdict) => Ok(Err(verdict)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_go_by_the_ending() {
        assert_eq!(format_of(Path::new("a/b.Parquet")).unwrap(), FileFormat::Parquet);
        let error = format_of(Path::new("b.xlsx")).unwrap_err().to_string();
        assert!(error.contains("b.xlsx") && error.contains(".arrow, .feather, .parquet, .csv"), "{error}");
        format_of(Path::new("parquet")).unwrap_err();
    }

    #[test]
    fn shares_of_parts_are_all_bytes() {
        let share = |rows| Part { rows: Some(rows), out_of: Some(10), ..Part::default() }.share_of(1003);
        assert_eq!(share(0..10), 1003);
        assert_eq!([0..3, 3..3, 3..7, 7..10].map(share).into_iter().sum::<u64>(), 1003);
        assert_eq!(share(5..99), share(5..10));
        assert_eq!(Part::default().share_of(1003), 1003);
    }

    #[test]
    fn what_is_no_plain_file_is_refused() {
        for (path, reason) in [("/nowhere.csv", "no such file"), ("/dev", "not a plain file")] {
            let error = open_input(Path::new(path)).unwrap_err().to_string();
            assert!(error.contains(path) && error.contains(reason), "{error}");
        }
    }
}
