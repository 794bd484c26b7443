//! Executes a program that it wrote into its output folder.

use std::fs;
use std::ffi::CString;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;

use crate::attack::{Attack, Scene, refused};
use crate::program::PROGRAM;
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(scene: &Scene) -> io::Result<String> {
    let path = scene.output("program");
    fs::OpenOptions::new().create_new(true).write(true).mode(0o755).open(&path)?.write_all(PROGRAM)?;
    let path = CString::new(path.as_os_str().as_bytes())?;
    call!(SYS_execve, path.as_c_str(), &[0usize; 1], &[0usize; 1])?;
    refused("it came back")
}
