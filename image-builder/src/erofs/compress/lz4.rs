use lz4::block::{CompressionMode, compress_bound, compress_to_buffer};

use crate::erofs::ErofsError;

/// Fewest bytes of literals at the end of a block, and fewest from the last match to there: `doc/lz4_Block_format.md` of lz4.
const LAST_LITERALS: usize = 5;
/// See [`LAST_LITERALS`].
const LAST_MATCH: usize = 12;
/// Fewest bytes of a match.
const MATCH_MIN: usize = 4;
/// What a half of a token can't say follows it.
const TOKEN_MAX: usize = 15;

/// Blocks without any header, each cut where the room ends.
///
/// The library's own function for that is not in its interface for Rust. But what it finds does not depend on what comes later, so that a block that
/// became too long is as good when it is cut off.
#[derive(Debug)]
pub(super) struct Filler {
    mode: CompressionMode,
    buffer: Vec<u8>,
}

impl Filler {
    /// With a level, the slower compressor.
    pub(super) fn new(level: Option<u32>) -> Self {
        let hc = |level| CompressionMode::HIGHCOMPRESSION(i32::try_from(level).unwrap_or(i32::MAX));
        Self { mode: level.map_or(CompressionMode::DEFAULT, hc), buffer: Vec::new() }
    }

    pub(super) fn fill(&mut self, input: &[u8], last: usize, room: usize, output: &mut Vec<u8>) -> Result<usize, ErofsError> {
        // Somewhat more than is needed, so that it is seldom too little.
        let mut wanted = if last > room { last + last / 4 } else { room * 2 };
        loop {
            let taken = wanted.min(input.len());
            let length = self.compress(&input[..taken])?;
            if length > room {
                return Ok(cut(&self.buffer[..length], input, room, output));
            }
            if taken == input.len() {
                output.extend_from_slice(&self.buffer[..length]);
                return Ok(taken);
            }
            wanted = taken.saturating_mul(room + room / 8).div_ceil(length.max(1)).max(taken + room / 2);
        }
    }

    fn compress(&mut self, input: &[u8]) -> Result<usize, ErofsError> {
        let failed = |error: std::io::Error| ErofsError::Compressor { compressor: "lz4", reason: error.to_string() };
        let bound = compress_bound(input.len()).map_err(failed)?;
        if self.buffer.len() < bound {
            self.buffer.resize(bound, 0);
        }
        compress_to_buffer(input, Some(self.mode), false, &mut self.buffer).map_err(failed)
    }
}

/// Where a block may end: after a match, with literals behind it.
#[derive(Debug, Clone, Copy, Default)]
struct Cut {
    /// Bytes of the block up to the match's end, and of what it stands for.
    packed: usize,
    unpacked: usize,
    /// Literals behind.
    literals: usize,
}

/// Puts the beginning of a block that is longer than `room` into the output, as a block; gives how much of the input that is. No more than `room` bytes
/// come out.
fn cut(block: &[u8], input: &[u8], room: usize, output: &mut Vec<u8>) -> usize {
    let mut best = Cut { literals: literals_within(room, input.len()), ..Cut::default() };
    let (mut at, mut unpacked) = (0, 0);
    while let Some((end, literals, matched)) = sequence(block, at) {
        at = end;
        unpacked += literals + matched;
        if at > room || unpacked > input.len() {
            break;
        }
        let literals = literals_within(room - at, input.len() - unpacked);
        let is_end = literals >= LAST_LITERALS && literals + matched >= LAST_MATCH;
        if is_end && unpacked + literals > best.unpacked + best.literals {
            best = Cut { packed: at, unpacked, literals };
        }
    }
    let end = best.unpacked + best.literals;
    output.extend_from_slice(&block[..best.packed]);
    output.push(u8::try_from(best.literals.min(TOKEN_MAX)).unwrap_or(0) << 4);
    if let Some(mut more) = best.literals.checked_sub(TOKEN_MAX) {
        while more >= 255 {
            output.push(255);
            more -= 255;
        }
        output.push(u8::try_from(more).unwrap_or(0));
    }
    output.extend_from_slice(&input[best.unpacked..end]);
    end
}

/// The most literals at the end of a block that has so much room left.
fn literals_within(room: usize, most: usize) -> usize {
    let Some(room) = room.checked_sub(1) else { return 0 };
    // From the fifteenth on, the length takes a byte more, and again with each 255.
    let cost = |literals: usize| literals + literals.checked_sub(TOKEN_MAX).map_or(0, |more| more / 255 + 1);
    let mut literals = room.saturating_sub(room / 256 + 1).min(most);
    while literals < most && cost(literals + 1) <= room {
        literals += 1;
    }
    literals
}

/// A sequence of a block that begins at a byte: where it ends, its literals and the length of its match. None for the last, which has no match.
fn sequence(block: &[u8], at: usize) -> Option<(usize, usize, usize)> {
    let token = usize::from(*block.get(at)?);
    let (literals, at) = length(block, at + 1, token >> 4)?;
    let offset_end = at.checked_add(literals)?.checked_add(2)?;
    if offset_end > block.len() {
        return None;
    }
    let (matched, end) = length(block, offset_end, token & TOKEN_MAX)?;
    Some((end, literals, matched + MATCH_MIN))
}

/// A length that begins in a token, and where what follows it begins.
fn length(block: &[u8], mut at: usize, in_token: usize) -> Option<(usize, usize)> {
    let mut length = in_token;
    if in_token == TOKEN_MAX {
        loop {
            let byte = *block.get(at)?;
            at += 1;
            length += usize::from(byte);
            if byte < 255 {
                break;
            }
        }
    }
    Some((length, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text with repetitions near and far, and some noise.
    fn text(length: usize) -> Vec<u8> {
        let mut state = 88_172_645_463_325_252_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let mut bytes: Vec<u8> = Vec::new();
        while bytes.len() < length {
            let random = next();
            let from = usize::try_from(random >> 8).unwrap() % bytes.len().max(1);
            let count = usize::try_from(random & 0x3F).unwrap();
            if random & 0xC0 == 0 || bytes.is_empty() {
                bytes.extend(random.to_le_bytes());
            } else {
                let end = (from + count).min(bytes.len());
                bytes.extend_from_within(from..end);
            }
        }
        bytes.truncate(length);
        bytes
    }

    #[test]
    fn what_is_cut_can_be_unpacked_and_is_full() {
        let inputs = [text(100_000), vec![0; 300_000], vec![7; 4097], (0..=255).cycle().take(9000).collect()];
        for input in &inputs {
            for level in [None, Some(1), Some(9), Some(12)] {
                for room in [4096, 8192, 16 << 10] {
                    let mut output = Vec::new();
                    let taken = Filler::new(level).fill(input, 0, room, &mut output).unwrap();
                    assert!(output.len() <= room && taken > 4096);
                    assert!(output.len() + 40 > room || taken == input.len(), "{} of {room}", output.len());
                    let mut unpacked = vec![0; taken];
                    assert_eq!(
                        lz4::block::decompress_to_buffer(&output, Some(i32::try_from(taken).unwrap()), &mut unpacked).unwrap(),
                        taken
                    );
                    assert!(unpacked == input[..taken]);
                }
            }
        }
    }

    #[test]
    fn literals_fill_the_room() {
        let cost = |literals: usize| 1 + literals + literals.checked_sub(15).map_or(0, |more| more / 255 + 1);
        for room in 1..3000 {
            let literals = literals_within(room, usize::MAX);
            assert!(cost(literals) <= room && cost(literals + 1) > room, "{room}: {literals}");
        }
        assert_eq!((literals_within(0, 9), literals_within(100, 9)), (0, 9));
    }
}
