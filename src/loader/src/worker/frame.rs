use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest header or body, in bytes: more than any file of a root that a plugin would write itself.
const LIMIT: u32 = 256 << 20;

/// Sends a message and the bytes that belong to it.
pub(super) fn send(stream: &mut dyn Write, message: &impl Serialize, body: &[u8]) -> io::Result<()> {
    let header = serde_json::to_vec(message)?;
    let length = |bytes: &[u8]| {
        let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= LIMIT);
        length.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, format!("{} bytes are too many for a message", bytes.len())))
    };
    let (header_length, body_length) = (length(&header)?, length(body)?);
    stream.write_all(&header_length.to_le_bytes())?;
    stream.write_all(&body_length.to_le_bytes())?;
    stream.write_all(&header)?;
    stream.write_all(body)?;
    stream.flush()
}

/// Receives what [`send`] has sent.
pub(super) fn receive<T: DeserializeOwned>(stream: &mut dyn Read) -> io::Result<(T, Vec<u8>)> {
    let mut lengths = [[0; 4]; 2];
    stream.read_exact(&mut lengths[0])?;
    stream.read_exact(&mut lengths[1])?;
    let [header, body] = lengths.map(u32::from_le_bytes);
    let header = read(stream, header)?;
    let body = read(stream, body)?;
    Ok((serde_json::from_slice(&header)?, body))
}

/// Memory is taken as bytes come, and not as somebody says that they will.
fn read(stream: &mut dyn Read, length: u32) -> io::Result<Vec<u8>> {
    if length > LIMIT {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a message of {length} bytes")));
    }
    let mut bytes = Vec::new();
    stream.take(length.into()).read_to_end(&mut bytes)?;
    if bytes.len() < usize::try_from(length).unwrap_or(usize::MAX) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_received_and_lies_about_lengths_are_not_believed() {
        let mut stream = Vec::new();
        send(&mut stream, &("one", 2), b"body").unwrap();
        let received: ((String, u8), Vec<u8>) = receive(&mut &stream[..]).unwrap();
        assert_eq!(received, (("one".to_owned(), 2), b"body".to_vec()));
        let cut = receive::<(String, u8)>(&mut &stream[..stream.len() - 1]).unwrap_err();
        assert_eq!(cut.kind(), io::ErrorKind::UnexpectedEof);
        stream[..4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(receive::<(String, u8)>(&mut &stream[..]).unwrap_err().kind(), io::ErrorKind::InvalidData);
        stream[..4].copy_from_slice(&LIMIT.to_le_bytes());
        assert_eq!(receive::<(String, u8)>(&mut &stream[..]).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
