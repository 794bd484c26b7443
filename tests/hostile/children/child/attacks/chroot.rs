//! Makes its output folder the root, the first half of the classic way out.

use std::io;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(scene: &Scene) -> io::Result<String> {
    let place = CString::new(scene.outputs.as_os_str().as_bytes())?;
    call!(SYS_chroot, place.as_c_str())?;
    Ok("it is the root".to_owned())
}
