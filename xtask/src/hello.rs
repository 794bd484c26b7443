//! The smallest step that does all that a step has to: it takes its request, logs a line and gives its result.

use std::io::{Read, Write};

fn main() -> std::io::Result<()> {
    let mut request = Vec::new();
    std::io::stdin().read_to_end(&mut request)?;
    eprintln!("hello, world");
    // A RenderResult without errors (field 1, a list of structs) and JSON (field 2, a map of strings to structs).
    let result = [0x0f, 0, 1, 0x0c, 0, 0, 0, 0, 0x0d, 0, 2, 0x0b, 0x0c, 0, 0, 0, 0, 0];
    std::io::stdout().write_all(&result)
}
