//! The compiler's role: a module in, native code out.

use std::io::Write;

use anyhow::Context;
use crunchbox_jail::map_file;
use crunchbox_protocol::{End, JsonMap, Report, Role};
use wasmparser::{Encoding, Parser, Payload};

use crate::config;
use crate::serve::Task;

/// The custom section that holds a module's manifest, as JSON.
const MANIFEST_SECTION: &str = "crunchbox:manifest";

/// The custom section that holds a module's catalogues of messages, as JSON: languages, in each of them ids with texts.
const CATALOGUES_SECTION: &str = "crunchbox:catalogues";

/// Each of them is a page or two of text.
const MAX_SECTION_BYTES: usize = 1 << 20;

/// What a module says of itself.
#[derive(Debug, Default, PartialEq)]
struct Told {
    manifest: Option<JsonMap>,
    catalogues: Option<JsonMap>,
}

/// Compiles the module that came as the first file into the second.
///
/// # Errors
/// What is not the module's fault: a job that isn't this role's, a file that can't be mapped or written.
pub fn work(task: Task) -> anyhow::Result<Report> {
    anyhow::ensure!(task.role == Role::Compile, "this worker compiles, it does nothing else");
    let [module, mut code_file] = Task::exactly(task.files)?;
    let wasm = map_file(&module).context("can't map the module")?;
    let told = match inspect(wasm.as_ref()) {
        Ok(told) => told,
        Err(reason) => return Ok(Report::new(End::BadModule, reason)),
    };
    let engine = wasmtime::Engine::new(&config::for_compiler()).map_err(anyhow::Error::from)?;
    let code = match engine.precompile_module(wasm.as_ref()) {
        Ok(code) => code,
        Err(error) => return Ok(Report::new(End::BadModule, format!("{error:#}"))),
    };
    code_file.write_all(&code).context("can't write the code")?;
    let mut report = Report::new(End::Done, "");
    (report.manifest, report.catalogues) = (told.manifest, told.catalogues);
    report.code_bytes = code.len() as u64;
    Ok(report)
}

/// Tells a module from what is none, and finds what it says of itself.
fn inspect(wasm: &[u8]) -> Result<Told, String> {
    if !wasm.starts_with(b"\0asm") {
        return Err("it is not WebAssembly: it does not begin with \\0asm".to_owned());
    }
    let mut told = Told::default();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(|error| format!("it is not valid WebAssembly: {error}"))? {
            Payload::Version { encoding: Encoding::Component, .. } => {
                return Err("it is a component, and components can't be run yet: build it as a command \
                            module, for the target wasm32-wasip1"
                    .to_owned());
            }
            Payload::CustomSection(section) => {
                let (name, place) = match section.name() {
                    MANIFEST_SECTION => (MANIFEST_SECTION, &mut told.manifest),
                    CATALOGUES_SECTION => (CATALOGUES_SECTION, &mut told.catalogues),
                    _ => continue,
                };
                if place.is_some() {
                    return Err(format!("it has two sections `{name}`"));
                }
                *place = Some(read(name, section.data())?);
            }
            _ => {}
        }
    }
    Ok(told)
}

fn read(section: &str, json: &[u8]) -> Result<JsonMap, String> {
    if json.len() > MAX_SECTION_BYTES {
        let bytes = json.len();
        return Err(format!(
            "its section `{section}` is {bytes} bytes long, more than the {MAX_SECTION_BYTES} that are allowed"
        ));
    }
    serde_json::from_slice(json)
        .map_err(|error| format!("its section `{section}` is no JSON object: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_section(name: &str, data: &[u8]) -> Vec<u8> {
        let mut body = vec![name.len() as u8];
        body.extend(name.as_bytes());
        body.extend(data);
        let mut wasm = b"\0asm\x01\0\0\0\0".to_vec();
        wasm.push(u8::try_from(body.len()).unwrap());
        wasm.extend(body);
        wasm
    }

    #[test]
    fn what_it_says_of_itself_is_found() {
        let told = inspect(&with_section(MANIFEST_SECTION, br#"{"id_name":"x"}"#)).unwrap();
        assert_eq!((&told.manifest.unwrap()["id_name"], told.catalogues), (&"x".into(), None));
        let told = inspect(&with_section(CATALOGUES_SECTION, br#"{"en":{}}"#)).unwrap();
        assert!(told.manifest.is_none() && told.catalogues.unwrap()["en"].is_object());
        assert_eq!(inspect(&with_section("name", b"")).unwrap(), Told::default());
    }

    #[test]
    fn what_is_no_module_is_told_apart() {
        assert!(inspect(b"hello").unwrap_err().contains("not WebAssembly"));
        assert!(inspect(b"\0asm\x0d\0\x01\0").unwrap_err().contains("component"));
        assert!(inspect(b"\0asm\x01\0\0\0\x01").unwrap_err().contains("not valid"));
        assert!(inspect(&with_section(MANIFEST_SECTION, b"[1]")).unwrap_err().contains("no JSON object"));
        let long = [b"{\"a\":\"".to_vec(), vec![b'x'; MAX_SECTION_BYTES], b"\"}".to_vec()].concat();
        assert!(read(CATALOGUES_SECTION, &long).unwrap_err().contains("bytes long"));
        let deep = "[".repeat(100).into_bytes();
        assert!(inspect(&with_section(MANIFEST_SECTION, &deep)).unwrap_err().contains("no JSON object"));
    }
}
