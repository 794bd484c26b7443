//! The table role: judge or convert one file of somebody else's making.

use std::fs::File;

use anyhow::Context;
use bytes::Bytes;
use crunchbox_jail::map_file;
use crunchbox_protocol::{ColumnReport, End, FileFormat, Report, Role, TableJob, TableReport};
use crunchbox_table::{
    Buffer, ConvertOptions, Input, Release, TableError, TableInfo, check, convert, look, merge, place,
    preview, validate_rows,
};

use crate::serve::Task;

/// Judges the table that came as the first file; converts it into the second, or makes room for it there, or puts it in order with others
/// in the last, if the job says so.
///
/// # Errors
/// What is not the table's fault: a job that isn't this role's, a file that can't be mapped or written.
pub fn work(task: Task) -> anyhow::Result<Report> {
    crunchbox_jail::keep_freed_memory();
    match task.role {
        Role::Table(job) => table(&job, task.files),
        Role::Look(job) => {
            let [table] = Task::exactly(task.files)?;
            let info = look(input(&table, job.format)?, job.format, &options(&job));
            told(info.map(|info| report(info, Vec::new())), of_table)
        }
        Role::Place(limits) => {
            let [table, frame] = Task::exactly(task.files)?;
            let placed = place(&map(&table)?, map(&frame)?, &frame, &limits);
            told(placed, |report, place| report.place = Some(place))
        }
        Role::Merge(job) => {
            let mut files = task.files;
            let output = files.pop().context("there is no file for the result")?;
            let (parts, rest) = files.as_chunks();
            anyhow::ensure!(rest.is_empty(), "a table has no order");
            let parts = parts.iter().map(|[table, order]| Ok((map(table)?, map(order)?)));
            let parts = parts.collect::<anyhow::Result<Vec<_>>>()?;
            let merged = merge(&parts, output, job.profile, &job.limits);
            told(merged.map(|info| report(info, Vec::new())), of_table)
        }
        _ => anyhow::bail!("this worker judges tables, it does nothing else"),
    }
}

fn table(job: &TableJob, files: Vec<File>) -> anyhow::Result<Report> {
    let (table, target) = match job.convert_to {
        None => {
            let [table] = Task::exactly(files)?;
            (table, None)
        }
        Some(format) => {
            let [table, output] = Task::exactly(files)?;
            (table, Some((format, output)))
        }
    };
    let options = options(job);
    let input = || input(&table, job.format);
    let judged = match target {
        Some((format, output)) => convert(input()?, job.format, format, output, &options),
        None if job.format == FileFormat::Arrow => {
            validate_rows(&map(&table)?, job.rows.as_ref(), job.profile, &job.limits)
        }
        None => check(input()?, job.format, &options),
    };
    let rows = usize::try_from(job.preview_rows).unwrap_or(usize::MAX);
    let shown = match &judged {
        Ok(_) if rows > 0 => preview(input()?, job.format, rows, &job.limits).map(|preview| preview.rows),
        _ => Ok(Vec::new()),
    };
    told(judged.and_then(|info| Ok(report(info, shown?))), of_table)
}

fn of_table(report: &mut Report, table: TableReport) {
    report.table = Some(table);
}

/// What there is to report; `say` puts it in its place.
fn told<T>(result: Result<T, TableError>, say: impl FnOnce(&mut Report, T)) -> anyhow::Result<Report> {
    match result {
        Ok(found) => {
            let mut report = Report::new(End::Done, "");
            say(&mut report, found);
            Ok(report)
        }
        Err(error) if error.is_input_output() => anyhow::bail!("{error}"),
        Err(error) => {
            let mut report = Report::new(End::BadTable, error.detail());
            report.check = Some(error.check().to_string());
            report.column = error.column().map(str::to_owned);
            Ok(report)
        }
    }
}

fn map(file: &File) -> anyhow::Result<Buffer> {
    let mapped = map_file(file).context("can't map the table")?;
    Ok(Buffer::from(Bytes::from_owner(mapped)))
}

/// A table's bytes. What is read from its beginning to its end need not be in memory, what is read here and there is mapped.
fn input(file: &File, format: FileFormat) -> anyhow::Result<Input> {
    if format == FileFormat::Csv {
        return Ok(Input::File(file.try_clone().context("can't open the table once more")?));
    }
    let mapped = map_file(file).context("can't map the table")?;
    let bytes = Buffer::from(Bytes::from_owner(mapped.clone()));
    Ok(Input::Mapped(bytes, Release::new(move || mapped.release())))
}

fn options(job: &TableJob) -> ConvertOptions {
    let mut options = ConvertOptions::new(job.profile);
    options.limits = job.limits.clone();
    options.columns = job.columns.clone();
    options.rows = job.rows.clone();
    options.dictionaries = job.dictionaries;
    options
}

fn report(info: TableInfo, preview: Vec<Vec<Option<String>>>) -> TableReport {
    let columns = info.columns.into_iter().map(|column| ColumnReport {
        name: column.name,
        type_name: column.type_name,
        format: column.format,
        unit: column.unit,
    });
    let row = |cells: Vec<Option<String>>| cells.into_iter().map(Option::unwrap_or_default).collect();
    TableReport {
        rows: info.rows,
        columns: columns.collect(),
        preview: preview.into_iter().map(row).collect(),
        plain: info.plain,
    }
}
