//! Makes another folder the root.

use std::io;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;

use crate::attack::{Attack, Scene, let_through};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(scene: &Scene) -> io::Result<String> {
    let place = CString::new(scene.outputs.as_os_str().as_bytes())?;
    let_through(call!(SYS_pivot_root, place.as_c_str(), place.as_c_str()), libc::EINVAL)
}
