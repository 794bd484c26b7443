//! The contract in `wit/`: its two tellings agree, and neither changes unseen.

use std::collections::{BTreeMap, BTreeSet};

use crunchbox_protocol::CONTRACT_VERSION;
use wit_parser::{PackageId, Resolve, Type, TypeDefKind, WorldItem};

use crate::{assert_none, code_words, read, root};

/// The files that tell the contract.
const FILES: [&str; 2] = ["step.thrift", "step.wit"];

/// Structs that are no records in WIT: JSON travels as text there, and a record can't be empty.
const NO_RECORDS: [&str; 2] = ["Json", "ValidateModuleResult"];

#[test]
fn no_version_changes_unseen() {
    let mut problems = Vec::new();
    let mut recorded: BTreeMap<(u32, &str), &str> = BTreeMap::new();
    let versions = read("wit/versions.txt");
    for line in versions.lines() {
        let [version, hash, file] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("wit/versions.txt: `{line}` is not `<version> <BLAKE3 hash> <file>`");
        };
        let version: u32 =
            version.parse().unwrap_or_else(|_| panic!("wit/versions.txt: `{version}` is no version"));
        assert!(
            version <= CONTRACT_VERSION,
            "wit/versions.txt: version {version} is newer than CONTRACT_VERSION"
        );
        let before = recorded.insert((version, file), hash);
        assert!(before.is_none(), "wit/versions.txt: version {version} of {file} is there twice");
    }
    for version in (1..).take_while(|version| *version < CONTRACT_VERSION) {
        for file in FILES.into_iter().filter(|file| !recorded.contains_key(&(version, *file))) {
            problems.push(format!("wit/versions.txt has lost version {version} of {file}"));
        }
    }
    for file in FILES {
        let hash = blake3::hash(read(&format!("wit/{file}")).as_bytes()).to_hex();
        if recorded.get(&(CONTRACT_VERSION, file)) != Some(&hash.as_str()) {
            problems.push(format!(
                "wit/{file} has changed. If a module built before may break, raise CONTRACT_VERSION and keep the old \
                 one running: wit/README.md. Else make this its line in wit/versions.txt:\n\
                 {CONTRACT_VERSION} {hash} {file}"
            ));
        }
    }
    assert_none(&problems);
}

#[test]
fn every_file_says_the_same_version() {
    let thrift = read("wit/step.thrift");
    let first = thrift.lines().next().unwrap();
    assert!(first.contains(&format!("version {CONTRACT_VERSION},")), "wit/step.thrift: {first}");
    let (resolve, package) = parse();
    let name = resolve.packages[package].name.to_string();
    assert!(name.starts_with(&format!("crunchbox:step@{CONTRACT_VERSION}.")), "wit/step.wit: package {name}");
}

fn parse() -> (Resolve, PackageId) {
    let mut resolve = Resolve::default();
    match resolve.push_source("step.wit", &read("wit/step.wit")) {
        Ok(package) => (resolve, package),
        Err(error) => panic!("wit/step.wit: {error:#}"),
    }
}

/// `RenderError` or `quick_fixes` as WIT writes it.
fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.push(if c == '_' { '-' } else { c.to_ascii_lowercase() });
    }
    kebab
}

/// A type of the one language in the other.
fn translated(thrift: &str) -> String {
    let inside = |start: &str| thrift.strip_prefix(start)?.strip_suffix('>');
    match thrift {
        "string" => "string".to_owned(),
        "i32" => "s32".to_owned(),
        "i64" => "s64".to_owned(),
        "double" => "f64".to_owned(),
        "map<string, Json>" => "json-object".to_owned(),
        _ => match (inside("list<"), inside("map<string, ")) {
            (Some(element), _) => format!("list<{}>", translated(element)),
            (None, Some(value)) => format!("list<tuple<string, {}>>", translated(value)),
            (None, None) => kebab(thrift),
        },
    }
}

/// A struct's name, and its fields' names and types, in WIT's words.
type Struct = (String, Vec<(String, String)>);

fn thrift_structs(thrift: &str) -> Vec<Struct> {
    let mut structs: Vec<Struct> = Vec::new();
    for line in thrift.lines() {
        let line = line.split("//").next().unwrap().trim();
        if let Some(name) = line.strip_prefix("struct ").and_then(|rest| rest.strip_suffix(" {")) {
            structs.push((name.to_owned(), Vec::new()));
        } else if let Some((_, field)) = line.split_once(": optional ") {
            let (type_name, field) = field.rsplit_once(' ').expect("a type and a name");
            structs.last_mut().expect("a struct").1.push((kebab(field), translated(type_name)));
        }
    }
    structs.retain(|(name, _)| !NO_RECORDS.contains(&name.as_str()));
    structs.into_iter().map(|(name, fields)| (kebab(&name), fields)).collect()
}

fn type_text(resolve: &Resolve, of: &Type) -> String {
    let id = match of {
        Type::String => return "string".to_owned(),
        Type::S32 => return "s32".to_owned(),
        Type::S64 => return "s64".to_owned(),
        Type::F64 => return "f64".to_owned(),
        Type::Id(id) => *id,
        other => return format!("{other:?}"),
    };
    let definition = &resolve.types[id];
    match (&definition.name, &definition.kind) {
        (Some(name), _) => name.clone(),
        (None, TypeDefKind::List(element)) => format!("list<{}>", type_text(resolve, element)),
        (None, TypeDefKind::Option(value)) => format!("option<{}>", type_text(resolve, value)),
        (None, TypeDefKind::Tuple(tuple)) => {
            let types: Vec<String> = tuple.types.iter().map(|of| type_text(resolve, of)).collect();
            format!("tuple<{}>", types.join(", "))
        }
        (None, kind) => format!("{kind:?}"),
    }
}

/// A record's name, and its fields with their types.
type Fields = BTreeMap<String, Vec<(String, String)>>;

/// Each record and variant, as [`thrift_structs`] gives them, and what else has a name.
fn wit_structs(resolve: &Resolve, package: PackageId) -> (Fields, Vec<String>) {
    let interface = resolve.packages[package].interfaces["types"];
    let mut structs = BTreeMap::new();
    let mut others = Vec::new();
    for (name, id) in &resolve.interfaces[interface].types {
        let fields = match &resolve.types[*id].kind {
            TypeDefKind::Record(record) => record
                .fields
                .iter()
                .map(|field| (field.name.clone(), type_text(resolve, &field.ty)))
                .collect(),
            TypeDefKind::Variant(variant) => {
                let of = |of: &Option<Type>| of.as_ref().map_or(String::new(), |of| type_text(resolve, of));
                variant.cases.iter().map(|case| (case.name.clone(), of(&case.ty))).collect()
            }
            _ => {
                others.push(name.clone());
                continue;
            }
        };
        structs.insert(name.clone(), fields);
    }
    (structs, others)
}

#[test]
fn both_tellings_have_the_same_records() {
    let (resolve, package) = parse();
    let (mut found, others) = wit_structs(&resolve, package);
    assert_eq!(others, ["json-object", "source"]);
    let mut problems = Vec::new();
    for (name, mut wanted) in thrift_structs(&read("wit/step.thrift")) {
        let Some(mut fields) = found.remove(&name) else {
            problems.push(format!("wit/step.wit has no `{name}`"));
            continue;
        };
        for (field, type_name) in &mut wanted {
            // A word of three, which Thrift has as text.
            if (name.as_str(), field.as_str()) == ("i18n-message", "source") {
                *type_name = "source".to_owned();
            }
        }
        for (_, type_name) in &mut fields {
            if let Some(inner) = type_name.strip_prefix("option<").and_then(|rest| rest.strip_suffix('>')) {
                *type_name = inner.to_owned();
            }
        }
        if fields != wanted {
            problems.push(format!("`{name}`: step.wit has {fields:?}, step.thrift has {wanted:?}"));
        }
    }
    problems.extend(found.keys().map(|name| format!("wit/step.thrift has no `{name}`")));
    assert_none(&problems);
}

#[test]
fn both_tellings_have_the_same_calls() {
    let thrift = read("wit/step.thrift");
    let wanted: BTreeSet<(String, String, String)> = thrift
        .lines()
        .filter_map(|line| line.strip_prefix("//")?.split_once("->"))
        .map(|(left, result)| {
            let (call, request) = left.trim().split_once(' ').expect("a call and its request");
            // What has no parts is nothing in WIT.
            let [request, result] = [request, result].map(str::trim).map(|name| match name {
                "(nothing)" | "ValidateModuleResult" => String::new(),
                name => kebab(name),
            });
            (call.to_owned(), request, result)
        })
        .collect();
    assert_eq!(wanted.len(), 4, "{wanted:?}");

    let (resolve, package) = parse();
    let world = &resolve.worlds[resolve.packages[package].worlds["step"]];
    let functions = world.exports.values().map(|item| match item {
        WorldItem::Function(function) => function,
        other => panic!("step.wit exports {other:?}, which is no function"),
    });
    let found: BTreeSet<(String, String, String)> = functions
        .map(|function| {
            let params: Vec<String> =
                function.params.iter().map(|param| type_text(&resolve, &param.ty)).collect();
            let result = function.result.as_ref().map_or(String::new(), |of| type_text(&resolve, of));
            (function.name.clone(), params.join(", "), result)
        })
        .collect();
    assert_eq!(found, wanted);
}

#[test]
fn what_is_said_to_hold_the_contract_is_there() {
    let readme = read("wit/README.md");
    let places = ["guest-sdk/", "host/", "tests/", "xtask/"];
    let named: Vec<&str> = readme
        .lines()
        .flat_map(code_words)
        .filter(|word| places.iter().any(|place| word.starts_with(place)))
        .collect();
    assert!(named.len() > 20, "{named:?}");
    let gone = named.into_iter().filter(|file| !root().join(file).exists());
    assert_none(
        &gone.map(|file| format!("wit/README.md names {file}, which is not there")).collect::<Vec<_>>(),
    );
}
