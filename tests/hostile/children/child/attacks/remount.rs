//! Makes the mount of its inputs writable.

use std::io;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(scene: &Scene) -> io::Result<String> {
    let place = CString::new(scene.inputs.as_os_str().as_bytes())?;
    call!(SYS_mount, 0, place.as_c_str(), 0, libc::MS_REMOUNT | libc::MS_BIND, 0)?;
    Ok("it is writable".to_owned())
}
