//! The call `render`: tables and params in, a table out.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use crunchbox_params::{Manifest, Reads};
use crunchbox_protocol::{self as protocol, FileFormat, JsonMap, Message, RenderResult};

use crate::cache::Code;
use crate::call::{Call, Question, Stop};
use crate::destination::Destination;
use crate::inputs::{INPUT, InputTables, TabTable, Uploads};
use crate::merged::{Made, Order};
use crate::output_file::{Left, open_output};
use crate::parts::Cut;
use crate::scratch::RunDir;
use crate::sealed::Sealed;
use crate::tables::{self, Judged, Part, TableSource, TableTask};
use crate::{Error, OutputTable, Params, RenderRequest, Stage, Verdict};

/// Of a smaller file it costs less to read all columns than to look at which there are.
const SMALL_FILE_BYTES: u64 = 1 << 20;

/// The name that a step is to give its table.
const OUTPUT: &str = "output.arrow";

/// The name that a step is to give what tells where the rows of a part by key belong.
const ORDER: &str = "order.arrow";

impl Call<'_> {
    pub(crate) fn render(&mut self, request: &RenderRequest) -> Result<Option<OutputTable>, Stop> {
        let destination = match &request.output {
            Some(path) => Some((tables::format_of(path)?, Destination::prepare(path)?)),
            None => None,
        };
        let has_tables = request.input.is_some() || !request.tabs.is_empty();
        if has_tables || request.output.is_some() {
            // It starts while the code is looked through.
            let workers = &self.engine.workers;
            workers.prepare(&workers.tables);
        }
        let (code, manifest) = self.open()?;
        let params = self.up_to_date(&code, manifest.as_ref(), &request.params)?;
        let Cut { plan, converted, lent, prepared } = self.cut(manifest.as_ref(), &params, request)?;
        let params = prepared.unwrap_or(params);
        let main = request.input.as_ref().map(TableSource::of);
        let main = main.map(|main| converted.as_ref().map_or(main, |table| main.made_into(table)));
        let main = main.map(|main| lent.as_ref().map_or(main, |lent| main.found_fit(lent)));
        let table = match plan {
            None => {
                let all = Part::default();
                let made = self.render_table(&code, manifest.as_ref(), &params, request, main, &all)?;
                made.map(|made| made.table)
            }
            Some(plan) => self.render_parts(&code, manifest.as_ref(), &params, request, main, plan)?,
        };
        if let (Some((format, destination)), Some(table)) = (destination, &table) {
            self.control.enter(Stage::WritingOutput);
            destination.write_table(format, self.engine, table, &self.limits, self.control)??;
        }
        Ok(table)
    }

    /// Asks the step for its table, to this part of the main table or to all of it.
    pub(crate) fn render_table(
        &mut self,
        code: &Code,
        manifest: Option<&Manifest>,
        params: &Params,
        request: &RenderRequest,
        main: Option<TableSource<'_>>,
        part: &Part,
    ) -> Result<Option<Made>, Stop> {
        let mut ask = |call: &mut Call<'_>, room: &RunDir| {
            call.lay_out_render(manifest, params, request, main, part.clone(), room)
        };
        let question = Question { call: "render", output: &[OUTPUT, ORDER], request: &mut ask };
        let (result, room): (RenderResult, RunDir) = self.ask(code, question)?;
        self.errors = result.errors;
        self.json = result.json;
        let table = self.take_table(&room.outputs().join(OUTPUT))?;
        if table.is_none() && !self.errors.is_empty() {
            return Err(Verdict::StepError.into());
        }
        let Some(table) = table else { return Ok(None) };
        let order = match part.by_key {
            Some(_) => self.take_order(&room.outputs().join(ORDER))?,
            None => None,
        };
        Ok(Some(Made { table, order }))
    }

    /// Brings the inputs into the room, and prepares the request.
    fn lay_out_render(
        &mut self,
        manifest: Option<&Manifest>,
        params: &Params,
        request: &RenderRequest,
        main: Option<TableSource<'_>>,
        part: Part,
        room: &RunDir,
    ) -> Result<Vec<u8>, Stop> {
        let (columns, params) = match self.named_columns(manifest, params, request, main)? {
            Some((columns, prepared)) => (Some(columns), &Params::Clean(prepared)),
            None => (None, params),
        };
        let dictionaries = manifest.is_some_and(|manifest| manifest.takes_dictionaries);
        let key_part = part.by_key.map(|(number, count)| {
            let order_filename = ORDER.to_owned();
            protocol::KeyPart { number, count, order_filename }
        });
        let part = Part { columns, dictionaries, ..part };
        let tables = self.bring_tables(room, main, part, &request.tabs)?;
        let files = self.bring_files(room, &request.files)?;
        let fetched = match &request.fetched {
            Some(fetched) => Some(self.bring_fetched(room, fetched)?),
            None => None,
        };
        let params = self.prepare_params(manifest, params, &tables, &files)?;
        if tables.main.is_none() {
            // A step without an input gets what it would itself leave for no table: an empty file.
            room.create_input(INPUT)?;
        }
        let tab = |tab: TabTable| {
            (tab.slug, protocol::TabOutput { tab_name: tab.name, table_filename: tab.filename })
        };
        let wire = protocol::RenderRequest {
            basedir: "/in".to_owned(),
            input_filename: INPUT.to_owned(),
            params,
            tab_name: request.tab_name.clone(),
            fetch_result: fetched,
            output_filename: OUTPUT.to_owned(),
            tab_outputs: tables.tabs.into_iter().map(tab).collect(),
            uploaded_files: files,
            input_rows: tables.main_rows,
            key_part,
        };
        wire.encode().map_err(|error| Verdict::BadParams { reason: error.to_string() }.into())
    }

    /// The columns that the step looks at, if those are not all, and its params: what is right for them depends on all columns.
    pub(crate) fn named_columns(
        &mut self,
        manifest: Option<&Manifest>,
        params: &Params,
        request: &RenderRequest,
        main: Option<TableSource<'_>>,
    ) -> Result<Option<(BTreeSet<String>, JsonMap)>, Stop> {
        let Some(manifest) = manifest.filter(|manifest| manifest.reads == Reads::Params) else {
            return Ok(None);
        };
        let alone = request.tabs.is_empty() && request.files.is_empty();
        let Some(main) = main.filter(|_| alone) else { return Ok(None) };
        let as_it_is = main.as_it_is(self.engine, &self.limits).is_some();
        if as_it_is || main.lent.is_some() || !main.is_worth_a_look(SMALL_FILE_BYTES)? {
            return Ok(None);
        }
        let table = self.look(main, &Part::default())?;
        let tables = InputTables { main: Some(table), ..InputTables::default() };
        let params = self.prepare_params(Some(manifest), params, &tables, &Uploads::new())?;
        let mut named = manifest.param_schema().columns_named(&params);
        let there = tables.main.into_iter().flat_map(|table| table.columns).map(|column| column.name);
        let there: BTreeSet<String> = there.collect();
        named.retain(|name| there.contains(name));
        Ok((!named.is_empty()).then_some((named, params)))
    }

    /// Takes a file out of the step's folder, if it left one there that is not empty. Nobody can change it afterwards.
    fn take_file(&mut self, path: &Path) -> Result<Option<(File, Sealed)>, Stop> {
        let file = match open_output(path)? {
            Left::Nothing => return Ok(None),
            Left::Unfit(why) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                return Err(bad("output-file", format!("{name} {why}")).into());
            }
            Left::File(file) => file,
        };
        let bytes = file.metadata().map_err(Error::io("look at", path))?.len();
        self.usage.bytes_out += bytes;
        if bytes == 0 {
            return Ok(None);
        }
        if self.usage.bytes_out > self.limits.output_bytes {
            return Err(Verdict::Output { which: "output_bytes", limit: self.limits.output_bytes }.into());
        }
        let sealed =
            self.engine.workers.strongroom().seal(path, &file).map_err(Error::io("take away", path))?;
        Ok(Some((file, sealed)))
    }

    /// Takes what tells where the rows of a part by key belong, if it left that. Nobody has looked into it.
    fn take_order(&mut self, path: &Path) -> Result<Option<Order>, Stop> {
        Ok(self.take_file(path)?.map(|(file, sealed)| Order { file, _sealed: sealed }))
    }

    /// Takes the step's table, if it left one, and has it judged.
    fn take_table(&mut self, path: &Path) -> Result<Option<OutputTable>, Stop> {
        let Some((file, sealed)) = self.take_file(path)? else { return Ok(None) };
        self.control.enter(Stage::CheckingOutput);
        let task = TableTask::judge(&file, FileFormat::Arrow);
        match tables::run(self.engine, &task, &self.limits, self.control)? {
            Judged::Good(table) if table.columns.is_empty() => Ok(None),
            Judged::Good(table) => {
                self.usage.rows_out = table.rows;
                Ok(Some(OutputTable::sealed(file, table, sealed, &self.limits)))
            }
            Judged::Bad { check, column, detail } => Err(Verdict::BadTable { check, column, detail }.into()),
            Judged::Unfinished(verdict @ Verdict::Cancelled) => Err(verdict.into()),
            Judged::Unfinished(verdict) => {
                Err(bad("checkable", format!("checking it did not end well: {verdict}")).into())
            }
        }
    }
}

fn bad(check: &str, detail: String) -> Verdict {
    Verdict::BadTable { check: check.to_owned(), column: None, detail }
}
