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

/// A manifest is a page or two of text.
const MAX_MANIFEST_BYTES: usize = 1 << 20;

/// Compiles the module that came as the first file into the second.
///
/// # Errors
/// What is not the module's fault: a job that isn't this role's, a file that can't be mapped or written.
pub fn work(task: Task) -> anyhow::Result<Report> {
    anyhow::ensure!(task.role == Role::Compile, "this worker compiles, it does nothing else");
    let [module, mut code_file] = Task::exactly(task.files)?;
    let wasm = map_file(&module).context("can't map the module")?;
    let manifest = match inspect(wasm.as_ref()) {
        Ok(manifest) => manifest,
        Err(reason) => return Ok(Report::new(End::BadModule, reason)),
    };
    let engine = wasmtime::Engine::new(&config::for_compiler()).map_err(anyhow::Error::from)?;
    let code = match engine.precompile_module(wasm.as_ref()) {
        Ok(code) => code,
        Err(error) => return Ok(Report::new(End::BadModule, format!("{error:#}"))),
    };
    code_file.write_all(&code).context("can't write the code")?;
    let mut report = Report::new(End::Done, "");
    report.manifest = manifest;
    report.code_bytes = code.len() as u64;
    Ok(report)
}

/// Tells a module from what is none, and finds its manifest.
fn inspect(wasm: &[u8]) -> Result<Option<JsonMap>, String> {
    if !wasm.starts_with(b"\0asm") {
        return Err("it is not WebAssembly: it does not begin with \\0asm".to_owned());
    }
    let mut manifest = None;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(|error| format!("it is not valid WebAssembly: {error}"))? {
            Payload::Version { encoding: Encoding::Component, .. } => {
                return Err("it is a component, and components can't be run yet: build it as a command \
                            module, for the target wasm32-wasip1"
                    .to_owned());
            }
            Payload::CustomSection(section) if section.name() == MANIFEST_SECTION => {
                if manifest.is_some() {
                    return Err(format!("it has two sections `{MANIFEST_SECTION}`"));
                }
                manifest = Some(read_manifest(section.data())?);
            }
            _ => {}
        }
    }
    Ok(manifest)
}

fn read_manifest(json: &[u8]) -> Result<JsonMap, String> {
    if json.len() > MAX_MANIFEST_BYTES {
        return Err(format!(
            "its manifest is {} bytes long, more than the {MAX_MANIFEST_BYTES} that are allowed",
            json.len()
        ));
    }
    serde_json::from_slice(json).map_err(|error| format!("its manifest is no JSON object: {error}"))
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
    fn a_manifest_is_found() {
        let manifest = inspect(&with_section(MANIFEST_SECTION, br#"{"id_name":"x"}"#)).unwrap().unwrap();
        assert_eq!(manifest["id_name"], "x");
        assert_eq!(inspect(&with_section("name", b"")).unwrap(), None);
    }

    #[test]
    fn what_is_no_module_is_told_apart() {
        assert!(inspect(b"hello").unwrap_err().contains("not WebAssembly"));
        assert!(inspect(b"\0asm\x0d\0\x01\0").unwrap_err().contains("component"));
        assert!(inspect(b"\0asm\x01\0\0\0\x01").unwrap_err().contains("not valid"));
        assert!(inspect(&with_section(MANIFEST_SECTION, b"[1]")).unwrap_err().contains("no JSON object"));
        let deep = "[".repeat(100).into_bytes();
        assert!(inspect(&with_section(MANIFEST_SECTION, &deep)).unwrap_err().contains("no JSON object"));
    }
}
