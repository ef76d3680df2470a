use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use rootfs_guest::protocol::{Event, MAX_PAYLOAD, ProtocolError, Request, WINDOW};

/// How long a frame is before its payload, and where that one's length is.
const HEADER: usize = 9;
const LENGTH: usize = 5;

/// The way to the guest's agent. Nothing here waits: whoever writes too fast is told by [`AgentLink::room`].
#[derive(Debug)]
pub(crate) struct AgentLink {
    socket: UnixStream,
    received: Vec<u8>,
    to_send: VecDeque<u8>,
    /// Bytes of input that the agent has not yet passed on.
    unsettled: usize,
    closed: bool,
}

impl AgentLink {
    pub(crate) fn new(socket: UnixStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self { socket, received: Vec::new(), to_send: VecDeque::new(), unsettled: 0, closed: false })
    }

    /// The file to wait for, and whether there is something to write to it; none once QEMU has closed it.
    pub(crate) fn wanted(&self) -> Option<(BorrowedFd<'_>, bool)> {
        (!self.closed).then(|| (self.socket.as_fd(), !self.to_send.is_empty()))
    }

    /// How many bytes of input may be sent now.
    pub(crate) fn room(&self) -> usize {
        WINDOW.saturating_sub(self.unsettled)
    }

    /// Sends a request, now or when the guest listens.
    pub(crate) fn send(&mut self, id: u32, request: &Request) -> Result<(), ProtocolError> {
        if let Request::Input(bytes) = request {
            self.unsettled += bytes.len();
        }
        request.send(id, &mut self.to_send)?;
        self.flush();
        Ok(())
    }

    /// Writes what the socket takes.
    pub(crate) fn flush(&mut self) {
        while !self.to_send.is_empty() && !self.closed {
            match self.socket.write(self.to_send.as_slices().0) {
                Ok(count) => drop(self.to_send.drain(..count)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => self.closed = true,
            }
        }
    }

    /// Some of what the agent has said, in whole events.
    pub(crate) fn read(&mut self) -> Result<Vec<(u32, Event)>, ProtocolError> {
        let mut buffer = vec![0; 128 << 10];
        match self.socket.read(&mut buffer) {
            Ok(0) => self.closed = true,
            Ok(count) => self.received.extend_from_slice(&buffer[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {}
            Err(_) => self.closed = true,
        }
        let mut events = Vec::new();
        let mut taken = 0;
        while let Some(length) = frame_length(&self.received[taken..])? {
            let mut frame = &self.received[taken..taken + length];
            events.extend(Event::receive(&mut frame)?);
            taken += length;
        }
        self.received.drain(..taken);
        for (_, event) in &events {
            if let Event::Taken(count) = event {
                self.unsettled = self.unsettled.saturating_sub(usize::try_from(*count).unwrap_or(usize::MAX));
            }
        }
        Ok(events)
    }
}

/// The length of the first frame, once all of it is there.
fn frame_length(bytes: &[u8]) -> Result<Option<usize>, ProtocolError> {
    let Some(declared) = bytes.get(LENGTH..HEADER).and_then(|field| field.first_chunk()) else {
        return Ok(None);
    };
    let declared = u32::from_le_bytes(*declared);
    let payload = usize::try_from(declared).ok().filter(|length| *length <= MAX_PAYLOAD);
    let length = HEADER + payload.ok_or(ProtocolError::TooLong { length: declared.into() })?;
    Ok((bytes.len() >= length).then_some(length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rootfs_guest::protocol::{Stream, VERSION};

    #[test]
    fn events_come_whole_however_they_arrive() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut link = AgentLink::new(ours).unwrap();
        let sent = [(0, Event::Ready(VERSION)), (7, Event::Output(Stream::Output, b"abc".to_vec())), (7, Event::Taken(1))];
        let mut bytes = Vec::new();
        sent.iter().for_each(|(id, event)| event.send(*id, &mut bytes).unwrap());
        let mut received = Vec::new();
        for byte in bytes {
            theirs.write_all(&[byte]).unwrap();
            received.extend(link.read().unwrap());
        }
        assert_eq!(received, sent);
        drop(theirs);
        assert_eq!(link.read().unwrap(), []);
        assert!(link.wanted().is_none());
    }

    #[test]
    fn a_guest_can_not_make_us_keep_more_than_a_frame() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut link = AgentLink::new(ours).unwrap();
        theirs.write_all(&[0x84, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]).unwrap();
        assert!(matches!(link.read(), Err(ProtocolError::TooLong { .. })));
    }

    #[test]
    fn input_is_held_back_until_it_is_taken() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut link = AgentLink::new(ours).unwrap();
        link.send(1, &Request::Input(vec![0; 1000])).unwrap();
        assert_eq!(link.room(), WINDOW - 1000);
        Event::Taken(600).send(1, &mut theirs).unwrap();
        link.read().unwrap();
        assert_eq!(link.room(), WINDOW - 400);
    }
}
