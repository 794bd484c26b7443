//! What must hold for any bytes at all, by fuzz target. Each function panics if it does not.
//!
//! `tests/tidy` compiles this file too, and runs it over the seeds.

use std::fmt::Debug;
use std::io::{Read, Seek, Write};
use std::os::unix::net::UnixStream;

use crunchbox_messages::{Catalogues, Pattern, Translator};
use crunchbox_params::{CleanInput, Manifest, clean};
use crunchbox_protocol::{
    Caps, FetchRequest, FetchResult, I18nArgument, I18nMessage, JsonMap, Message, MigrateParamsRequest,
    MigrateParamsResult, RenderRequest, RenderResult, Report, Source, ValidateModuleResult,
};
use crunchbox_table::{Buffer, ConvertOptions, FileFormat, Input, Profile, TableInfo, TableLimits};

/// What was read can be written, and is read from that as it was.
fn comes_back<M: Message + PartialEq + Debug>(bytes: &[u8]) {
    let Ok(message) = M::decode(bytes, &Caps::default()) else { return };
    let written = message.encode().expect("what was decoded can be encoded");
    // What the sender left out is written as empty, so the bytes may be more.
    let caps = Caps::default().with_message_bytes(16 << 20);
    assert_eq!(M::decode(&written, &caps).expect("what was encoded can be decoded"), message);
}

/// The bytes as each of the messages between host and step.
pub fn message(bytes: &[u8]) {
    comes_back::<RenderResult>(bytes);
    comes_back::<RenderRequest>(bytes);
    comes_back::<FetchResult>(bytes);
    comes_back::<FetchRequest>(bytes);
    comes_back::<MigrateParamsResult>(bytes);
    comes_back::<MigrateParamsRequest>(bytes);
    comes_back::<ValidateModuleResult>(bytes);
}

/// The bytes as a worker's report.
pub fn report(bytes: &[u8]) {
    comes_back::<Report>(bytes);
}

/// The bytes as a module's manifest: its defaults must be valid params, and fit when they are cleaned.
pub fn manifest(bytes: &[u8]) {
    let Ok(manifest) = Manifest::from_json_bytes(bytes) else { return };
    let schema = manifest.param_schema();
    let defaults = schema.prepare(&JsonMap::new()).expect("the defaults are valid params");
    assert_eq!(defaults, schema.defaults());
    schema.to_json_schema();

    let again =
        Manifest::from_json_bytes(manifest.to_json().as_bytes()).expect("a manifest's JSON is a manifest");
    assert_eq!(again.to_json(), manifest.to_json());
    assert_eq!(again.param_schema(), schema);

    let input = CleanInput::default();
    if let Ok(cleaned) = clean(schema, &defaults, &input) {
        let twice = clean(schema, &cleaned.params, &input).expect("clean params can be cleaned");
        assert_eq!(twice, cleaned);
    }
}

/// The bytes as the pattern of a message, and as a module's catalogues: what is made of them is no longer than it may be.
pub fn pattern(bytes: &[u8]) {
    let longest = Pattern::MAX_TEXT_BYTES + '…'.len_utf8();
    if let Ok(pattern) =
        std::str::from_utf8(bytes).map_err(drop).and_then(|text| Pattern::parse(text).map_err(drop))
    {
        let values = [I18nArgument::from(1_234_567.891), 1.into(), "a } text".into()];
        for (value, language) in values.into_iter().zip(["de", "pl", "ar-EG"]) {
            let arguments =
                pattern.arguments().iter().map(|name| ((*name).to_owned(), value.clone())).collect();
            assert!(pattern.fill_in(&arguments, language).len() <= longest);
        }
    }
    let Ok(json) = serde_json::from_slice::<JsonMap>(bytes) else { return };
    let Ok(catalogues) = Catalogues::from_json(&json) else { return };
    let right = catalogues.check().is_ok();
    let languages: Vec<&str> = catalogues.languages().collect();
    for language in languages {
        let translator = Translator::new(language, catalogues.clone());
        for id in catalogues.ids(language) {
            let message = I18nMessage::new(id).arg("n", 2).from_source(Source::Module);
            let text = translator.text(&message);
            let is_told =
                catalogues.pattern_of(language, id).is_some_and(|text| Pattern::parse(text).is_ok());
            assert!(is_told || !right);
            assert!(text.len() <= longest.max(message.to_string().len()));
        }
    }
}

/// The code that a fuzzed entry of the cache may lead to, and no other.
pub const CODE: &[u8] = b"compiled";

/// The bytes as the entry of a module in the cache of compiled code: whatever it names, only whole code from the cache
/// is handed out.
pub fn cache(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("away.code"), "evil").expect("a file in it");
    let found = crunchbox::code_by_entry(folder.path(), CODE, bytes).expect("the folder can be used");
    assert!(found.is_none_or(|code| code == CODE));
}

/// The bytes on the sockets of a spawner: as a request that it takes, and as news of a worker.
pub fn spawner(bytes: &[u8]) {
    const MAX_BYTES: u64 = 256;
    let (mut here, there) = UnixStream::pair().expect("a pair of sockets");
    // What is longer than any request is cut: the socket would not take it all at once.
    here.write_all(&bytes[..bytes.len().min(4 << 10)]).expect("room in a socket");
    drop(here);
    if let Ok((request, descriptors)) = crunchbox_jail::receive(&there, MAX_BYTES) {
        assert!(request.len() as u64 <= MAX_BYTES && descriptors.is_empty());
        assert_eq!(request, bytes[8..8 + request.len()]);
    }
    crunchbox_jail::check_news(bytes);
}

/// Small, so that bombs are small.
fn limits(profile: Profile) -> TableLimits {
    let mut limits = TableLimits::of(profile);
    limits.rows = 10_000;
    limits.columns = 100;
    limits.fields = 200;
    limits.nesting_depth = 20;
    limits.bytes_per_value = 4 << 10;
    limits.bytes_text = 1 << 20;
    limits.dictionary_values = 1_000;
    limits.decoded_bytes = 8 << 20;
    limits.metadata_bytes = 1 << 20;
    limits
}

/// The first byte, modulo 9, says what to do with the others:
///
/// | | as | |
/// | --- | --- | --- |
/// | 0, 1 | Arrow | validate, by profile arrow or workbench |
/// | 2, 3, 4 | Arrow, Parquet, CSV | preview |
/// | 5, 6, 7 | Arrow, Parquet, CSV | convert to Arrow, by both profiles |
/// | 8 | Arrow | put in order, as table and order |
pub fn table(bytes: &[u8]) {
    let Some((&action, bytes)) = bytes.split_first() else { return };
    let file = Buffer::from(bytes);
    let formats = [FileFormat::Arrow, FileFormat::Parquet, FileFormat::Csv];
    match action % 9 {
        0 => validate(&file, Profile::Arrow),
        1 => validate(&file, Profile::Workbench),
        action @ 2..=4 => preview(file, formats[usize::from(action) - 2]),
        8 => merge(&file),
        action => {
            convert(&file, formats[usize::from(action) - 5], Profile::Arrow);
            convert(&file, formats[usize::from(action) - 5], Profile::Workbench);
        }
    }
}

/// A valid file is one that Arrow's own reader reads to its end, and what one profile takes the larger one takes.
fn validate(file: &Buffer, profile: Profile) {
    let Ok(info) = crunchbox_table::validate(file, profile, &limits(profile)) else { return };
    within(&info, &limits(profile));
    assert_eq!(rows(file), info.rows);
    if profile == Profile::Workbench {
        let as_arrow = crunchbox_table::validate(file, Profile::Arrow, &TableLimits::default());
        assert_eq!(as_arrow.expect("profile arrow takes what profile workbench takes"), info);
    }
}

/// What is put in order is a good table: the file twice, its rows in turn. The file is also an order.
fn merge(file: &Buffer) {
    let limits = limits(Profile::Arrow);
    let merge = |parts: &[(Buffer, Buffer)]| {
        let output = tempfile::tempfile().expect("a temporary file");
        let handle = output.try_clone().expect("a descriptor");
        crunchbox_table::merge(parts, handle, Profile::Arrow, &limits).map(|info| (info, output))
    };
    let _ = merge(&[(file.clone(), file.clone())]);
    let Ok(found) = crunchbox_table::validate(file, Profile::Arrow, &limits) else { return };
    let [even, odd] = [0, 1].map(|first| order((0..found.rows as u32).map(|row| 2 * row + first)));
    let Ok((info, mut output)) = merge(&[(file.clone(), even), (file.clone(), odd)]) else { return };
    assert_eq!(info.rows, 2 * found.rows);
    let mut bytes = Vec::new();
    output.rewind().and_then(|()| output.read_to_end(&mut bytes)).expect("what was written");
    let found = crunchbox_table::validate(&Buffer::from_vec(bytes), Profile::Arrow, &limits);
    assert_eq!(found.expect("a good table"), info);
}

fn order(places: impl Iterator<Item = u32>) -> Buffer {
    let places = arrow::array::BinaryArray::from_iter_values(places.map(u32::to_be_bytes));
    let column: arrow::array::ArrayRef = std::sync::Arc::new(places);
    let batch = arrow::array::RecordBatch::try_from_iter([("order", column)]).expect("one column");
    let mut writer = arrow::ipc::writer::FileWriter::try_new(Vec::new(), &batch.schema()).expect("a file");
    writer.write(&batch).and_then(|()| writer.finish()).expect("written to memory");
    Buffer::from_vec(writer.into_inner().expect("its bytes"))
}

/// A preview has no more rows than were asked for, and a cell for each column.
fn preview(file: Buffer, format: FileFormat) {
    const ROWS: usize = 20;
    let limits = limits(Profile::Arrow);
    let Ok(preview) = crunchbox_table::preview(Input::Buffer(file), format, ROWS, &limits) else { return };
    assert!(preview.rows.len() <= ROWS);
    assert!(preview.rows.iter().all(|cells| cells.len() == preview.columns.len()));
}

/// What a conversion says it wrote is what validation finds.
fn convert(file: &Buffer, from: FileFormat, profile: Profile) {
    let mut options = ConvertOptions::new(profile);
    options.limits = limits(profile);
    options.dictionaries = true;
    let mut output = tempfile::tempfile().expect("a temporary file");
    let handle = output.try_clone().expect("a second handle");
    let input = Input::Buffer(file.clone());
    let Ok(info) = crunchbox_table::convert(input, from, FileFormat::Arrow, handle, &options) else { return };
    within(&info, &options.limits);
    let mut written = Vec::new();
    output.rewind().and_then(|()| output.read_to_end(&mut written)).expect("the output can be read");
    let written = Buffer::from(written.as_slice());
    // Decoded and laid out anew, a table may be larger in bytes than it was.
    let found = crunchbox_table::validate(&written, profile, &TableLimits::of(profile));
    let found = found.expect("what we write is valid");
    // Of a table with columns inside columns only judging tells it.
    assert!(found.plain || !info.plain, "it is said to be built as inputs are");
    assert_eq!(TableInfo { plain: info.plain, ..found }, info);
    assert_eq!(rows(&written), info.rows);
}

fn within(info: &TableInfo, limits: &TableLimits) {
    assert!(info.rows <= limits.rows && info.columns.len() as u64 <= limits.columns, "{info:?}");
}

/// The rows that Arrow's own reader, with all its checks on, finds.
fn rows(file: &Buffer) -> u64 {
    let reader = arrow::ipc::reader::FileReader::try_new(std::io::Cursor::new(file.as_slice()), None);
    let batches = reader.expect("Arrow's reader opens what is valid");
    batches.map(|batch| batch.expect("Arrow's reader reads what is valid").num_rows() as u64).sum()
}
