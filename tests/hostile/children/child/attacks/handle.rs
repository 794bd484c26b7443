//! Opens a file by a handle instead of a name.

use std::fs;
use std::io;
use std::os::fd::AsRawFd;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    let mut handle = [0u32; 34];
    handle[0] = 128;
    let mut mount = [0i32; 1];
    call!(SYS_name_to_handle_at, libc::AT_FDCWD, c"/", &mut handle, &mut mount, 0)?;
    let folder = fs::File::open("/")?;
    call!(SYS_open_by_handle_at, folder.as_raw_fd(), &mut handle, libc::O_RDONLY)?;
    Ok("opened".to_owned())
}
