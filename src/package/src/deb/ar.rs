use std::io::{self, Read};

use super::DebFault;

const MAGIC: &[u8; 8] = b"!<arch>\n";
const HEADER: usize = 60;

/// One member's header, ar(5).
#[derive(Debug)]
pub(super) struct Member {
    /// Without padding and the slash that GNU ar adds.
    pub(super) name: String,
    /// In bytes.
    pub(super) size: u64,
}

/// An `ar` archive read front to back.
#[derive(Debug)]
pub(super) struct ArReader<R> {
    input: R,
    /// Bytes of the archive behind the input's position, the rest of the member among them.
    remaining: u64,
    /// Bytes of the current member that nobody has read.
    unread: u64,
    padding: u64,
}

impl<R: Read> ArReader<R> {
    /// Begins to read an archive of `size` bytes.
    pub(super) fn new(mut input: R, size: u64) -> Result<Self, DebFault> {
        let mut magic = [0; MAGIC.len()];
        if size < 8 || read_or(&mut input, &mut magic, "the archive's magic").is_err() || &magic != MAGIC {
            return Err(DebFault::NotAnArchive);
        }
        Ok(Self { input, remaining: size - 8, unread: 0, padding: 0 })
    }

    /// The next member, whatever was left of the one before it passed over; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Member>, DebFault> {
        self.skip_rest()?;
        if self.remaining == 0 {
            return Ok(None);
        }
        if self.remaining < HEADER as u64 {
            return Err(DebFault::Truncated { place: "a member's header".to_owned() });
        }
        let mut header = [0; HEADER];
        read_or(&mut self.input, &mut header, "a member's header")?;
        self.remaining -= HEADER as u64;
        let member = parse_header(&header)?;
        if member.size > self.remaining {
            return Err(DebFault::Truncated { place: format!("member `{}`", member.name) });
        }
        self.unread = member.size;
        // The last member's padding may be missing; dpkg doesn't ask for it.
        self.padding = (member.size % 2).min(self.remaining - member.size);
        Ok(Some(member))
    }

    fn skip_rest(&mut self) -> Result<(), DebFault> {
        let rest = self.unread + std::mem::take(&mut self.padding);
        let skipped = io::copy(&mut (&mut self.input).take(rest), &mut io::sink())
            .map_err(|source| DebFault::Read { place: "the archive".to_owned(), source })?;
        self.unread = 0;
        self.remaining -= skipped;
        if skipped < rest {
            return Err(DebFault::Truncated { place: "a member".to_owned() });
        }
        Ok(())
    }
}

/// Reads the current member.
impl<R: Read> Read for ArReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = usize::try_from(self.unread).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.input.read(&mut buffer[..length])?;
        if read == 0 && length > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.unread -= read as u64;
        self.remaining -= read as u64;
        Ok(read)
    }
}

fn read_or(input: &mut impl Read, buffer: &mut [u8], place: &str) -> Result<(), DebFault> {
    input.read_exact(buffer).map_err(|source| match source.kind() {
        io::ErrorKind::UnexpectedEof => DebFault::Truncated { place: place.to_owned() },
        _ => DebFault::Read { place: place.to_owned(), source },
    })
}

fn parse_header(header: &[u8; HEADER]) -> Result<Member, DebFault> {
    let name = header[..16].trim_ascii_end();
    let name = name.strip_suffix(b"/").unwrap_or(name).escape_ascii().to_string();
    let bad = |reason: &str| DebFault::Member { name: name.clone(), reason: reason.to_owned() };
    if &header[58..] != b"`\n" {
        return Err(bad("its header does not end as it must"));
    }
    let digits = header[48..58].trim_ascii_end();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(bad("its size is not a number"));
    }
    // Ten digits always fit.
    let size = digits.iter().fold(0, |size, digit| size * 10 + u64::from(digit - b'0'));
    Ok(Member { name, size })
}
