//! A module's manifest, in the module.

use anyhow::Context;
use wasm_encoder::{CustomSection, Module, RawSection};
use wasmparser::{Parser, Payload};

/// The custom section that holds a manifest.
pub(crate) const SECTION: &str = "crunchbox:manifest";

/// The module with `manifest` (JSON) in it, in place of one that it had.
///
/// # Errors
/// If `wasm` is no module.
pub(crate) fn embed(wasm: &[u8], manifest: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut module = Module::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.context("not a WebAssembly module")?;
        if matches!(&payload, Payload::CustomSection(section) if section.name() == SECTION) {
            continue;
        }
        if let Some((id, range)) = payload.as_section() {
            module.section(&RawSection { id, data: &wasm[range] });
        }
    }
    module.section(&CustomSection { name: SECTION.into(), data: manifest.into() });
    Ok(module.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifests(wasm: &[u8]) -> Vec<Vec<u8>> {
        let sections = Parser::new(0).parse_all(wasm).map(Result::unwrap);
        sections
            .filter_map(|payload| match payload {
                Payload::CustomSection(section) if section.name() == SECTION => Some(section.data().to_vec()),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_manifest_is_embedded_once() {
        let first = embed(b"\0asm\x01\0\0\0", b"{}").unwrap();
        assert_eq!(manifests(&first), [b"{}"]);
        let second = embed(&first, br#"{"id_name":"x"}"#).unwrap();
        assert_eq!(manifests(&second), [br#"{"id_name":"x"}"#]);
        embed(b"no module", b"{}").unwrap_err();
    }

    #[test]
    fn the_rest_stays_as_it_was() {
        // A type section with one function type, and a custom section of another name.
        let wasm = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\0\x06\x04abcdx";
        let embedded = embed(wasm, b"{}").unwrap();
        assert!(embedded.starts_with(wasm));
    }
}
