//! The generated code is of the IDL that is here: `cargo xtask thrift` writes both hashes.

use std::path::Path;

#[test]
fn generated_code_is_not_stale() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let stamps = std::fs::read_to_string(folder.join("src/wire/stamps.txt")).unwrap();
    let mut seen = 0;
    for line in stamps.lines() {
        let (hash, file) = line.split_once("  ").expect("a hash and a file");
        let bytes = std::fs::read(folder.join("../..").join(file)).unwrap();
        let found = blake3::hash(&bytes).to_hex();
        assert_eq!(found.as_str(), hash, "{file} has changed: run `cargo xtask thrift`");
        seen += 1;
    }
    assert_eq!(seen, 4, "two IDL files and what was made of each");
}
