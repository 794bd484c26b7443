//! What a spawner, and a worker that has no job yet, tell the engine of a worker: short messages, one each.
//!
//! | first byte | from | the rest |
//! | --- | --- | --- |
//! | `s` | spawner | the worker's process id; a descriptor of the process goes with it |
//! | `r` | worker | the layers that are missing, a line each |
//! | `f` | either | why there is no worker |
//! | `e` | spawner | kind of end, status or signal, processor time in ns, largest resident set in bytes |
//!
//! A worker closes its end before it takes a job, so nothing that a step does can send any of these.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, send, sendmsg,
};

use crate::layer::Layers;
use crate::reap::{Exit, ResourceUsage};

/// The longest message: a line for each layer.
const MAX_BYTES: usize = 8 << 10;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// It has been cloned, and has this process id.
    Started(i32),
    /// It has confined itself, and waits for a job.
    Ready(Layers),
    /// It could not be made, or not be confined.
    Failed(String),
    /// It is dead and reaped.
    Ended(Exit, ResourceUsage),
}

impl News {
    /// Sends it alone. A worker does this behind its list of system calls, which has only the plain call on it.
    pub(crate) fn send(&self, socket: BorrowedFd<'_>) -> io::Result<()> {
        send(socket, &self.to_bytes(), SendFlags::NOSIGNAL)?;
        Ok(())
    }

    pub(crate) fn send_with(&self, socket: BorrowedFd<'_>, descriptor: BorrowedFd<'_>) -> io::Result<()> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        let descriptors = [descriptor];
        ancillary.push(SendAncillaryMessage::ScmRights(&descriptors));
        let bytes = self.to_bytes();
        sendmsg(socket, &[IoSlice::new(&bytes)], &mut ancillary, SendFlags::NOSIGNAL)?;
        Ok(())
    }

    /// The next message, and the descriptor that came with it. `None` once all who could send one have gone.
    pub(crate) fn receive(socket: BorrowedFd<'_>) -> io::Result<Option<(News, Option<OwnedFd>)>> {
        let mut bytes = [0; MAX_BYTES];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let length = loop {
            match recvmsg(socket, &mut [IoSliceMut::new(&mut bytes)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)
            {
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::CONNRESET) => return Ok(None),
                other => break other?.bytes,
            }
        };
        if length == 0 {
            return Ok(None);
        }
        let descriptor = ancillary.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
            _ => None,
        });
        let news = News::from_bytes(&bytes[..length])
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "news of a worker make no sense"))?;
        Ok(Some((news, descriptor)))
    }

    fn to_bytes(&self) -> Vec<u8> {
        let text = |tag: u8, text: &str| {
            let end = text.floor_char_boundary(MAX_BYTES - 1);
            [&[tag], &text.as_bytes()[..end]].concat()
        };
        match self {
            News::Started(pid) => [&[b's'][..], &pid.to_le_bytes()].concat(),
            News::Ready(layers) => text(b'r', &layers.to_lines()),
            News::Failed(reason) => text(b'f', reason),
            News::Ended(exit, used) => {
                let (kind, number) = match *exit {
                    Exit::Status(status) => (0, status),
                    Exit::Signal(signal) => (1, signal),
                };
                let nanoseconds = u64::try_from(used.cpu.as_nanos()).unwrap_or(u64::MAX);
                let mut bytes = vec![b'e', kind];
                bytes.extend(number.to_le_bytes());
                bytes.extend(nanoseconds.to_le_bytes());
                bytes.extend(used.max_rss_bytes.to_le_bytes());
                bytes
            }
        }
    }

    fn from_bytes(bytes: &[u8]) -> Option<News> {
        let (tag, rest) = bytes.split_first()?;
        let text = || String::from_utf8_lossy(rest).into_owned();
        Some(match tag {
            b's' => News::Started(i32::from_le_bytes(rest.try_into().ok()?)),
            b'r' => News::Ready(Layers::from_lines(&text())?),
            b'f' => News::Failed(text()),
            b'e' => {
                let (kind, rest) = rest.split_first()?;
                let (number, rest) = rest.split_first_chunk::<4>()?;
                let (cpu, rest) = rest.split_first_chunk::<8>()?;
                let max_rss_bytes = u64::from_le_bytes(rest.try_into().ok()?);
                let number = i32::from_le_bytes(*number);
                let exit = if *kind == 0 { Exit::Status(number) } else { Exit::Signal(number) };
                let cpu = Duration::from_nanos(u64::from_le_bytes(*cpu));
                News::Ended(exit, ResourceUsage { cpu, max_rss_bytes })
            }
            _ => return None,
        })
    }
}

/// For the fuzz target of the spawner's socket: news that are understood are understood the same when they are passed on.
#[doc(hidden)]
pub fn check_news(bytes: &[u8]) {
    // What is not UTF-8 becomes longer when it is read, and long texts are cut when they are written.
    if bytes.len() <= MAX_BYTES / 4
        && let Some(news) = News::from_bytes(bytes)
    {
        assert_eq!(News::from_bytes(&news.to_bytes()), Some(news));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{Layer, Missing};
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixDatagram;

    #[test]
    fn all_news_arrive_as_they_were_sent() {
        let (here, there) = UnixDatagram::pair().unwrap();
        let missing = vec![Missing { layer: Layer::Landlock, reason: "none here".to_owned() }];
        let used = ResourceUsage { cpu: Duration::from_nanos(1_234_567_890_123), max_rss_bytes: 1 << 40 };
        for news in [
            News::Started(77),
            News::Ready(Layers::without(Vec::new())),
            News::Ready(Layers::without(missing)),
            News::Failed("no room".to_owned()),
            News::Ended(Exit::Status(-3), used),
            News::Ended(Exit::Signal(31), used),
        ] {
            news.send_with(here.as_fd(), there.as_fd()).unwrap();
            let (arrived, descriptor) = News::receive(there.as_fd()).unwrap().unwrap();
            assert_eq!(arrived, news);
            assert!(descriptor.is_some());
        }
    }

    #[test]
    fn what_is_no_news_is_an_error() {
        let (here, there) = UnixDatagram::pair().unwrap();
        for bytes in [&b"x"[..], b"e\0\0", b"rno such layer\twhy", b"s?"] {
            here.send(bytes).unwrap();
            assert_eq!(News::receive(there.as_fd()).unwrap_err().kind(), io::ErrorKind::InvalidData);
        }
    }

    #[test]
    fn a_long_reason_is_cut_and_still_arrives() {
        let (here, there) = UnixDatagram::pair().unwrap();
        News::Failed("é".repeat(MAX_BYTES)).send(here.as_fd()).unwrap();
        let Some((News::Failed(reason), None)) = News::receive(there.as_fd()).unwrap() else { panic!() };
        assert!(reason.len() >= MAX_BYTES - 3 && reason.chars().all(|letter| letter == 'é'));
    }
}
