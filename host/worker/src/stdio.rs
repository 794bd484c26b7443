//! A step's standard output, kept in memory up to its cap, and its standard error, which is the log.

use std::io::Write;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// Where bytes go that a step writes.
pub(crate) trait Sink: Clone + Send + Sync + Unpin + 'static {
    /// Takes all of `bytes`. There is no failing: a step can't tell whether anybody listens.
    fn take(&self, bytes: &[u8]);
}

/// Keeps the first bytes up to a cap and notes whether there were more.
#[derive(Clone)]
pub(crate) struct Capture(Arc<Mutex<Captured>>);

struct Captured {
    bytes: Vec<u8>,
    limit: usize,
    overflow: bool,
}

impl Capture {
    pub(crate) fn new(limit: u64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Capture(Arc::new(Mutex::new(Captured { bytes: Vec::new(), limit, overflow: false })))
    }

    fn lock(&self) -> MutexGuard<'_, Captured> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was written, and whether that isn't all.
    pub(crate) fn take_captured(&self) -> (Vec<u8>, bool) {
        let mut captured = self.lock();
        (std::mem::take(&mut captured.bytes), captured.overflow)
    }
}

impl Sink for Capture {
    fn take(&self, bytes: &[u8]) {
        let mut captured = self.lock();
        let room = captured.limit - captured.bytes.len();
        captured.overflow |= bytes.len() > room;
        captured.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// Hands on to the worker's standard error, which the engine drains.
#[derive(Clone)]
pub(crate) struct Log;

impl Sink for Log {
    fn take(&self, bytes: &[u8]) {
        // If the engine has stopped listening there is nobody left to tell.
        let _ = std::io::stderr().write_all(bytes);
    }
}

/// A [`Sink`] as WASI sees it: always ready, never full.
#[derive(Clone)]
pub(crate) struct Stream<S>(pub(crate) S);

/// What is offered to a step at once: large, so that a large write is one host call.
const CHUNK_BYTES: usize = 1 << 20;

impl<S: Sink> IsTerminal for Stream<S> {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl<S: Sink> StdoutStream for Stream<S> {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait::async_trait]
impl<S: Sink> Pollable for Stream<S> {
    async fn ready(&mut self) {}
}

impl<S: Sink> OutputStream for Stream<S> {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.0.take(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(CHUNK_BYTES)
    }
}

impl<S: Sink> AsyncWrite for Stream<S> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.0.take(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_kept_and_the_rest_is_noted() {
        let capture = Capture::new(5);
        capture.take(b"abc");
        capture.take(b"de");
        assert_eq!(capture.take_captured(), (b"abcde".to_vec(), false));
        let capture = Capture::new(5);
        capture.take(b"abc");
        capture.take(b"def");
        capture.take(b"ghi");
        assert_eq!(capture.take_captured(), (b"abcde".to_vec(), true));
    }
}
