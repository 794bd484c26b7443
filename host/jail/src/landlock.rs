//! The kernel's own check of what is opened: the job's two folders, and nothing else by any name.

use std::io;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope,
};

use crate::root::Room;

/// The newest version of the rules that is known here. An older kernel takes the part of them that it has.
const NEWEST: ABI = ABI::V6;

/// Forbids the process, for good: to open, make or change a file outside the job's folders, and in these to make
/// anything but files, folders and links; to connect or listen with TCP; to signal or connect to processes
/// outside. What is open already stays usable.
pub(crate) fn restrict(room: Option<&Room>) -> io::Result<()> {
    let refused = |error: &dyn std::fmt::Display| io::Error::other(error.to_string());
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(NEWEST)))
        .and_then(|rules| rules.scope(Scope::from_all(NEWEST)))
        .and_then(Ruleset::create)
        .map_err(|error| refused(&error))?;
    if let Some(room) = room {
        let read = AccessFs::ReadFile | AccessFs::ReadDir;
        let change = read
            | AccessFs::WriteFile
            | AccessFs::Truncate
            | AccessFs::MakeReg
            | AccessFs::MakeDir
            | AccessFs::MakeSym
            | AccessFs::RemoveFile
            | AccessFs::RemoveDir
            | AccessFs::Refer;
        for (folder, access) in [(&room.inputs, read), (&room.outputs, change)] {
            let folder = PathFd::new(folder).map_err(|error| refused(&error))?;
            rules = rules.add_rule(PathBeneath::new(folder, access)).map_err(|error| refused(&error))?;
        }
    }
    match rules.restrict_self().map_err(|error| refused(&error))?.ruleset {
        RulesetStatus::NotEnforced => Err(io::Error::other("this kernel has no landlock, or has it off")),
        _ => Ok(()),
    }
}
