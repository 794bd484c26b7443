//! Writes 40 files of half of what it may write in all, and removes each while it holds it open.

use std::ffi::CString;
use std::fs::File;
use std::io::{self, Write};
use std::time::Duration;

use crate::attack::{Attack, Scene, refused};
use crate::sys::call;

// Who isn't root can't look into a worker, and its worker is bounded by the number of its descriptors.
pub(super) const ATTACK: Attack = Attack::new("exit", run).judged().of_root("output");

fn run(scene: &Scene) -> io::Result<String> {
    let mut held = Vec::new();
    for number in 0..40 {
        let path = scene.output(number.to_string());
        let mut file = File::create(&path)?;
        file.write_all(&[1; 512 << 10])?;
        // The call that WASI has; a fallen worker has no other.
        let name = CString::new(path.into_os_string().into_encoded_bytes())?;
        call!(SYS_unlinkat, libc::AT_FDCWD, name.as_c_str(), 0)?;
        held.push(file);
    }
    // Time for who looks from outside.
    std::thread::sleep(Duration::from_millis(500));
    refused("they are all there")
}
