//! No capability is left.

use std::io;

use rustix::thread::{CapabilitySet, CapabilitySets, clear_ambient_capability_set, set_capabilities};

/// Gives up every capability, for good: the bounding set has been emptied before.
pub(crate) fn drop_all() -> io::Result<()> {
    // Old kernels have no ambient set; then there is none to clear.
    let _ = clear_ambient_capability_set();
    let none = CapabilitySet::empty();
    Ok(set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?)
}
