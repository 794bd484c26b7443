//! What a step may ask for besides its table and params.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use arrow::array::ArrayRef;
use arrow::buffer::BooleanBuffer;
use arrow::record_batch::RecordBatch;
use crunchbox_protocol::{FetchError, FetchResult, RenderRequest, UploadedFile};

use crate::keys::KeyPart;
use crate::{Result, table};

/// A file that the host handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The name its owner gave it: any text at all.
    pub name: String,
    /// Where the step finds it.
    pub path: PathBuf,
    /// Microseconds since 1970-01-01 UTC.
    pub uploaded_at_micros: i64,
}

/// The files that a request hands over, by their UUIDs.
pub(crate) fn files(base: &Path, files: &BTreeMap<String, UploadedFile>) -> BTreeMap<String, File> {
    let file = |(uuid, file): (&String, &UploadedFile)| {
        let path = base.join(&file.filename);
        let uploaded_at_micros = file.uploaded_at_timestampus;
        (uuid.clone(), File { name: file.name.clone(), path, uploaded_at_micros })
    };
    files.iter().map(file).collect()
}

/// Where what a fetch left is, and what it had to say.
pub(crate) fn left(base: &Path, result: &FetchResult) -> (PathBuf, Vec<FetchError>) {
    (base.join(&result.filename), result.errors.clone())
}

/// A tab whose table the step may read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tab {
    pub(crate) name: String,
    pub(crate) source: TabSource,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TabSource {
    Path(PathBuf),
    Table(RecordBatch),
}

/// What surrounds a call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    pub(crate) tab_name: String,
    pub(crate) tabs: BTreeMap<String, Tab>,
    pub(crate) files: BTreeMap<String, File>,
    pub(crate) fetched: Option<(PathBuf, Vec<FetchError>)>,
    pub(crate) key_part: Option<KeyPart>,
}

impl Context {
    pub(crate) fn new(request: &RenderRequest) -> Context {
        let base = PathBuf::from(&request.basedir);
        let files = files(&base, &request.uploaded_files);
        let tabs = request.tab_outputs.iter().map(|(slug, tab)| {
            let source = TabSource::Path(base.join(&tab.table_filename));
            (slug.clone(), Tab { name: tab.tab_name.clone(), source })
        });
        Context {
            tab_name: request.tab_name.clone(),
            tabs: tabs.collect(),
            files,
            key_part: request
                .key_part
                .as_ref()
                .map(|part| KeyPart { number: part.number, count: part.count }),
            fetched: request.fetch_result.as_ref().map(|result| left(&base, result)),
        }
    }

    /// The name of the tab that the step is in.
    pub fn tab_name(&self) -> &str {
        &self.tab_name
    }

    /// The name of another tab, by the slug that a param holds; `None` if it was not handed over.
    pub fn name_of_tab(&self, slug: &str) -> Option<&str> {
        self.tabs.get(slug).map(|tab| tab.name.as_str())
    }

    /// The table of another tab, by the slug that a param holds; `None` if it was not handed over.
    ///
    /// # Errors
    /// If the file can't be read: that is the host's fault.
    pub fn tab(&self, slug: &str) -> Result<Option<RecordBatch>> {
        match self.tabs.get(slug).map(|tab| &tab.source) {
            None => Ok(None),
            Some(TabSource::Table(table)) => Ok(Some(table.clone())),
            Some(TabSource::Path(path)) => table::read(path, None).map(Some),
        }
    }

    /// An uploaded file, by the UUID that a param holds; `None` if it was not handed over.
    pub fn file(&self, uuid: &str) -> Option<&File> {
        self.files.get(uuid)
    }

    /// The part of the table that is asked for; `None` for all of it, or if the manifest does not say `works_by: key`.
    pub fn key_part(&self) -> Option<KeyPart> {
        self.key_part
    }

    /// A bit for each row of that part, as [`KeyPart::rows`] tells them; `None` for all.
    ///
    /// # Errors
    /// As there.
    pub fn rows_of_part(&self, keys: &[ArrayRef]) -> Result<Option<BooleanBuffer>> {
        Ok(self.key_part.map(|part| part.rows(keys)).transpose()?.flatten())
    }

    /// Whether all of the table is asked for, or the first of its parts, which all rows fall to where there are no keys.
    pub fn is_first_part(&self) -> bool {
        self.key_part.is_none_or(|part| part.number == 0)
    }

    /// What the step's last fetch left, and what it had to say of it.
    pub fn fetched(&self) -> Option<(&Path, &[FetchError])> {
        self.fetched.as_ref().map(|(path, errors)| (path.as_path(), errors.as_slice()))
    }
}
