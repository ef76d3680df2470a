use std::io::{Read, Write};

use super::ProtocolError;
use super::fields::{FieldReader, FieldWriter};
use super::frame::Frame;

const FORKED: u8 = 0x81;
const READY: u8 = 0x82;
const FAILED: u8 = 0x83;
const OUTPUT: u8 = 0x84;
const ERROR: u8 = 0x85;
const REFUSED: u8 = 0x86;
const ENDED: u8 = 0x87;
const TAKEN: u8 = 0x88;

/// What the far side tells the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Process 1 exists and has this id where the client lives.
    Forked(u32),
    /// Requests are welcome; the far side speaks this version.
    Ready(u32),
    /// The far side could not become ready, and ends.
    Failed(Failure),
    /// Bytes that a command wrote, [`super::CHUNK`] at most.
    Output(Stream, Vec<u8>),
    /// The command could not be started; nothing else follows about it.
    Refused(Refusal),
    /// The command has ended and all its output was sent; nothing else follows about it.
    Ended(Ended),
    /// So many more bytes of input were passed to the command, or dropped because it reads no more. Only who passes input on as it comes says this;
    /// then no more than [`super::WINDOW`] bytes may be on their way.
    Taken(u32),
}

/// Which of a command's streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// By itself or not.
    pub status: Status,
    /// Names of the processes that it left behind, and that were killed.
    pub left_running: Vec<Vec<u8>>,
}

/// A process's last word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It exited.
    Code(u32),
    /// A signal killed it.
    Signal(u32),
}

/// Why a command could not be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No such program, or none in the command's `PATH`.
    Missing,
    /// The program is there, but what its `#!` line or its ELF header names as its interpreter is not.
    Interpreter(Vec<u8>),
    /// The directory to start in can't be entered.
    Directory(u32),
    /// The kernel refuses the program, with this error number.
    Program(u32),
    /// Something around it failed.
    Other(Failure),
}

/// A step that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What was being done, as in `can't …`.
    pub step: String,
    /// The kernel's error number.
    pub errno: u32,
}

impl Event {
    /// Sends the event, about the command `id`.
    ///
    /// # Errors
    /// When it is longer than a frame, or the stream breaks.
    pub fn send(&self, id: u32, out: &mut impl Write) -> Result<(), ProtocolError> {
        let fields = FieldWriter::default();
        let (kind, payload) = match self {
            Self::Forked(process) => (FORKED, fields.number(*process).finish()),
            Self::Ready(version) => (READY, fields.number(*version).finish()),
            Self::Failed(failure) => (FAILED, failure.encode(fields).finish()),
            Self::Output(Stream::Output, bytes) => (OUTPUT, bytes.clone()),
            Self::Output(Stream::Error, bytes) => (ERROR, bytes.clone()),
            Self::Refused(refusal) => (REFUSED, refusal.encode(fields).finish()),
            Self::Ended(ended) => (ENDED, ended.encode(fields).finish()),
            Self::Taken(count) => (TAKEN, fields.number(*count).finish()),
        };
        Frame { kind, id, payload }.write(out)
    }

    /// The next event with its command's id; none when the far side has closed the stream.
    ///
    /// # Errors
    /// When the stream breaks inside a message, or a message is not one.
    pub fn receive(input: &mut impl Read) -> Result<Option<(u32, Self)>, ProtocolError> {
        let Some(Frame { kind, id, payload }) = Frame::read(input)? else {
            return Ok(None);
        };
        let mut fields = FieldReader::new(&payload);
        let event = match kind {
            OUTPUT => return Ok(Some((id, Self::Output(Stream::Output, payload)))),
            ERROR => return Ok(Some((id, Self::Output(Stream::Error, payload)))),
            FORKED => fields.number().map(Self::Forked),
            READY => fields.number().map(Self::Ready),
            FAILED => Failure::decode(&mut fields).map(Self::Failed),
            REFUSED => Refusal::decode(&mut fields).map(Self::Refused),
            ENDED => Ended::decode(&mut fields).map(Self::Ended),
            TAKEN => fields.number().map(Self::Taken),
            kind => return Err(ProtocolError::UnknownType(kind)),
        };
        let event = event.filter(|_| fields.end().is_some());
        event.map(|event| Some((id, event))).ok_or(ProtocolError::Malformed { kind })
    }
}

impl Failure {
    fn encode(&self, fields: FieldWriter) -> FieldWriter {
        fields.bytes(self.step.as_bytes()).number(self.errno)
    }

    fn decode(fields: &mut FieldReader<'_>) -> Option<Self> {
        Some(Self { step: fields.text()?, errno: fields.number()? })
    }
}

impl Refusal {
    fn encode(&self, fields: FieldWriter) -> FieldWriter {
        match self {
            Self::Missing => fields.number(0),
            Self::Interpreter(interpreter) => fields.number(1).bytes(interpreter),
            Self::Directory(errno) => fields.number(2).number(*errno),
            Self::Program(errno) => fields.number(3).number(*errno),
            Self::Other(failure) => failure.encode(fields.number(4)),
        }
    }

    fn decode(fields: &mut FieldReader<'_>) -> Option<Self> {
        match fields.number()? {
            0 => Some(Self::Missing),
            1 => Some(Self::Interpreter(fields.bytes()?.to_vec())),
            2 => Some(Self::Directory(fields.number()?)),
            3 => Some(Self::Program(fields.number()?)),
            4 => Some(Self::Other(Failure::decode(fields)?)),
            _ => None,
        }
    }
}

impl Ended {
    fn encode(&self, fields: FieldWriter) -> FieldWriter {
        let fields = match self.status {
            Status::Code(code) => fields.number(0).number(code),
            Status::Signal(signal) => fields.number(1).number(signal),
        };
        fields.list(self.left_running.iter().map(Vec::as_slice))
    }

    fn decode(fields: &mut FieldReader<'_>) -> Option<Self> {
        let status = match (fields.number()?, fields.number()?) {
            (0, code) => Status::Code(code),
            (1, signal) => Status::Signal(signal),
            _ => return None,
        };
        Some(Self { status, left_running: fields.list()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events() -> Vec<Event> {
        let failure = Failure { step: "mount /proc".to_owned(), errno: 1 };
        vec![
            Event::Forked(4711),
            Event::Ready(super::super::VERSION),
            Event::Failed(failure.clone()),
            Event::Output(Stream::Output, b"out".to_vec()),
            Event::Output(Stream::Error, b"error".to_vec()),
            Event::Refused(Refusal::Missing),
            Event::Refused(Refusal::Interpreter(b"/bin/sh".to_vec())),
            Event::Refused(Refusal::Directory(2)),
            Event::Refused(Refusal::Program(8)),
            Event::Refused(Refusal::Other(failure)),
            Event::Ended(Ended { status: Status::Code(3), left_running: vec![b"gpg-agent".to_vec(), b"\xff".to_vec()] }),
            Event::Ended(Ended { status: Status::Signal(9), left_running: Vec::new() }),
            Event::Taken(7),
        ]
    }

    #[test]
    fn every_event_comes_back() {
        for event in events() {
            let mut bytes = Vec::new();
            event.send(9, &mut bytes).unwrap();
            assert_eq!(Event::receive(&mut bytes.as_slice()).unwrap(), Some((9, event)));
        }
    }

    #[test]
    fn any_cut_payload_is_refused() {
        for event in events().into_iter().filter(|event| !matches!(event, Event::Output(..))) {
            let mut bytes = Vec::new();
            event.send(9, &mut bytes).unwrap();
            for length in 0..bytes.len() - 9 {
                let mut cut = bytes[..9 + length].to_vec();
                cut[5..9].copy_from_slice(&u32::try_from(length).unwrap().to_le_bytes());
                let received = Event::receive(&mut cut.as_slice());
                assert!(matches!(received, Err(ProtocolError::Malformed { .. })), "{event:?} cut to {length}: {received:?}");
            }
        }
    }
}
