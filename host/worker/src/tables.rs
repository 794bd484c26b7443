//! The table role: judge or convert one file of somebody else's making.

use std::fs::File;
use std::os::fd::AsFd;

use anyhow::Context;
use bytes::Bytes;
use crunchbox_jail::map_file;
use crunchbox_protocol::{ColumnReport, End, FileFormat, Report, Role, TableJob, TableReport};
use crunchbox_table::{Buffer, ConvertOptions, Input, TableError, TableInfo, convert, preview, validate};

use crate::serve::Task;

/// Judges the table that came as the first file; converts it into the second if the job says so.
///
/// # Errors
/// What is not the table's fault: a job that isn't this role's, a file that can't be mapped or written.
pub fn work(task: Task) -> anyhow::Result<Report> {
    let Role::Table(job) = task.role else {
        anyhow::bail!("this worker judges tables, it does nothing else")
    };
    let (table, target) = match job.convert_to {
        None => {
            let [table] = Task::exactly(task.files)?;
            (map(&table)?, None)
        }
        Some(format) => {
            let [table, output] = Task::exactly(task.files)?;
            (map(&table)?, Some((format, output)))
        }
    };
    match judge(&job, table, target) {
        Ok(table) => {
            let mut report = Report::new(End::Done, "");
            report.table = Some(table);
            Ok(report)
        }
        Err(Failure::Table(error)) if error.is_input_output() => anyhow::bail!("{error}"),
        Err(Failure::Table(error)) => {
            let mut report = Report::new(End::BadTable, error.detail());
            report.check = Some(error.check().to_string());
            report.column = error.column().map(str::to_owned);
            Ok(report)
        }
        Err(Failure::Host(error)) => Err(error),
    }
}

enum Failure {
    Table(TableError),
    Host(anyhow::Error),
}

impl From<TableError> for Failure {
    fn from(error: TableError) -> Self {
        Failure::Table(error)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Failure::Host(error)
    }
}

fn map(file: &File) -> anyhow::Result<Buffer> {
    Ok(Buffer::from(Bytes::from_owner(map_file(file).context("can't map the table")?)))
}

fn judge(job: &TableJob, table: Buffer, target: Option<(FileFormat, File)>) -> Result<TableReport, Failure> {
    let mut options = ConvertOptions::new(job.profile);
    options.limits = job.limits.clone();
    let input = || Input::Buffer(table.clone());
    let info = match target {
        Some((format, output)) => convert(input(), job.format, format, output, &options)?,
        None if job.format == FileFormat::Arrow => validate(&table, job.profile, &job.limits)?,
        // What is no Arrow is judged by making it some, for nobody.
        None => convert(input(), job.format, FileFormat::Arrow, nowhere()?, &options)?,
    };
    let rows = usize::try_from(job.preview_rows).unwrap_or(usize::MAX);
    let mut shown = Vec::new();
    if rows > 0 {
        let row = |cells: Vec<Option<String>>| cells.into_iter().map(Option::unwrap_or_default).collect();
        shown = preview(input(), job.format, rows, &job.limits)?.rows.into_iter().map(row).collect();
    }
    Ok(report(info, shown))
}

/// A file that swallows what is written to it: a worker's standard output is `/dev/null`.
fn nowhere() -> anyhow::Result<File> {
    let null = std::io::stdout().as_fd().try_clone_to_owned().context("can't copy a descriptor")?;
    Ok(File::from(null))
}

fn report(info: TableInfo, preview: Vec<Vec<String>>) -> TableReport {
    let columns = info.columns.into_iter().map(|column| ColumnReport {
        name: column.name,
        type_name: column.type_name,
        format: column.format,
        unit: column.unit,
    });
    TableReport { rows: info.rows, columns: columns.collect(), preview }
}
