//! Asks the kernel which addresses there are.

use std::io;

use crate::attack::{Attack, Scene, refused};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    // The request RTM_GETADDR for all, as a dump.
    let request: [u32; 6] = [24, 22 | (0x301 << 16), 1, 0, 0, 0];
    let socket = call!(SYS_socket, libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_ROUTE)?;
    call!(SYS_sendto, socket, &request, 24, 0, &[16u32, 0, 0], 12)?;
    let mut answer = [0u16; 2048];
    call!(SYS_recvfrom, socket, &mut answer, 4096, 0, 0, 0)?;
    // The type of the first message: an address, or the end of the list.
    if answer[2] == 20 { Ok("there are some".to_owned()) } else { refused("there is none") }
}
