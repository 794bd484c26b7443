//! The call `fetch`: params, secrets and files in, one file of any bytes out.

use std::path::Path;

use crunchbox_params::Manifest;
use crunchbox_protocol::{self as protocol, FetchResult, FileFormat, Message, RenderError};

use crate::call::{Call, Question, Stop};
use crate::destination::Destination;
use crate::inputs::InputTables;
use crate::output_file::{Left, open_output};
use crate::scratch::RunDir;
use crate::tables::{Part, TableSource};
use crate::{Error, FetchRequest, FetchedFile, Params, Stage, Verdict};

/// The name that a step finds its input table under.
const INPUT: &str = "input.parquet";

/// The name that a step is to give its file.
const OUTPUT: &str = "output";

impl Call<'_> {
    pub(crate) fn fetch(&mut self, request: &FetchRequest) -> Result<Option<FetchedFile>, Stop> {
        let destination = request.output.as_deref().map(Destination::prepare).transpose()?;
        let (code, manifest) = self.open()?;
        let params = self.up_to_date(&code, manifest.as_ref(), &request.params)?;
        let mut ask = |call: &mut Call<'_>, room: &RunDir| {
            call.lay_out_fetch(manifest.as_ref(), &params, request, room)
        };
        let question = Question { call: "fetch", output: &[OUTPUT], request: &mut ask };
        let (result, room): (FetchResult, RunDir) = self.ask(&code, question)?;
        self.errors = result.errors.into_iter().map(|error| RenderError::from(error.message)).collect();
        let fetched = self.take_fetched(&result.filename, &room.outputs().join(OUTPUT))?;
        if fetched.is_none() && !self.errors.is_empty() {
            return Err(Verdict::StepError.into());
        }
        if let (Some(destination), Some(fetched)) = (destination, &fetched) {
            self.control.enter(Stage::WritingOutput);
            destination.write_file(&fetched.file()?)?;
        }
        Ok(fetched)
    }

    /// Brings the inputs into the room, and prepares the request.
    fn lay_out_fetch(
        &mut self,
        manifest: Option<&Manifest>,
        params: &Params,
        request: &FetchRequest,
        room: &RunDir,
    ) -> Result<Vec<u8>, Stop> {
        let mut tables = InputTables::default();
        if let Some(path) = &request.input {
            let source = TableSource::of(path);
            tables.main =
                Some(self.bring_table(room, source, FileFormat::Parquet, Part::default(), INPUT)?.table);
        }
        let files = self.bring_files(room, &request.files)?;
        let last = match &request.last {
            Some(last) => Some(self.bring_fetched(room, last)?),
            None => None,
        };
        let wire = protocol::FetchRequest {
            basedir: "/in".to_owned(),
            params: self.prepare_params(manifest, params, &tables, &files)?,
            secrets: request.secrets.clone(),
            last_fetch_result: last,
            input_table_parquet_filename: tables.main.map(|_| INPUT.to_owned()),
            output_filename: OUTPUT.to_owned(),
            uploaded_files: files,
        };
        wire.encode().map_err(|error| Verdict::BadParams { reason: error.to_string() }.into())
    }

    /// Takes the file that the result names out of the step's folder. It may name the one that it was given, or none.
    fn take_fetched(&mut self, named: &str, path: &Path) -> Result<Option<FetchedFile>, Stop> {
        let bad =
            |what: String| Stop::Verdict(Verdict::BadMessage { reason: format!("the result names {what}") });
        if named.is_empty() {
            return Ok(None);
        }
        if named != OUTPUT {
            let beginning: String = named.chars().take(80).collect();
            return Err(bad(format!("the file {beginning:?}; it may name {OUTPUT:?}, or none")));
        }
        let file = match open_output(path)? {
            Left::Nothing => return Err(bad(format!("the file {OUTPUT:?}, and there is none"))),
            Left::Unfit(why) => return Err(bad(format!("the file {OUTPUT:?}, which {why}"))),
            Left::File(file) => file,
        };
        let bytes = file.metadata().map_err(Error::io("look at", path))?.len();
        self.usage.bytes_out = bytes;
        if bytes > self.limits.output_bytes {
            return Err(Verdict::Output { which: "output_bytes", limit: self.limits.output_bytes }.into());
        }
        Ok((bytes > 0).then(|| FetchedFile::new(file, bytes)))
    }
}
