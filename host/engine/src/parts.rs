//! A step that works row by row, or by key, on one part of its table after the other, and on several of them at a time.
//!
//! What the manifest calls `works_by: rows` may be done part by part: so a table may be larger than a step's memory, and all
//! processors take their share of it. Each part is a call of its own, in a worker of its own, with its part of the input; what comes
//! out is put together in order. Where one part ends and the next begins depends on the table alone, so the result is the
//! same, byte for byte, however many parts are worked on at a time.
//!
//! What it calls `works_by: key` is done in as many parts as may be worked on at a time, each of which is shown all rows, and takes those
//! whose keys fall to it: looking at all keys is done by each, so more parts would only take longer. Where the rows that come out
//! belong the step says, and the result is the one that a single worker makes.

use std::collections::BTreeMap;
use std::num::NonZeroU8;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crunchbox_jail::MAX_DESCRIPTORS;
use crunchbox_params::{Manifest, WorksBy};
use crunchbox_protocol::{FileFormat, TableReport};

use crate::cache::Code;
use crate::call::{Call, Stop, Told};
use crate::joined::Joined;
use crate::lend::Lent;
use crate::merged::{Made, Merged};
use crate::tables::{self, Part, TableSource};
use crate::{
    CancelToken, Control, Engine, Error, Limits, Module, OutputTable, Params, RenderRequest, Stage, Verdict,
};

/// What a part takes at most, about: large enough that a worker's start and end do not show (5 ms with all that is mapped), small
/// enough for several of them, in and out, to stay in memory. Cutting a smaller table takes longer than the step does.
const PART_BYTES: u64 = 128 << 20;

/// What a cell takes, about.
const CELL_BYTES: u64 = 16;

/// Smaller files are not looked at to see whether they are worth taking apart.
const SMALL_FILE_BYTES: u64 = 4 << 20;

/// The same of CSV files, which have to be read for it.
const SMALL_CSV_BYTES: u64 = 16 << 20;

/// How many parts by key there are at most: all look at all keys.
const MOST_BY_KEY: u8 = 8;

// Of each a worker that puts them in order gets the table and the order, and a file for the result.
const _: () = assert!(2 * (MOST_BY_KEY as usize) < MAX_DESCRIPTORS);

/// How a table is taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Into rows that follow each other.
    Rows {
        rows: u64,
        part_rows: u64,
        /// A step may be shown the table's own file, if it takes row ranges.
        as_it_is: bool,
    },
    /// Into rows of the same keys.
    Keys { count: u8 },
}

impl Plan {
    /// `None` for a table that one part holds.
    fn of(table: &TableReport) -> Option<Plan> {
        let row_bytes = CELL_BYTES * (table.columns.len() as u64).max(1);
        // Whole bytes of bits.
        let most_rows = (PART_BYTES / row_bytes).max(1024).next_multiple_of(8);
        if table.rows <= most_rows {
            return None;
        }
        // As large as each other, and as many for each of two or four workers: else some wait at the end for one.
        let count = table.rows.div_ceil(most_rows);
        let count = count.next_multiple_of(if count > 4 { 4 } else { 2 });
        let part_rows = table.rows.div_ceil(count).next_multiple_of(8);
        Some(Plan::Rows { rows: table.rows, part_rows, as_it_is: table.plain })
    }

    fn count(self) -> u64 {
        match self {
            Plan::Rows { rows, part_rows, .. } => rows.div_ceil(part_rows),
            Plan::Keys { count } => count.into(),
        }
    }

    /// One of the parts, for a step that takes row ranges or doesn't.
    fn part(self, number: u64, takes_ranges: bool) -> Part {
        match self {
            Plan::Rows { rows, part_rows, as_it_is } => {
                let start = number * part_rows;
                let of_part = start..(start + part_rows).min(rows);
                let out_of = (takes_ranges && as_it_is).then_some(rows);
                Part { rows: Some(of_part), out_of, ..Part::default() }
            }
            Plan::Keys { count } => {
                // Of so few the number fits.
                Part { by_key: Some((number as u32, count.into())), ..Part::default() }
            }
        }
    }

    /// What the manifest calls it.
    fn by(self) -> &'static str {
        match self {
            Plan::Rows { .. } => "rows",
            Plan::Keys { .. } => "key",
        }
    }
}

/// Where a call's table is to be cut.
#[derive(Default)]
pub(crate) struct Cut {
    /// `None` if it is better left whole, or must be.
    pub(crate) plan: Option<Plan>,
    /// What was made of it to find that out, and is to be taken in its stead: the types of CSV only all of its rows tell.
    pub(crate) converted: Option<OutputTable>,
    /// The table's own file, if all parts are to be shown that.
    pub(crate) lent: Option<Lent>,
    /// The params for it, if columns were left out that what is right for them depends on.
    pub(crate) prepared: Option<Params>,
}

/// Who puts parts together, and how.
enum Together {
    Joined(Joined),
    Merged(Merged),
}

/// What came of one part.
struct Done {
    told: Told,
    result: Result<Option<Made>, Stop>,
}

/// The parts of one table, and who works on them.
struct Work<'w> {
    engine: &'w Engine,
    module: &'w Module,
    limits: Limits,
    cancel: Option<&'w CancelToken>,
    code: &'w Code,
    manifest: Option<&'w Manifest>,
    params: &'w Params,
    request: &'w RenderRequest,
    main: Option<TableSource<'w>>,
    plan: Plan,
    started: Instant,
    together: &'w Together,
    progress: Mutex<Progress>,
    /// Told when a part has been put in its place.
    placed: Condvar,
}

/// How far the work has come.
struct Progress {
    /// The part that is begun next.
    begun: u64,
    /// The part that is put in its place next.
    placed: u64,
    /// No part from this one on is begun.
    end: u64,
    /// Parts that are done before their turn.
    waiting: BTreeMap<u64, Done>,
    /// Somebody puts parts in their places.
    is_placing: bool,
    told: Told,
    /// The columns that all parts have, none if they all have no table.
    table: Option<Option<TableReport>>,
    rows: u64,
    stop: Option<Stop>,
}

impl Call<'_> {
    /// How the call's table is to be taken apart.
    pub(crate) fn cut(
        &mut self,
        manifest: Option<&Manifest>,
        params: &Params,
        request: &RenderRequest,
    ) -> Result<Cut, Stop> {
        let alone = request.tabs.is_empty() && request.files.is_empty() && request.fetched.is_none();
        let Some(source) = request.input.as_ref().filter(|_| alone).map(TableSource::of) else {
            return Ok(Cut::default());
        };
        match manifest.map_or(WorksBy::Table, |manifest| manifest.works_by) {
            WorksBy::Rows => self.cut_by_rows(source),
            WorksBy::Key if request.jobs > NonZeroU8::MIN => {
                self.cut_by_key(source, manifest, params, request)
            }
            _ => Ok(Cut::default()),
        }
    }

    fn cut_by_rows(&mut self, source: TableSource<'_>) -> Result<Cut, Stop> {
        if source.is_worth_a_look(SMALL_FILE_BYTES)? {
            // Any of its rows: whether a part could be shown in the file itself.
            let any = Part { rows: Some(0..u64::MAX), ..Part::default() };
            return Ok(Cut { plan: Plan::of(&self.look(source, &any)?), ..Cut::default() });
        }
        if !is_large_csv(source)? {
            return Ok(Cut::default());
        }
        let converted = self.make(source, Part::default())?;
        Ok(Cut { plan: Plan::of(converted.info()), converted: Some(converted), ..Cut::default() })
    }

    /// The same by key: what each part is shown is judged or written once.
    fn cut_by_key(
        &mut self,
        source: TableSource<'_>,
        manifest: Option<&Manifest>,
        params: &Params,
        request: &RenderRequest,
    ) -> Result<Cut, Stop> {
        let takes_dictionaries = manifest.is_some_and(|manifest| manifest.takes_dictionaries);
        if takes_dictionaries && source.open()?.1 == FileFormat::Parquet {
            // Its columns may come as dictionaries, which parts can't have; and which make short work of keys.
            return Ok(Cut::default());
        }
        let looked = match source.is_worth_a_look(SMALL_FILE_BYTES)? {
            true => Some(self.look(source, &Part::default())?),
            false => None,
        };
        let is_large = match &looked {
            Some(table) => Plan::of(table).is_some(),
            None => is_large_csv(source)?,
        };
        if !is_large {
            return Ok(Cut::default());
        }
        let plan = Some(Plan::Keys { count: request.jobs.get().min(MOST_BY_KEY) });
        if source.as_it_is(self.engine, &self.limits).is_some() {
            return Ok(Cut { plan, ..Cut::default() });
        }
        let named = self.named_columns(manifest, params, request, Some(source))?;
        if named.is_none()
            && looked.as_ref().is_some_and(|table| table.plain)
            && let Some(lent) = self.fit_to_lend(source)?
        {
            return Ok(Cut { plan, lent: Some(lent), ..Cut::default() });
        }
        let (columns, prepared) = named.unzip();
        let converted = self.make(source, Part { columns, ..Part::default() })?;
        // Else each part would have it written once more.
        let is_shown = converted.as_input(self.engine.workers.strongroom(), &self.limits).is_some();
        let is_large = looked.is_some() || Plan::of(converted.info()).is_some();
        let plan = plan.filter(|_| is_shown && is_large);
        if plan.is_none() && looked.is_some() {
            return Ok(Cut::default());
        }
        Ok(Cut { plan, converted: Some(converted), lent: None, prepared: prepared.map(Params::Clean) })
    }

    /// An Arrow file of our own with a table, or a part of it.
    fn make(&mut self, source: TableSource<'_>, part: Part) -> Result<OutputTable, Stop> {
        let (file, sealed) = self.engine.workers.strongroom().file().map_err(Error::system("make a file"))?;
        let table = self.convert(source, FileFormat::Arrow, part, &file)?;
        Ok(OutputTable::sealed(file, table, sealed, &self.limits))
    }

    /// Asks the step part by part, and puts its tables together.
    pub(crate) fn render_parts(
        &mut self,
        code: &Code,
        manifest: Option<&Manifest>,
        params: &Params,
        request: &RenderRequest,
        main: Option<TableSource<'_>>,
        plan: Plan,
    ) -> Result<Option<OutputTable>, Stop> {
        self.control.enter(Stage::Running);
        let together = match plan {
            Plan::Rows { .. } => Together::Joined(Joined::new(self.engine.scratch_file()?)),
            Plan::Keys { .. } => Together::Merged(Merged::default()),
        };
        let work = Work {
            engine: self.engine,
            module: self.module,
            limits: self.limits.clone(),
            cancel: self.control.cancel,
            code,
            manifest,
            params,
            request,
            main,
            plan,
            started: Instant::now(),
            together: &together,
            progress: Mutex::new(Progress {
                begun: 0,
                placed: 0,
                end: plan.count(),
                waiting: BTreeMap::new(),
                is_placing: false,
                told: Told::default(),
                table: None,
                rows: 0,
                stop: None,
            }),
            placed: Condvar::new(),
        };
        let lanes = u64::from(request.jobs.get()).min(plan.count());
        std::thread::scope(|scope| {
            for _ in 0..lanes {
                scope.spawn(|| work.lane(lanes));
            }
        });
        let progress = work.progress.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.hear(progress.told);
        if let Some(stop) = progress.stop {
            return Err(stop);
        }
        let Some(mut info) = progress.table.flatten() else { return Ok(None) };
        let table = match together {
            Together::Joined(joined) => {
                info.rows = progress.rows;
                info.plain = false;
                Some(OutputTable::joined(joined, info))
            }
            Together::Merged(merged) => {
                self.control.enter(Stage::CheckingOutput);
                merged.table(self)?
            }
        };
        if let Some(table) = &table {
            self.usage.rows_out = table.info().rows;
            self.usage.bytes_out = table.bytes().map_err(Error::system("look at a table"))?;
        }
        Ok(table)
    }
}

/// Whether it is a file of CSV, whose rows only reading tells, and large enough to be made an Arrow file first.
fn is_large_csv(source: TableSource<'_>) -> Result<bool, Error> {
    let (file, format) = source.open()?;
    let bytes = file.metadata().map_err(Error::io("look at", source.path))?.len();
    Ok(format == FileFormat::Csv && bytes >= SMALL_CSV_BYTES)
}

impl Work<'_> {
    /// Works on one part after the other, for as long as there are some.
    fn lane(&self, lanes: u64) {
        while let Some(part) = self.begin(lanes) {
            let done = self.ask(part);
            self.hand_in(part, done);
        }
    }

    /// The next part. Nobody runs far ahead of what is put in its place: what waits takes room.
    fn begin(&self, lanes: u64) -> Option<u64> {
        let is_ahead = |progress: &mut Progress| {
            progress.begun < progress.end && progress.begun >= progress.placed + 2 * lanes
        };
        let mut progress =
            self.placed.wait_while(self.progress(), is_ahead).unwrap_or_else(PoisonError::into_inner);
        let part = progress.begun;
        (part < progress.end).then(|| {
            progress.begun += 1;
            part
        })
    }

    /// Asks the step for its table to one part.
    fn ask(&self, part: u64) -> Done {
        // All parts together have the time of one call.
        let left = self.limits.wall_time.saturating_sub(self.started.elapsed());
        if left.is_zero() {
            let late = Verdict::Time { limit: self.limits.wall_time };
            return Done { told: Told::default(), result: Err(late.into()) };
        }
        let limits = self.limits.clone().with_wall_time(left);
        // The stage is the whole call's, and told already.
        let control = Control { cancel: self.cancel, on_stage: None };
        let open = self.request.real_clock_and_random;
        let mut call = Call::new(self.engine, self.module, "render", open, &limits, control);
        let takes_ranges = self.manifest.is_some_and(|manifest| manifest.takes_row_ranges);
        let part = self.plan.part(part, takes_ranges);
        let result = call.render_table(self.code, self.manifest, self.params, self.request, self.main, &part);
        let is_late = self.started.elapsed() >= self.limits.wall_time;
        let result = result.map_err(|stop| match stop {
            Stop::Verdict(Verdict::Cancelled) => stop,
            // Whoever was at work when the time was over, it is the call that took too long.
            _ if is_late => Verdict::Time { limit: self.limits.wall_time }.into(),
            stop => stop,
        });
        Done { told: call.told(), result }
    }

    /// Puts the part in its place, and those that have waited for it; or leaves it to who is at that already.
    fn hand_in(&self, part: u64, done: Done) {
        let mut progress = self.progress();
        if done.result.is_err() {
            progress.end = progress.end.min(part);
        }
        progress.waiting.insert(part, done);
        if progress.is_placing {
            return;
        }
        progress.is_placing = true;
        while progress.stop.is_none() {
            let next = progress.placed;
            let Some(done) = progress.waiting.remove(&next) else { break };
            let made = progress.hear(done, self.plan, &self.limits);
            if let Some(made) = made {
                // Others hand in theirs meanwhile.
                drop(progress);
                let placed = match self.together {
                    Together::Joined(joined) => self.place(joined, made.table),
                    Together::Merged(merged) => merged.add(made, &self.limits),
                };
                progress = self.progress();
                if let Err(stop) = placed {
                    progress.stop_with(stop);
                }
            }
            progress.placed += 1;
            self.placed.notify_all();
        }
        progress.is_placing = false;
        self.placed.notify_all();
    }

    fn place(&self, joined: &Joined, table: OutputTable) -> Result<(), Stop> {
        let failed = Error::system("put a part in its place");
        let bytes = joined.bytes().and_then(|bytes| Ok(bytes.saturating_add(table.bytes()?)));
        if bytes.map_err(failed)? > self.limits.output_bytes {
            return Err(Verdict::Output { which: "output_bytes", limit: self.limits.output_bytes }.into());
        }
        let control = Control { cancel: self.cancel, on_stage: None };
        let frame = joined.frame();
        let place = tables::place(self.engine, table.held().map_err(failed)?, frame, &self.limits, control)?;
        if joined.add(table, place).map_err(failed)? { Ok(()) } else { Err(tables::senseless().into()) }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    /// Takes down what there is to say of the part whose turn it is, and gives its table, if it is to be put in its place.
    fn hear(&mut self, mut done: Done, plan: Plan, limits: &Limits) -> Option<Made> {
        let is_first = self.placed == 0;
        let same_json = is_first || done.told.json == self.told.json;
        let by_key = matches!(plan, Plan::Keys { .. });
        if by_key && !is_first {
            // All of them are shown the same rows.
            (done.told.usage.rows_in, done.told.usage.bytes_in) = (0, 0);
        }
        self.told.add(done.told, limits);
        let made = match done.result {
            Ok(made) => made,
            Err(stop) => {
                self.stop_with(stop);
                return None;
            }
        };
        let disagree = |what: &str| {
            let by = plan.by();
            let reason = format!(
                "the step says that it works by {by}, and gives {what} for some rows than for others"
            );
            Stop::from(Verdict::BadMessage { reason })
        };
        if self.told.usage.fuel > limits.fuel {
            self.stop_with(Verdict::Fuel { limit: limits.fuel }.into());
            return None;
        }
        if !same_json {
            self.stop_with(disagree("other JSON"));
            return None;
        }
        let info = made.as_ref().map(|made| made.table.info());
        // What is wrong with the columns of parts by key is found when they are merged, and those of parts without rows don't matter.
        let columns = |table: &&TableReport| (!by_key).then(|| table.columns.clone());
        match &self.table {
            None => self.table = Some(info.cloned()),
            Some(first) if first.as_ref().as_ref().map(columns) != info.as_ref().map(columns) => {
                self.stop_with(disagree("other columns"));
                return None;
            }
            Some(_) => {}
        }
        self.rows = self.rows.saturating_add(info.map_or(0, |info| info.rows));
        let most = limits.table().rows;
        if self.rows > most {
            let detail = format!("{} rows or more, where {most} are allowed", self.rows);
            let check = "max-rows".to_owned();
            self.stop_with(Verdict::BadTable { check, column: None, detail }.into());
            return None;
        }
        made
    }

    fn stop_with(&mut self, stop: Stop) {
        self.end = self.end.min(self.placed);
        self.stop.get_or_insert(stop);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crunchbox_protocol::ColumnReport;

    fn table(rows: u64, columns: usize) -> TableReport {
        let column =
            ColumnReport { name: "a".to_owned(), type_name: "text".to_owned(), format: None, unit: None };
        TableReport { rows, columns: vec![column; columns], preview: Vec::new(), plain: false }
    }

    #[test]
    fn parts_follow_each_other_and_hold_all_rows() {
        assert_eq!(Plan::of(&table(441_512, 19)), None);
        assert!(Plan::of(&table(441_513, 19)).is_some());
        assert_eq!(Plan::of(&table(10, 0)), None);
        for (rows, count) in [(441_513, 2), (1_000_000, 4), (2_000_000, 8), (10_000_000, 24)] {
            let plan = Plan::of(&table(rows, 19)).unwrap();
            assert_eq!(plan.count(), count, "{rows} rows");
            let mut next = 0;
            for part in 0..plan.count() {
                let rows = plan.part(part, false).rows.unwrap();
                assert_eq!(rows.start, next);
                assert!(rows.end > rows.start && rows.end - rows.start <= 441_512);
                next = rows.end;
            }
            assert_eq!(next, rows);
        }
    }
}
