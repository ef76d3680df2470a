//! A long stream in frames: a tree that crosses, in either direction.

use std::io::{self, ErrorKind, Read, Write};

use super::{CHUNK, Ended, Event, ProtocolError, Refusal, Request, Status, Stream};

/// Cuts what is written into frames; `send` sends one.
pub struct Chunks<F> {
    send: F,
    pending: Vec<u8>,
}

impl<F> std::fmt::Debug for Chunks<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chunks").field("pending", &self.pending.len()).finish_non_exhaustive()
    }
}

impl<F: FnMut(Vec<u8>) -> Result<(), ProtocolError>> Chunks<F> {
    /// Nothing is sent before a frame is full, or [`Write::flush`] is called.
    pub fn new(send: F) -> Self {
        Self { send, pending: Vec::with_capacity(CHUNK) }
    }
}

impl<F: FnMut(Vec<u8>) -> Result<(), ProtocolError>> Write for Chunks<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(CHUNK - self.pending.len());
        self.pending.extend_from_slice(&bytes[..taken]);
        if self.pending.len() == CHUNK {
            self.flush()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.pending, Vec::with_capacity(CHUNK));
        (self.send)(full).map_err(into_io)
    }
}

/// What [`Request::Input`] brings of one id, until [`Request::EndOfInput`].
#[derive(Debug)]
pub struct InputReader<'a, R> {
    requests: &'a mut R,
    id: u32,
    piece: Vec<u8>,
    read: usize,
    ended: bool,
}

impl<'a, R: Read> InputReader<'a, R> {
    /// Reads from where the requests are now.
    pub fn new(requests: &'a mut R, id: u32) -> Self {
        Self { requests, id, piece: Vec::new(), read: 0, ended: false }
    }

    /// Passes over what is left of it.
    ///
    /// # Errors
    /// When the stream breaks.
    pub fn finish(mut self) -> io::Result<()> {
        io::copy(&mut self, &mut io::sink()).map(drop)
    }
}

impl<R: Read> Read for InputReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read == self.piece.len() && !self.ended {
            match Request::receive(self.requests).map_err(into_io)? {
                Some((of, Request::Input(piece))) if of == self.id => (self.piece, self.read) = (piece, 0),
                Some((of, Request::EndOfInput)) if of == self.id => self.ended = true,
                Some(_) => {}
                None => return Err(ErrorKind::UnexpectedEof.into()),
            }
        }
        Ok(take(&self.piece, &mut self.read, buffer))
    }
}

/// What [`Event::Output`] brings of one id, until [`Event::Ended`].
#[derive(Debug)]
pub struct OutputReader<'a, R> {
    events: &'a mut R,
    id: u32,
    piece: Vec<u8>,
    read: usize,
    ended: Option<Result<(), Refusal>>,
}

impl<'a, R: Read> OutputReader<'a, R> {
    /// Reads from where the events are now.
    pub fn new(events: &'a mut R, id: u32) -> Self {
        Self { events, id, piece: Vec::new(), read: 0, ended: None }
    }

    /// Passes over what is left of it, and tells whether the far side has done what it was asked for.
    ///
    /// # Errors
    /// When the stream breaks.
    pub fn finish(mut self) -> io::Result<Result<(), Refusal>> {
        io::copy(&mut self, &mut io::sink())?;
        Ok(self.ended.unwrap_or(Ok(())))
    }
}

impl<R: Read> Read for OutputReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read == self.piece.len() && self.ended.is_none() {
            match Event::receive(self.events).map_err(into_io)? {
                Some((of, Event::Output(Stream::Output, piece))) if of == self.id => (self.piece, self.read) = (piece, 0),
                Some((of, Event::Ended(_))) if of == self.id => self.ended = Some(Ok(())),
                Some((of, Event::Refused(refusal))) if of == self.id => self.ended = Some(Err(refusal)),
                Some(_) => {}
                None => return Err(ErrorKind::UnexpectedEof.into()),
            }
        }
        Ok(take(&self.piece, &mut self.read, buffer))
    }
}

impl Event {
    /// A task that is no command has been done.
    #[must_use]
    pub fn done() -> Self {
        Self::Ended(Ended { status: Status::Code(0), left_running: Vec::new() })
    }
}

fn take(piece: &[u8], read: &mut usize, buffer: &mut [u8]) -> usize {
    let left = &piece[*read..];
    let count = left.len().min(buffer.len());
    buffer[..count].copy_from_slice(&left[..count]);
    *read += count;
    count
}

fn into_io(error: ProtocolError) -> io::Error {
    match error {
        ProtocolError::Io(error) => error,
        other => io::Error::new(ErrorKind::InvalidData, other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_stream_comes_back() {
        let content: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut requests = Vec::new();
        let mut chunks = Chunks::new(|piece| Request::Input(piece).send(3, &mut requests));
        chunks.write_all(&content).unwrap();
        chunks.flush().unwrap();
        Request::EndOfInput.send(3, &mut requests).unwrap();
        let mut read = Vec::new();
        let mut source = requests.as_slice();
        InputReader::new(&mut source, 3).read_to_end(&mut read).unwrap();
        assert!(read == content);
        assert!(InputReader::new(&mut &requests[..requests.len() - 1], 3).read_to_end(&mut read).is_err(), "a cut is no end");
    }

    #[test]
    fn a_refusal_is_no_end() {
        let mut events = Vec::new();
        Event::Output(Stream::Output, b"half".to_vec()).send(4, &mut events).unwrap();
        Event::Refused(Refusal::Missing).send(4, &mut events).unwrap();
        assert_eq!(OutputReader::new(&mut events.as_slice(), 4).finish().unwrap(), Err(Refusal::Missing));
    }
}
