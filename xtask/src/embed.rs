//! What a module says of itself, in the module.

use anyhow::Context;
use wasm_encoder::{CustomSection, Module, RawSection};
use wasmparser::{Parser, Payload};

/// The custom section that holds a manifest.
const MANIFEST: &str = "crunchbox:manifest";

/// The custom section that holds catalogues of messages.
const CATALOGUES: &str = "crunchbox:catalogues";

/// The module with `manifest` and `catalogues` (both JSON), if there are any, in place of those that it had.
///
/// # Errors
/// If `wasm` is no module.
pub(crate) fn embed(
    wasm: &[u8],
    manifest: Option<&[u8]>,
    catalogues: Option<&[u8]>,
) -> anyhow::Result<Vec<u8>> {
    let mut module = Module::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.context("not a WebAssembly module")?;
        if matches!(&payload, Payload::CustomSection(section) if [MANIFEST, CATALOGUES].contains(&section.name()))
        {
            continue;
        }
        if let Some((id, range)) = payload.as_section() {
            module.section(&RawSection { id, data: &wasm[range] });
        }
    }
    for (name, data) in [(MANIFEST, manifest), (CATALOGUES, catalogues)] {
        if let Some(data) = data {
            module.section(&CustomSection { name: name.into(), data: data.into() });
        }
    }
    Ok(module.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sections(wasm: &[u8], name: &str) -> Vec<Vec<u8>> {
        let payloads = Parser::new(0).parse_all(wasm).map(Result::unwrap);
        payloads
            .filter_map(|payload| match payload {
                Payload::CustomSection(section) if section.name() == name => Some(section.data().to_vec()),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn each_is_embedded_once() {
        let first = embed(b"\0asm\x01\0\0\0", Some(b"{}"), Some(b"{\"en\":{}}")).unwrap();
        assert_eq!(
            (sections(&first, MANIFEST), sections(&first, CATALOGUES).len()),
            (vec![b"{}".to_vec()], 1)
        );
        let second = embed(&first, Some(br#"{"id_name":"x"}"#), None).unwrap();
        assert_eq!(sections(&second, MANIFEST), [br#"{"id_name":"x"}"#]);
        assert!(sections(&second, CATALOGUES).is_empty());
        embed(b"no module", Some(b"{}"), None).unwrap_err();
    }

    #[test]
    fn the_rest_stays_as_it_was() {
        // A type section with one function type, and a custom section of another name.
        let wasm = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\0\x06\x04abcdx";
        let embedded = embed(wasm, Some(b"{}"), None).unwrap();
        assert!(embedded.starts_with(wasm));
    }
}
