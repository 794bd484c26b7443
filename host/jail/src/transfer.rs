//! A job on its way from the parent to the worker: bytes, and descriptors beside them.
//!
//! On the wire: the length of the bytes (8 bytes, little-endian) with which the descriptors travel, then the
//! bytes.

use std::io::{self, IoSlice, IoSliceMut, Read};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, send, sendmsg,
};

/// How many descriptors may travel with a job.
pub const MAX_DESCRIPTORS: usize = 17;

/// Why a worker got no job.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// The socket failed, or closed before all had come.
    #[error("the job did not arrive")]
    Io(#[from] io::Error),
    /// More bytes were announced than a job may have.
    #[error("a job of {0} bytes was announced")]
    TooLong(u64),
}

/// A job that is being sent through a non-blocking socket.
#[derive(Debug)]
pub struct Outgoing<'a> {
    bytes: Vec<u8>,
    descriptors: Vec<BorrowedFd<'a>>,
    sent: Option<usize>,
}

impl<'a> Outgoing<'a> {
    /// A job of these bytes and descriptors, of which there may be [`MAX_DESCRIPTORS`].
    pub fn new(bytes: Vec<u8>, descriptors: Vec<BorrowedFd<'a>>) -> Self {
        Outgoing { bytes, descriptors, sent: None }
    }

    /// Sends as much as the socket takes. True once everything is on its way.
    ///
    /// # Errors
    /// What the socket says, `BrokenPipe` among others if the worker has gone.
    pub fn advance(&mut self, socket: &UnixStream) -> io::Result<bool> {
        loop {
            let step = match self.sent {
                None => self.send_head(socket).map(|()| 0),
                Some(sent) if sent == self.bytes.len() => return Ok(true),
                Some(sent) => send(socket, &self.bytes[sent..], SendFlags::NOSIGNAL).map_err(io::Error::from),
            };
            match step {
                Ok(count) => self.sent = Some(self.sent.unwrap_or(0) + count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn send_head(&self, socket: &UnixStream) -> io::Result<()> {
        let head = (self.bytes.len() as u64).to_le_bytes();
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !self.descriptors.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(&self.descriptors))
        {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "too many descriptors for one job"));
        }
        // Eight bytes into an empty socket buffer go as a whole or not at all.
        let sent = sendmsg(socket, &[IoSlice::new(&head)], &mut ancillary, SendFlags::NOSIGNAL)?;
        if sent == head.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
    }
}

/// Takes one job of at most `max_bytes` bytes from a blocking socket.
///
/// # Errors
/// [`ReceiveError`] if it does not come whole.
pub fn receive(socket: &UnixStream, max_bytes: u64) -> Result<(Vec<u8>, Vec<OwnedFd>), ReceiveError> {
    let mut head = [0; 8];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let received = loop {
        let result =
            recvmsg(socket, &mut [IoSliceMut::new(&mut head)], &mut ancillary, RecvFlags::CMSG_CLOEXEC);
        match result {
            Err(rustix::io::Errno::INTR) => {}
            other => break other.map_err(io::Error::from)?.bytes,
        }
    };
    if received != head.len() {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    let mut descriptors = Vec::new();
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(fds) = message {
            descriptors.extend(fds);
        }
    }
    let length = u64::from_le_bytes(head);
    let size = usize::try_from(length).ok().filter(|_| length <= max_bytes);
    let mut bytes = vec![0; size.ok_or(ReceiveError::TooLong(length))?];
    (&*socket).read_exact(&mut bytes)?;
    Ok((bytes, descriptors))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::{Seek, SeekFrom, Write};
    use std::os::fd::AsFd;

    #[test]
    fn a_long_job_arrives_with_its_descriptors() {
        let (parent, worker) = UnixStream::pair().unwrap();
        parent.set_nonblocking(true).unwrap();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"through the wall").unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        let bytes: Vec<u8> = (0..3_000_000u32).map(|i| (i % 251) as u8).collect();
        let expected = bytes.clone();
        let reader = std::thread::spawn(move || receive(&worker, 1 << 24).unwrap());
        let mut outgoing = Outgoing::new(bytes, vec![file.as_fd()]);
        while !outgoing.advance(&parent).unwrap() {
            std::thread::yield_now();
        }
        let (got, mut descriptors) = reader.join().unwrap();
        assert!(got == expected, "the bytes changed on the way");
        let mut text = String::new();
        File::from(descriptors.remove(0)).read_to_string(&mut text).unwrap();
        assert_eq!(text, "through the wall");
        assert!(descriptors.is_empty());
    }

    #[test]
    fn a_job_that_is_too_long_or_cut_short_is_refused() {
        let (parent, worker) = UnixStream::pair().unwrap();
        (&parent).write_all(&u64::MAX.to_le_bytes()).unwrap();
        assert!(matches!(receive(&worker, 1 << 20), Err(ReceiveError::TooLong(u64::MAX))));
        let (parent, worker) = UnixStream::pair().unwrap();
        (&parent).write_all(&9u64.to_le_bytes()).unwrap();
        (&parent).write_all(b"four").unwrap();
        drop(parent);
        assert!(matches!(receive(&worker, 1 << 20), Err(ReceiveError::Io(_))));
    }

    #[test]
    fn a_worker_that_has_gone_is_an_error_and_no_signal() {
        let (parent, worker) = UnixStream::pair().unwrap();
        drop(worker);
        let error = Outgoing::new(vec![0; 10], Vec::new()).advance(&parent).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
