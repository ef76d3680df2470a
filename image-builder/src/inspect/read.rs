use std::io;

use zerocopy::FromBytes;

use super::InspectError;
use crate::source::ImageSource;

/// Fills a buffer from an offset on, as far as the image goes; gives the bytes that there are. Any offset will do.
pub(super) fn fill(source: &dyn ImageSource, offset: u64, buffer: &mut [u8]) -> Result<usize, InspectError> {
    let mut filled = 0;
    while filled < buffer.len() {
        let at = offset.saturating_add(filled as u64);
        if at >= source.length() {
            break;
        }
        match source.read_at(at, &mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(InspectError::Read { offset: at, source }),
        }
    }
    Ok(filled)
}

/// So many bytes; nothing where the image ends before.
pub(super) fn bytes<const N: usize>(source: &dyn ImageSource, offset: u64) -> Result<Option<[u8; N]>, InspectError> {
    let mut bytes = [0; N];
    Ok((fill(source, offset, &mut bytes)? == N).then_some(bytes))
}

/// A struct of at most 4096 bytes; nothing where the image ends before.
pub(super) fn get<T: FromBytes>(source: &dyn ImageSource, offset: u64) -> Result<Option<T>, InspectError> {
    let mut bytes = [0; 4096];
    let Some(wanted) = bytes.get_mut(..size_of::<T>()) else { return Ok(None) };
    let is_there = fill(source, offset, wanted)? == wanted.len();
    Ok(T::read_from_bytes(wanted).ok().filter(|_| is_there))
}

/// The offset of the first difference of two stretches of an image, and how much was compared; at most `length` bytes.
pub(super) fn first_difference(source: &dyn ImageSource, one: u64, other: u64, length: u64) -> Result<Option<u64>, InspectError> {
    const PIECE: usize = 64 << 10;
    let (mut left, mut right) = (vec![0; PIECE], vec![0; PIECE]);
    let mut done = 0;
    while done < length {
        let wanted = usize::try_from(length - done).unwrap_or(PIECE).min(PIECE);
        let found = fill(source, one.saturating_add(done), &mut left[..wanted])?;
        let count = fill(source, other.saturating_add(done), &mut right[..wanted])?.min(found);
        if let Some(at) = left[..count].iter().zip(&right[..count]).position(|(left, right)| left != right) {
            return Ok(Some(other.saturating_add(done + at as u64)));
        }
        if count < wanted {
            return Ok(Some(other.saturating_add(done + count as u64)));
        }
        done += wanted as u64;
    }
    Ok(None)
}

/// Text of a field that ends with NULs or spaces; bytes that are no UTF-8 are escaped, and so is what a terminal would take for more than text.
pub(super) fn text(field: &[u8]) -> String {
    let field = field.split(|byte| *byte == 0).next().unwrap_or_default().trim_ascii_end();
    printable(&String::from_utf8_lossy(field))
}

/// With control characters escaped.
pub(super) fn printable(text: &str) -> String {
    text.chars().flat_map(|letter| if letter.is_control() { letter.escape_default().collect() } else { vec![letter] }).collect()
}
