//! The seeds of the fuzz targets: made here, and run through the oracles without a fuzzer.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::{Read, Seek};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float64Array,
    Int64Array, ListArray, NullArray, RecordBatch, StringArray, StringViewArray, StructArray,
    TimestampNanosecondArray,
};
use arrow::datatypes::{DataType, Field, Fields, Int8Type, Int32Type, Schema};
use arrow::ipc::CompressionType;
use arrow::ipc::writer::{FileWriter, IpcWriteOptions};
use crunchbox_params::Manifest;
use crunchbox_protocol::{
    Caps, ColumnReport, End, FetchError, FetchRequest, FetchResult, I18nMessage, JsonMap, KeyPart, Message,
    MigrateParamsRequest, MigrateParamsResult, Place, QuickFix, QuickFixAction, RenderError, RenderRequest,
    RenderResult, Report, Source, TabOutput, TableReport, UploadedFile,
};
use crunchbox_table::{Buffer, ConvertOptions, FileFormat, Input, Profile, TableLimits};
use serde_json::{Value, json};

use crate::{fuzz, names, read, root};

/// A function that panics on bytes that break a promise.
type Oracle = fn(&[u8]);

const TARGETS: [(&str, Oracle); 7] = [
    ("message", fuzz::message),
    ("report", fuzz::report),
    ("manifest", fuzz::manifest),
    ("table", fuzz::table),
    ("cache", fuzz::cache),
    ("spawner", fuzz::spawner),
    ("pattern", fuzz::pattern),
];

/// All seeds of a target together, in bytes.
const MAX_BYTES: usize = 100 << 10;

fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = format!("tests/fuzz/seeds/{target}");
    names(&folder)
        .into_iter()
        .map(|name| {
            let path = format!("{folder}/{name}");
            let bytes = fs::read(root().join(&path)).unwrap();
            (path, bytes)
        })
        .collect()
}

#[test]
fn targets_are_listed_everywhere() {
    let listed: BTreeSet<String> = TARGETS.iter().map(|(target, _)| target.to_string()).collect();
    let sources: BTreeSet<String> = listed.iter().map(|target| format!("{target}.rs")).collect();
    assert_eq!(names("tests/fuzz/fuzz_targets").into_iter().collect::<BTreeSet<_>>(), sources);
    assert_eq!(names("tests/fuzz/seeds").into_iter().collect::<BTreeSet<_>>(), listed);
    let runner = read("xtask/src/test.rs");
    for target in listed {
        assert!(runner.contains(&format!("\"{target}\"")), "`cargo xtask fuzz` does not run {target}");
    }
}

#[test]
fn every_seed_passes() {
    for (target, oracle) in TARGETS {
        let seeds = seeds(target);
        assert!(seeds.len() >= 5, "{target} has only {} seeds", seeds.len());
        let bytes: usize = seeds.iter().map(|(_, seed)| seed.len()).sum();
        assert!(bytes <= MAX_BYTES, "the seeds of {target} have {bytes} bytes");
        for (path, seed) in seeds {
            println!("{path}"); // Shown if the oracle panics.
            oracle(&seed);
        }
    }
}

/// A seed that is refused at once leads nowhere.
#[test]
fn every_seed_is_still_understood() {
    let caps = Caps::default();
    for (path, seed) in seeds("message") {
        let understood = RenderResult::decode(&seed, &caps).is_ok()
            || RenderRequest::decode(&seed, &caps).is_ok()
            || FetchResult::decode(&seed, &caps).is_ok()
            || FetchRequest::decode(&seed, &caps).is_ok()
            || MigrateParamsRequest::decode(&seed, &caps).is_ok()
            || MigrateParamsResult::decode(&seed, &caps).is_ok();
        assert!(understood, "{path}");
    }
    for (path, seed) in seeds("pattern") {
        let text = std::str::from_utf8(&seed).unwrap();
        let is_one =
            crunchbox_messages::Pattern::parse(text).is_ok() || serde_json::from_str::<JsonMap>(text).is_ok();
        assert!(is_one, "{path}");
    }
    for (path, seed) in seeds("report") {
        Report::decode(&seed, &caps).unwrap_or_else(|error| panic!("{path}: {error}"));
    }
    for (path, seed) in seeds("manifest") {
        Manifest::from_json_bytes(&seed).unwrap_or_else(|error| panic!("{path}: {error}"));
    }
    let good = fs::read(root().join("tests/fuzz/seeds/cache/good")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let code = crunchbox::code_by_entry(folder.path(), fuzz::CODE, &good).unwrap();
    assert_eq!(code.as_deref(), Some(fuzz::CODE), "the cache's seed leads to no code");
    for (path, seed) in seeds("table") {
        let (action, bytes) = seed.split_first().unwrap();
        let format = match action {
            0 | 1 | 2 | 5 | 8 => FileFormat::Arrow,
            3 | 6 => FileFormat::Parquet,
            4 | 7 => FileFormat::Csv,
            _ => panic!("{path}: begins with {action}"),
        };
        let input = Input::Buffer(Buffer::from(bytes));
        crunchbox_table::preview(input, format, 3, &TableLimits::default())
            .unwrap_or_else(|error| panic!("{path}: {error}"));
    }
}

#[test]
#[ignore = "writes tests/fuzz/seeds"]
fn write_seeds() {
    let made = [
        ("message", messages()),
        ("report", reports()),
        ("manifest", manifests()),
        ("table", tables()),
        ("cache", cache_entries()),
        ("spawner", spawners_words()),
        ("pattern", patterns()),
    ];
    for (target, seeds) in made {
        let folder = root().join("tests/fuzz/seeds").join(target);
        fs::create_dir_all(&folder).unwrap();
        for (name, bytes) in seeds {
            fs::write(folder.join(name), bytes).unwrap();
        }
    }
}

type Seeds = Vec<(String, Vec<u8>)>;

fn map(value: Value) -> JsonMap {
    value.as_object().unwrap().clone()
}

fn seed(name: &str, message: &impl Message) -> (String, Vec<u8>) {
    (name.to_owned(), message.encode().unwrap())
}

fn some_json() -> JsonMap {
    map(json!({"text": "é", "int": -3, "float": 1.5, "bool": true, "null": null, "list": [1, [], {"a": {}}]}))
}

fn some_fetch() -> FetchResult {
    let message = I18nMessage::new("fetch.failed").arg("status", 404);
    FetchResult { filename: "fetched".to_owned(), errors: vec![FetchError { message }] }
}

fn messages() -> Seeds {
    let fix = QuickFix {
        button_text: I18nMessage::new("fix"),
        action: QuickFixAction::PrependStep { module_slug: "sort".to_owned(), partial_params: some_json() },
    };
    let message =
        I18nMessage::new("e").arg("n", 3).arg("x", 0.5).arg("s", "t").from_source(Source::Cjwmodule);
    let errors = vec![RenderError::from(message).quick_fix(fix), I18nMessage::new("plain").into()];
    let tab = TabOutput { tab_name: "Tab 2".to_owned(), table_filename: "tab-2.arrow".to_owned() };
    let file = UploadedFile {
        name: "a b.csv".to_owned(),
        filename: "f.csv".to_owned(),
        uploaded_at_timestampus: 1_700_000_000_000_000,
    };
    let request = RenderRequest {
        basedir: "/in".to_owned(),
        input_filename: "input.arrow".to_owned(),
        params: some_json(),
        tab_name: "Tab 1".to_owned(),
        fetch_result: Some(some_fetch()),
        output_filename: "output.arrow".to_owned(),
        tab_outputs: BTreeMap::from([("tab-2".to_owned(), tab)]),
        uploaded_files: BTreeMap::from([("00000000-0000-4000-8000-000000000000".to_owned(), file)]),
        input_rows: Some(8..16),
        key_part: Some(KeyPart { number: 1, count: 2, order_filename: "order.arrow".to_owned() }),
    };
    let fetch = FetchRequest {
        basedir: "/in".to_owned(),
        params: some_json(),
        secrets: map(json!({"key": {"name": "n", "secret": "s"}})),
        last_fetch_result: Some(some_fetch()),
        input_table_parquet_filename: Some("input.parquet".to_owned()),
        output_filename: "output".to_owned(),
        uploaded_files: request.uploaded_files.clone(),
    };
    // A field 99 that nobody knows: a list of two structs, each with a text.
    let mut unknown = RenderResult::default().encode().unwrap();
    unknown.pop();
    unknown.extend(b"\x0f\x00\x63\x0c\x00\x00\x00\x02\x0b\x00\x01\x00\x00\x00\x01x\x00\x0b\x00\x01\x00\x00\x00\x01y\x00\x00");
    vec![
        seed("result-empty", &RenderResult::default()),
        seed("result-full", &RenderResult { errors, json: some_json() }),
        ("result-unknown-field".to_owned(), unknown),
        seed("request", &request),
        seed("fetch-request", &fetch),
        seed("fetch-result", &some_fetch()),
        seed("migrate-request", &MigrateParamsRequest { params: some_json() }),
        seed("migrate-result", &MigrateParamsResult { params: some_json() }),
    ]
}

fn cache_entries() -> Seeds {
    let name = format!("{}.code", blake3::hash(fuzz::CODE).to_hex());
    let bytes = fuzz::CODE.len();
    let entry = |name: &str, code: &str, bytes: usize, manifest: Value| {
        let json = json!({"code": code, "bytes": bytes, "manifest": manifest});
        (name.to_owned(), json.to_string().into_bytes())
    };
    vec![
        entry("good", &name, bytes, Value::Null),
        entry("manifest", &name, bytes, json!({"id_name": "a", "parameters": []})),
        entry("longer", &name, bytes + 1, Value::Null),
        entry("elsewhere", "../../../away.code", 4, Value::Null),
        entry("another", &name.replace('a', "b"), bytes, Value::Null),
    ]
}

fn patterns() -> Seeds {
    let plural = "{n, plural, offset:1 =0 {no {what}} one {# row} other {# rows}} in {n, number, integer}";
    let catalogues =
        json!({"en": {"a": plural, "b": "{k, select, x {'{'x'}'} other {}}"}, "pl": {"a": "{n}"}});
    [
        ("text", "plain text, it''s '{'quoted'}'".to_owned()),
        ("plural", plural.to_owned()),
        ("ordinal", "{n, selectordinal, one {#st} two {#nd} few {#rd} other {#th}}".to_owned()),
        ("select", "{k, select, text {{a} words} other {{n, number}}}".to_owned()),
        ("deep", format!("{}x{}", "{a, select, other {".repeat(8), "}}".repeat(8))),
        ("catalogues", catalogues.to_string()),
    ]
    .map(|(name, text)| (name.to_owned(), text.into_bytes()))
    .into()
}

/// Requests (a length, then the name of a room) and news (a letter, then what it is of).
fn spawners_words() -> Seeds {
    let request = |room: &[u8]| [&(room.len() as u64).to_le_bytes(), room].concat();
    let ended = [&b"e\x01"[..], &9_i32.to_le_bytes(), &1_u64.to_le_bytes(), &2_u64.to_le_bytes()].concat();
    vec![
        ("request".to_owned(), request(b"room-12")),
        ("request-no-room".to_owned(), request(b"")),
        ("request-huge".to_owned(), u64::MAX.to_le_bytes().to_vec()),
        ("started".to_owned(), [&b"s"[..], &77_i32.to_le_bytes()].concat()),
        ("ready".to_owned(), b"rlandlock\tthe kernel has none\ncgroup\tnone was asked for\n".to_vec()),
        ("failed".to_owned(), b"fno room".to_vec()),
        ("ended".to_owned(), ended),
    ]
}

fn reports() -> Seeds {
    let mut done = Report::new(End::Done, "");
    done.fuel = 12_345;
    done.peak_memory_bytes = 1 << 20;
    done.stdout = RenderResult::default().encode().unwrap();
    let mut exit = Report::new(End::Exit, "");
    exit.exit_status = -1;
    let mut memory = Report::new(End::Memory, "no room");
    memory.refused_bytes = 1 << 30;
    memory.stdout_overflow = true;
    let mut bad_table = Report::new(End::BadTable, "too many rows");
    bad_table.check = Some("max-rows".to_owned());
    bad_table.column = Some("A".to_owned());
    let mut table = Report::new(End::Done, "");
    table.table = Some(TableReport {
        rows: 2,
        columns: vec![ColumnReport {
            name: "A".to_owned(),
            type_name: "number".to_owned(),
            format: Some("{:,}".to_owned()),
            unit: None,
        }],
        preview: vec![vec!["1".to_owned()], vec![String::new()]],
        plain: true,
    });
    let mut compiled = Report::new(End::Done, "");
    compiled.manifest = Some(some_json());
    compiled.code_bytes = 4096;
    let mut placed = Report::new(End::Done, "");
    placed.place = Some(Place { start: 832, bytes: 4096, at: 8192 });
    vec![
        seed("done", &done),
        seed("exit", &exit),
        seed("trap", &Report::new(End::Trap, "unreachable\n  in f")),
        seed("memory", &memory),
        seed("bad-table", &bad_table),
        seed("table", &table),
        seed("compiled", &compiled),
        seed("placed", &placed),
    ]
}

fn manifests() -> Seeds {
    let manifest = |id: &str, parameters: Value| {
        let manifest = json!({"id_name": id, "name": "N", "category": "Clean", "parameters": parameters});
        (id.to_owned(), manifest.to_string().into_bytes())
    };
    let a = json!({"value": "a", "label": "A"});
    let b = json!({"value": "b", "label": "B"});
    let plain = json!([
        {"id_name": "text", "type": "statictext", "name": "T"},
        {"id_name": "s", "type": "string", "name": "S", "default": "d", "multiline": true},
        {"id_name": "f", "type": "numberformat", "name": "F", "default": "{:,.2f}"},
        {"id_name": "i", "type": "integer", "name": "I", "default": -3},
        {"id_name": "x", "type": "float", "name": "X", "default": 0.1},
        {"id_name": "c", "type": "checkbox", "name": "C", "default": true},
        {"id_name": "m", "type": "menu", "name": "M", "options": [a.clone(), "separator", b.clone()], "default": "b"},
        {"id_name": "r", "type": "radio", "name": "R", "options": [a, b],
         "visible_if": {"id_name": "m", "value": ["a", "b"], "invert": true}},
        {"id_name": "z", "type": "timezone", "name": "Z"},
    ]);
    let tabular = json!([
        {"id_name": "tab", "type": "tab", "name": "T"},
        {"id_name": "tabs", "type": "multitab", "name": "T"},
        {"id_name": "column", "type": "column", "name": "C", "column_types": ["date", "number"], "tab_parameter": "tab"},
        {"id_name": "columns", "type": "multicolumn", "name": "C"},
        {"id_name": "condition", "type": "condition", "name": "C"},
        {"id_name": "series", "type": "multichartseries", "name": "S"},
        {"id_name": "file", "type": "file"},
        {"id_name": "list", "type": "list", "name": "L", "child_parameters": [
            {"id_name": "by", "type": "column"}, {"id_name": "n", "type": "integer", "default": 1},
        ]},
    ]);
    let mut seeds = vec![
        manifest("none", json!([])),
        manifest("plain", plain),
        manifest("tabular", tabular),
        manifest(
            "secret",
            json!([{"id_name": "key", "type": "secret", "secret_logic": {"provider": "string",
            "label": "L", "pattern": "a+", "placeholder": "p", "help": "h", "help_url": "u", "help_url_prompt": "q"}}]),
        ),
    ];
    for id in ["filter", "sort"] {
        let manifest = Manifest::from_yaml(&read(&format!("modules/{id}/{id}.yaml"))).unwrap();
        seeds.push((id.to_owned(), manifest.to_json().into_bytes()));
    }
    seeds
}

const CSV: &str =
    "city,people,area,day\nParis,2100000,105.4,2026-01-01\n\"Rome, Lazio\",,1285,\nÅrhus,290598,91.1,x\n";

fn arrow_file(batch: &RecordBatch, compression: Option<CompressionType>) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
    let mut writer = FileWriter::try_new_with_options(Vec::new(), &batch.schema(), options).unwrap();
    writer.write(&batch.slice(0, 2)).unwrap();
    writer.write(&batch.slice(2, 1)).unwrap();
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

/// A column's name, one entry of its metadata, and its cells.
type SeedColumn<'a> = (&'a str, Option<(&'a str, &'a str)>, ArrayRef);

/// A table of three rows; a column is its name, its metadata, its values.
fn batch(columns: Vec<SeedColumn<'_>>) -> RecordBatch {
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns
        .into_iter()
        .map(|(name, metadata, array)| {
            let metadata: HashMap<_, _> =
                metadata.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
            (Field::new(name, array.data_type().clone(), true).with_metadata(metadata), array)
        })
        .unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

fn workbench() -> RecordBatch {
    let number = Some(("format", "{:,}"));
    let words: DictionaryArray<Int8Type> = [Some("a"), Some("b"), Some("a")].into_iter().collect();
    batch(vec![
        ("text", None, Arc::new(StringArray::from(vec![Some("é"), None, Some("")]))),
        ("words", None, Arc::new(words)),
        ("int", number, Arc::new(Int64Array::from(vec![Some(1), None, Some(-3)]))),
        ("float", number, Arc::new(Float64Array::from(vec![0.5, 1e300, -0.0]))),
        ("time", None, Arc::new(TimestampNanosecondArray::from(vec![Some(0), None, Some(1)]))),
        ("day", Some(("unit", "day")), Arc::new(Date32Array::from(vec![Some(20_000), None, Some(-1)]))),
    ])
}

fn nested() -> RecordBatch {
    let lists = vec![Some(vec![Some(1), None]), None, Some(vec![])];
    let inner: ArrayRef = Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]));
    let fields = Fields::from(vec![Field::new("b", DataType::Boolean, true)]);
    let decimal =
        Decimal128Array::from(vec![Some(12_345), None, Some(-1)]).with_precision_and_scale(5, 2).unwrap();
    batch(vec![
        ("list", None, Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(lists))),
        ("struct", None, Arc::new(StructArray::new(fields, vec![inner], None))),
        ("decimal", None, Arc::new(decimal)),
        (
            "view",
            None,
            Arc::new(StringViewArray::from(vec![Some("more than twelve bytes"), None, Some("short")])),
        ),
        ("null", None, Arc::new(NullArray::new(3))),
    ])
}

fn parquet_file(arrow: &[u8]) -> Vec<u8> {
    let mut output = tempfile::tempfile().unwrap();
    let options = ConvertOptions::new(Profile::Arrow);
    let input = Input::Buffer(Buffer::from(arrow));
    let handle = output.try_clone().unwrap();
    crunchbox_table::convert(input, FileFormat::Arrow, FileFormat::Parquet, handle, &options).unwrap();
    let mut bytes = Vec::new();
    output.rewind().unwrap();
    output.read_to_end(&mut bytes).unwrap();
    bytes
}

fn tables() -> Seeds {
    let plain = arrow_file(&workbench(), None);
    let nested = arrow_file(&nested(), None);
    let lz4 = arrow_file(&workbench(), Some(CompressionType::LZ4_FRAME));
    let zstd = arrow_file(&workbench(), Some(CompressionType::ZSTD));
    let places: ArrayRef = Arc::new(BinaryArray::from_iter_values([b"a", b"b", b"c"]));
    let order = arrow_file(&batch(vec![("order", None, places)]), None);
    // The first byte says what the target does with the rest.
    let files: [(u8, &str, &[u8]); 14] = [
        (0, "validate-arrow-workbench", &plain),
        (0, "validate-arrow-nested", &nested),
        (1, "validate-workbench", &plain),
        (2, "preview-arrow-nested", &nested),
        (2, "preview-arrow-lz4", &lz4),
        (3, "preview-parquet", &parquet_file(&plain)),
        (4, "preview-csv", CSV.as_bytes()),
        (5, "convert-arrow-lz4", &lz4),
        (5, "convert-arrow-zstd", &zstd),
        (5, "convert-arrow-nested", &nested),
        (6, "convert-parquet", &parquet_file(&plain)),
        (6, "convert-parquet-nested", &parquet_file(&nested)),
        (7, "convert-csv", CSV.as_bytes()),
        (8, "merge", &order),
    ];
    let seed = |(action, name, bytes): (u8, &str, &[u8])| (name.to_owned(), [&[action], bytes].concat());
    files.into_iter().map(seed).collect()
}
