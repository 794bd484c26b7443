//! Sends the engine an open file.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

use crate::attack::{Attack, Scene, refused};

pub(super) const ATTACK: Attack = Attack::new("denied", run).judged();

fn run(scene: &Scene) -> io::Result<String> {
    let sent = {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        let descriptors = [scene.code.as_fd()];
        ancillary.push(SendAncillaryMessage::ScmRights(&descriptors));
        sendmsg(rustix::stdio::stdin(), &[IoSlice::new(b"x")], &mut ancillary, SendFlags::NOSIGNAL)?
    };
    refused(&format!("sent, with {sent} byte; the engine does not take it"))
}
