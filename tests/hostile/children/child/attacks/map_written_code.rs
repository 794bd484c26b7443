//! Maps a file as code that it has written.

use std::fs;
use std::io;
use std::os::fd::AsRawFd;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("exit", run).only(&[Layer::MountNamespace]);

fn run(scene: &Scene) -> io::Result<String> {
    let path = scene.output("code");
    fs::write(&path, [0x90; 4096])?;
    let file = fs::File::open(path)?;
    let protection = libc::PROT_READ | libc::PROT_EXEC;
    call!(SYS_mmap, 0, 4096, protection, libc::MAP_PRIVATE, file.as_raw_fd(), 0)?;
    Ok("mapped".to_owned())
}
