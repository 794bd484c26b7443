//! Gives the interpreter room: scripts call deeper than a megabyte of stack holds.

fn main() {
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        println!("cargo:rustc-link-arg=-zstack-size=16777216");
    }
    println!("cargo:rerun-if-changed=build.rs");
}
