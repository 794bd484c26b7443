//! What a step that fetches is asked, and what it answers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crunchbox_protocol::{FetchError, FetchRequest, I18nMessage, JsonMap};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::context::{files, left};
use crate::main_loop::params;
use crate::{Error, File, Result};

/// A call to fetch: params, secrets, and what there is to fetch from. There is no network.
///
/// ```
/// use crunchbox_sdk::{Fetch, Fetched, Result};
///
/// #[derive(serde::Deserialize)]
/// struct Params {
///     file: String,
/// }
///
/// fn fetch(call: &Fetch) -> Result<Fetched> {
///     let params: Params = call.params()?;
///     match call.file(&params.file) {
///         Some(file) => Ok(std::fs::read(&file.path)?.into()),
///         None => Ok(Fetched::default()),
///     }
/// }
/// ```
#[derive(Clone, Default)]
pub struct Fetch {
    params: JsonMap,
    secrets: JsonMap,
    files: BTreeMap<String, File>,
    last: Option<(PathBuf, Vec<FetchError>)>,
    input: Option<PathBuf>,
}

impl Fetch {
    pub(crate) fn new(request: FetchRequest) -> Fetch {
        let base = PathBuf::from(&request.basedir);
        Fetch {
            files: files(&base, &request.uploaded_files),
            last: request.last_fetch_result.as_ref().map(|result| left(&base, result)),
            input: request.input_table_parquet_filename.map(|name| base.join(name)),
            params: request.params,
            secrets: request.secrets,
        }
    }

    /// The params, as the author's type.
    ///
    /// # Errors
    /// If they are of another type: that is the author's to mend.
    pub fn params<P: DeserializeOwned>(&self) -> Result<P> {
        params(self.params.clone())
    }

    /// A secret, by its param's name; `None` if the user gave none. Keep it out of messages, files and the log.
    pub fn secret(&self, name: &str) -> Option<&Value> {
        self.secrets.get(name).filter(|secret| !secret.is_null())
    }

    /// A file to fetch from, by the UUID that a param holds; `None` if it was not handed over.
    pub fn file(&self, uuid: &str) -> Option<&File> {
        self.files.get(uuid)
    }

    /// What the last fetch left, and what it had to say; `None` if this is the first.
    pub fn last(&self) -> Option<(&Path, &[FetchError])> {
        self.last.as_ref().map(|(path, errors)| (path.as_path(), errors.as_slice()))
    }

    /// The table that comes before the step, a Parquet file; `None` if there is none.
    pub fn input(&self) -> Option<&Path> {
        self.input.as_deref()
    }
}

/// What was fetched.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fetched {
    /// The bytes of the file; `None` or none at all if nothing was fetched.
    pub bytes: Option<Vec<u8>>,
    /// Warnings, if there are bytes; else errors.
    pub errors: Vec<FetchError>,
}

impl Fetched {
    /// The same with one more warning.
    #[must_use]
    pub fn warn(mut self, warning: I18nMessage) -> Fetched {
        self.errors.push(FetchError { message: warning });
        self
    }
}

impl From<Vec<u8>> for Fetched {
    fn from(bytes: Vec<u8>) -> Self {
        Fetched { bytes: Some(bytes), errors: Vec::new() }
    }
}

/// Messages for the user are a result without a file, and no error.
pub(crate) fn told(result: Result<Fetched>) -> Result<Fetched> {
    match result {
        Err(Error::Step(errors)) => {
            let errors = errors.into_iter().map(|error| FetchError { message: error.message });
            Ok(Fetched { bytes: None, errors: errors.collect() })
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_request_is_taken_apart() {
        let request = FetchRequest {
            basedir: "/in".to_owned(),
            params: json!({"n": 3}).as_object().unwrap().clone(),
            secrets: json!({"key": "s", "none": null}).as_object().unwrap().clone(),
            input_table_parquet_filename: Some("input.parquet".to_owned()),
            output_filename: "output".to_owned(),
            ..FetchRequest::default()
        };
        let fetch = Fetch::new(request);
        assert_eq!(fetch.params::<JsonMap>().unwrap()["n"], 3);
        assert_eq!(
            (fetch.secret("key"), fetch.secret("none"), fetch.secret("x")),
            (Some(&json!("s")), None, None)
        );
        assert_eq!(fetch.input(), Some(Path::new("/in/input.parquet")));
        assert!(fetch.last().is_none() && fetch.file("x").is_none());
    }

    #[test]
    fn messages_are_no_bugs() {
        let told_errors = told(Err(I18nMessage::new("x").into())).unwrap();
        assert_eq!((told_errors.bytes, told_errors.errors.len()), (None, 1));
        told(Err(Error::bug("x"))).unwrap_err();
    }
}
