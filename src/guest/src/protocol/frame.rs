use std::io::{ErrorKind, Read, Write};

use super::ProtocolError;

/// The longest payload: room for a command line as long as the kernel takes, and its environment.
pub const MAX_PAYLOAD: usize = 4 << 20;

/// How much of a stream one frame carries at most.
pub const CHUNK: usize = 64 << 10;

const HEADER: usize = 9;

/// One message before its payload means anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) id: u32,
    pub(super) payload: Vec<u8>,
}

impl Frame {
    /// Writes the frame with one call, so that frames of two processes don't mix while they fit a pipe's atomic size.
    pub(super) fn write(&self, out: &mut impl Write) -> Result<(), ProtocolError> {
        let length = self.payload.len();
        let declared = u32::try_from(length).ok().filter(|_| length <= MAX_PAYLOAD);
        let declared = declared.ok_or(ProtocolError::TooLong { length: length as u64 })?;
        let mut bytes = Vec::with_capacity(HEADER + length);
        bytes.push(self.kind);
        bytes.extend_from_slice(&self.id.to_le_bytes());
        bytes.extend_from_slice(&declared.to_le_bytes());
        bytes.extend_from_slice(&self.payload);
        out.write_all(&bytes)?;
        out.flush()?;
        Ok(())
    }

    /// The next frame; none when the stream ends between two frames.
    pub(super) fn read(input: &mut impl Read) -> Result<Option<Self>, ProtocolError> {
        let mut header = [0; HEADER];
        if !fill(input, &mut header)? {
            return Ok(None);
        }
        let [kind, i0, i1, i2, i3, l0, l1, l2, l3] = header;
        let id = u32::from_le_bytes([i0, i1, i2, i3]);
        let length = u32::from_le_bytes([l0, l1, l2, l3]);
        let size = usize::try_from(length).ok().filter(|size| *size <= MAX_PAYLOAD);
        let size = size.ok_or(ProtocolError::TooLong { length: u64::from(length) })?;
        let mut payload = vec![0; size];
        input.read_exact(&mut payload)?;
        Ok(Some(Self { kind, id, payload }))
    }
}

/// Reads all of `buffer`; false when the stream ends before its first byte.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> Result<bool, ProtocolError> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) if filled == 0 => return Ok(false),
            Ok(0) => return Err(std::io::Error::from(ErrorKind::UnexpectedEof).into()),
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_back() {
        let frame = Frame { kind: 7, id: 0x0102_0304, payload: b"abc".to_vec() };
        let mut bytes = Vec::new();
        frame.write(&mut bytes).unwrap();
        assert_eq!(bytes, [7, 4, 3, 2, 1, 3, 0, 0, 0, b'a', b'b', b'c']);
        let mut input = bytes.as_slice();
        assert_eq!(Frame::read(&mut input).unwrap(), Some(frame));
        assert_eq!(Frame::read(&mut input).unwrap(), None);
    }

    #[test]
    fn a_declared_length_is_checked_before_it_is_believed() {
        let huge = [1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff];
        assert!(matches!(Frame::read(&mut huge.as_slice()), Err(ProtocolError::TooLong { length: 0xffff_ffff })));
        let frame = Frame { kind: 1, id: 0, payload: vec![0; MAX_PAYLOAD + 1] };
        assert!(matches!(frame.write(&mut Vec::new()), Err(ProtocolError::TooLong { .. })));
    }

    #[test]
    fn a_cut_frame_is_an_error_and_not_an_end() {
        let bytes = [1, 0, 0, 0, 0, 3, 0, 0, 0, b'a', b'b', b'c'];
        for length in 1..bytes.len() {
            assert!(matches!(Frame::read(&mut &bytes[..length]), Err(ProtocolError::Io(_))), "{length} bytes");
        }
    }
}
