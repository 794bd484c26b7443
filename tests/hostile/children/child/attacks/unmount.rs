//! Takes the mount of its inputs away.

use std::io;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(scene: &Scene) -> io::Result<String> {
    let place = CString::new(scene.inputs.as_os_str().as_bytes())?;
    call!(SYS_umount2, place.as_c_str(), libc::MNT_DETACH)?;
    Ok("it is gone".to_owned())
}
