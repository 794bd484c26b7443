//! Opens the keyring that all processes of its user share.

use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run).only(&[Layer::Seccomp]);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -4 /* the user's keyring */, 1)?;
    Ok("opened".to_owned())
}
