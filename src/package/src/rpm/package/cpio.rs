//! The archive of a payload: cpio's `newc`, or what rpm makes of it for large files, where a member has the number of its file in the header and no more
//! (rpm's `lib/rpmcpio.cc`).

use std::io::Read;

use super::RpmFault;
use crate::payload::StreamFault;

const NEWC: &[u8; 6] = b"070701";
const NEWC_WITH_SUM: &[u8; 6] = b"070702";
const STRIPPED: &[u8; 6] = b"07070X";

/// The last member of either.
const TRAILER: &[u8] = b"TRAILER!!!";

/// Fields of a `newc` member behind its magic, eight hexadecimal digits each.
const FIELDS: usize = 13;
const SIZE: usize = 6;
const NAME_LENGTH: usize = 11;

const LONGEST_NAME: u64 = 4200;

/// Which file a member is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Member {
    /// By its name, as it stands there, with the length of its content.
    Named(Vec<u8>, u64),
    /// By its place in the header, which knows the length too.
    Numbered(usize),
}

/// Reads members and their contents in turn.
pub(super) struct CpioReader<R> {
    input: R,
    position: u64,
}

impl<R: Read> CpioReader<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, position: 0 }
    }

    /// The next member; none after the last. The content of the one before must have been read.
    pub(super) fn next(&mut self) -> Result<Option<Member>, RpmFault> {
        self.align()?;
        let mut magic = [0; 6];
        self.fill(&mut magic)?;
        match &magic {
            NEWC | NEWC_WITH_SUM => self.named(),
            STRIPPED => {
                let mut digits = [0; 8];
                self.fill(&mut digits)?;
                let number = hexadecimal(&digits)?;
                self.align()?;
                Ok(Some(Member::Numbered(usize::try_from(number).unwrap_or(usize::MAX))))
            }
            _ => Err(RpmFault::Payload { reason: "a member doesn't begin as one" }),
        }
    }

    fn named(&mut self) -> Result<Option<Member>, RpmFault> {
        let mut fields = [0; 8 * FIELDS];
        self.fill(&mut fields)?;
        let field = |at: usize| hexadecimal(fields.get(8 * at..8 * (at + 1)).unwrap_or_default());
        let (size, length) = (field(SIZE)?, field(NAME_LENGTH)?);
        if length == 0 || length > LONGEST_NAME {
            return Err(RpmFault::Payload { reason: "a member's name is empty or longer than any" });
        }
        let mut name = vec![0; usize::try_from(length).unwrap_or(0)];
        self.fill(&mut name)?;
        self.align()?;
        if name.pop() != Some(0) || name.contains(&0) {
            return Err(RpmFault::Payload { reason: "a member's name doesn't end where it should" });
        }
        Ok(if name == TRAILER { None } else { Some(Member::Named(name, size)) })
    }

    /// The content of the member, in pieces.
    pub(super) fn content(&mut self, length: u64, mut piece: impl FnMut(&[u8]) -> Result<(), RpmFault>) -> Result<(), RpmFault> {
        let mut buffer = vec![0; 64 << 10];
        let mut left = length;
        while left > 0 {
            let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let chunk = buffer.get_mut(..wanted).unwrap_or_default();
            self.fill(chunk)?;
            piece(chunk)?;
            left -= wanted as u64;
        }
        Ok(())
    }

    /// Reads whatever follows the last member, where a compressed stream has its own checksum.
    pub(super) fn finish(mut self) -> Result<(), RpmFault> {
        std::io::copy(&mut self.input, &mut std::io::sink()).map_err(|source| StreamFault::reading("its payload", source))?;
        Ok(())
    }

    fn align(&mut self) -> Result<(), RpmFault> {
        let mut padding = [0; 3];
        let length = usize::try_from(self.position.wrapping_neg() % 4).unwrap_or(0);
        self.fill(padding.get_mut(..length).unwrap_or_default())
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), RpmFault> {
        self.input.read_exact(buffer).map_err(|source| StreamFault::reading("its payload", source))?;
        self.position += buffer.len() as u64;
        Ok(())
    }
}

fn hexadecimal(digits: &[u8]) -> Result<u64, RpmFault> {
    digits.iter().try_fold(0, |value, digit| {
        let digit = char::from(*digit).to_digit(16).ok_or(RpmFault::Payload { reason: "a member's number is none" })?;
        Ok(value << 4 | u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newc(name: &str, content: &[u8]) -> Vec<u8> {
        let mut fields = [0; FIELDS];
        (fields[SIZE], fields[NAME_LENGTH]) = (content.len(), name.len() + 1);
        let mut bytes = NEWC.to_vec();
        fields.iter().for_each(|field| bytes.extend_from_slice(format!("{field:08x}").as_bytes()));
        bytes.extend_from_slice(name.as_bytes());
        bytes.push(0);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    #[test]
    fn both_kinds_are_read() {
        let mut bytes = newc("./a", b"12345");
        bytes.extend_from_slice(b"07070X00000001\0\0wxyz");
        bytes.extend(newc("TRAILER!!!", b""));
        let mut reader = CpioReader::new(bytes.as_slice());
        assert_eq!(reader.next().unwrap(), Some(Member::Named(b"./a".to_vec(), 5)));
        let mut content = Vec::new();
        let mut keep = |piece: &[u8]| {
            content.extend_from_slice(piece);
            Ok(())
        };
        reader.content(5, &mut keep).unwrap();
        assert_eq!(reader.next().unwrap(), Some(Member::Numbered(1)));
        reader.content(4, &mut keep).unwrap();
        assert_eq!(content, b"12345wxyz");
        assert_eq!(reader.next().unwrap(), None);
        for length in 0..bytes.len() - 1 {
            let mut reader = CpioReader::new(&bytes[..length]);
            while let Ok(Some(Member::Named(_, size))) = reader.next() {
                let _read = reader.content(size, |_| Ok(()));
            }
        }
    }
}
