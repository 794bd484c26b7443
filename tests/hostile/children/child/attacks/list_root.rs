//! Looks around in the root folder.

use std::fs;
use std::io;
use std::ffi::OsStr;

use crate::attack::{Attack, Scene, refused};

pub(super) const ATTACK: Attack = Attack::new("exit", run);

fn run(_: &Scene) -> io::Result<String> {
    let names: Vec<_> = fs::read_dir("/")?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<_>>()?;
    let foreign = names.iter().find(|name| !["in", "out", "rooms"].map(OsStr::new).contains(&name.as_os_str()));
    foreign.map_or_else(|| refused("there is nothing of anybody's"), |name| Ok(format!("{name:?} is there")))
}
