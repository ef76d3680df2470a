use std::io::{Read, Write};

use super::ProtocolError;
use super::fields::{FieldReader, FieldWriter};
use super::frame::Frame;

const EXEC: u8 = 0x01;
const INPUT: u8 = 0x02;
const END_OF_INPUT: u8 = 0x03;
const KILL: u8 = 0x04;
const TERMINAL: u8 = 0x05;
const RESIZE: u8 = 0x06;
const POWER_OFF: u8 = 0x07;
const OUTSIDE: u8 = 0x08;
const RECEIVE: u8 = 0x09;
const SEND: u8 = 0x0a;

/// What the client asks of the far side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Start a program. Its standard input is what [`Request::Input`] brings until [`Request::EndOfInput`].
    Exec(Exec),
    /// Bytes for the standard input of a command, [`super::CHUNK`] at most.
    Input(Vec<u8>),
    /// There is no more input.
    EndOfInput,
    /// Send this signal to the command's process group. A command that has ended is no error.
    Kill(u32),
    /// Start a program on a terminal of its own, which this size describes; all it writes is [`super::Stream::Output`]. Without arguments, it is root's shell.
    Terminal(Exec, Size),
    /// The terminal of the command is this large now.
    Resize(Size),
    /// Power the machine off, in the way its init does that.
    PowerOff,
    /// The same as [`Request::Exec`] for a program beside the tree: its root is the stage, in which `/root` is the tree. A guest has no such place.
    Outside(Exec),
    /// [`Request::Input`] brings what has changed in the client's copy of the tree, until [`Request::EndOfInput`]; [`super::Event::Ended`] says that it was received.
    /// Only a runner in a container has a copy.
    Receive,
    /// Send what has changed in the far side's copy of the tree, as [`super::Event::Output`], until [`super::Event::Ended`].
    Send,
}

/// How large a terminal is, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// From top to bottom.
    pub rows: u16,
    /// From left to right.
    pub columns: u16,
}

/// A program to start.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exec {
    /// The program, looked up in the command's own `PATH` when it has no slash, and its arguments.
    pub arguments: Vec<Vec<u8>>,
    /// `NAME=VALUE`, exactly these.
    pub environment: Vec<Vec<u8>>,
    /// Where it starts, absolute. For the guest's agent it may be empty: root's home, or `/` where there is none.
    pub directory: Vec<u8>,
}

impl Request {
    /// Sends the request, about the command `id`.
    ///
    /// # Errors
    /// When it is longer than a frame, or the stream breaks.
    pub fn send(&self, id: u32, out: &mut impl Write) -> Result<(), ProtocolError> {
        let (kind, payload) = match self {
            Self::Exec(exec) => (EXEC, exec.write(FieldWriter::default()).finish()),
            Self::Input(bytes) => (INPUT, bytes.clone()),
            Self::EndOfInput => (END_OF_INPUT, Vec::new()),
            Self::Kill(signal) => (KILL, FieldWriter::default().number(*signal).finish()),
            Self::Terminal(exec, size) => (TERMINAL, exec.write(size.write(FieldWriter::default())).finish()),
            Self::Resize(size) => (RESIZE, size.write(FieldWriter::default()).finish()),
            Self::PowerOff => (POWER_OFF, Vec::new()),
            Self::Receive => (RECEIVE, Vec::new()),
            Self::Send => (SEND, Vec::new()),
            Self::Outside(exec) => (OUTSIDE, exec.write(FieldWriter::default()).finish()),
        };
        Frame { kind, id, payload }.write(out)
    }

    /// The next request with its command's id; none when the client has closed the stream.
    ///
    /// # Errors
    /// When the stream breaks inside a message, or a message is not one.
    pub fn receive(input: &mut impl Read) -> Result<Option<(u32, Self)>, ProtocolError> {
        let Some(Frame { kind, id, payload }) = Frame::read(input)? else {
            return Ok(None);
        };
        let mut fields = FieldReader::new(&payload);
        let request = match kind {
            INPUT => return Ok(Some((id, Self::Input(payload)))),
            EXEC => Exec::read(&mut fields).map(Self::Exec),
            OUTSIDE => Exec::read(&mut fields).map(Self::Outside),
            END_OF_INPUT => Some(Self::EndOfInput),
            KILL => fields.number().map(Self::Kill),
            TERMINAL => Size::read(&mut fields).and_then(|size| Some(Self::Terminal(Exec::read(&mut fields)?, size))),
            RESIZE => Size::read(&mut fields).map(Self::Resize),
            POWER_OFF => Some(Self::PowerOff),
            RECEIVE => Some(Self::Receive),
            SEND => Some(Self::Send),
            kind => return Err(ProtocolError::UnknownType(kind)),
        };
        let request = request.filter(|_| fields.end().is_some());
        request.map(|request| Some((id, request))).ok_or(ProtocolError::Malformed { kind })
    }
}

impl Exec {
    fn write(&self, fields: FieldWriter) -> FieldWriter {
        fields.list(self.arguments.iter().map(Vec::as_slice)).list(self.environment.iter().map(Vec::as_slice)).bytes(&self.directory)
    }

    fn read(fields: &mut FieldReader<'_>) -> Option<Self> {
        Some(Self { arguments: fields.list()?, environment: fields.list()?, directory: fields.bytes()?.to_vec() })
    }
}

impl Size {
    fn write(self, fields: FieldWriter) -> FieldWriter {
        fields.number(self.rows.into()).number(self.columns.into())
    }

    fn read(fields: &mut FieldReader<'_>) -> Option<Self> {
        Some(Self { rows: fields.number()?.try_into().ok()?, columns: fields.number()?.try_into().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests() -> Vec<Request> {
        let exec = Exec {
            arguments: vec![b"sh".to_vec(), b"\xff".to_vec(), Vec::new()],
            environment: vec![b"PATH=/bin".to_vec()],
            directory: b"/".to_vec(),
        };
        let size = Size { rows: 24, columns: u16::MAX };
        vec![
            Request::Exec(exec.clone()),
            Request::Input(vec![0, 1, 2]),
            Request::EndOfInput,
            Request::Kill(9),
            Request::Terminal(exec.clone(), size),
            Request::Resize(size),
            Request::PowerOff,
            Request::Outside(exec),
            Request::Receive,
            Request::Send,
        ]
    }

    #[test]
    fn every_request_comes_back() {
        for request in requests() {
            let mut bytes = Vec::new();
            request.send(5, &mut bytes).unwrap();
            assert_eq!(Request::receive(&mut bytes.as_slice()).unwrap(), Some((5, request)));
        }
    }

    #[test]
    fn a_list_that_lies_about_its_length_is_malformed() {
        let mut bytes = vec![EXEC, 0, 0, 0, 0, 4, 0, 0, 0];
        bytes.extend_from_slice(&u32::MAX.to_le_bytes());
        assert!(matches!(Request::receive(&mut bytes.as_slice()), Err(ProtocolError::Malformed { kind: EXEC })));
    }

    #[test]
    fn a_terminal_larger_than_a_terminal_can_be_is_malformed() {
        let bytes = [RESIZE, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0];
        assert!(matches!(Request::receive(&mut bytes.as_slice()), Err(ProtocolError::Malformed { kind: RESIZE })));
    }

    #[test]
    fn what_is_left_over_is_malformed() {
        let bytes = [KILL, 0, 0, 0, 0, 5, 0, 0, 0, 9, 0, 0, 0, 9];
        assert!(matches!(Request::receive(&mut bytes.as_slice()), Err(ProtocolError::Malformed { kind: KILL })));
        let bytes = [POWER_OFF, 0, 0, 0, 0, 1, 0, 0, 0, 9];
        assert!(matches!(Request::receive(&mut bytes.as_slice()), Err(ProtocolError::Malformed { kind: POWER_OFF })));
        let event = [0x81, 0, 0, 0, 0, 0, 0, 0, 0];
        assert!(matches!(Request::receive(&mut event.as_slice()), Err(ProtocolError::UnknownType(0x81))));
    }
}
