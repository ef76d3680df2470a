use std::cell::Cell;
use std::io::{self, Read};
use std::sync::Arc;

use super::packed::{Flow, Packing};
use super::problem::Flaw;
use super::{InspectError, cpio, read, tar};
use crate::source::ImageSource;

/// Archives in one file that are told: an initrd has two or three.
const MOST: usize = 16;
/// Bytes by which a form is known.
const START: usize = 512;

/// An archive or a compressed stream, read to its end.
#[derive(Debug)]
pub struct ArchiveFacts {
    /// Where it begins in the image, in bytes.
    pub offset: u64,
    /// How it is compressed, if it is.
    pub packing: Option<Packing>,
    /// What is in it.
    pub form: ArchiveForm,
    /// Members, directories and links among them; the one that ends an archive is none.
    pub members: u64,
    /// Bytes of the members' contents.
    pub content: u64,
    /// Bytes of the archive, unpacked, as far as it was read.
    pub length: u64,
    /// What is wrong, and where in the unpacked archive; nothing behind that was read.
    pub flaw: Option<(u64, Arc<Flaw>)>,
}

/// The form of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names")]
pub enum ArchiveForm {
    Cpio,
    Tar,
    /// No archive, but compressed.
    Other,
}

impl ArchiveForm {
    /// `cpio`, say.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpio => "cpio",
            Self::Tar => "tar",
            Self::Other => "stream",
        }
    }

    fn of(start: &[u8]) -> Self {
        if cpio::is_one(start) {
            Self::Cpio
        } else if tar::is_one(start) {
            Self::Tar
        } else {
            Self::Other
        }
    }
}

/// What a reader of archives counts.
#[derive(Debug, Default)]
pub(super) struct Count {
    pub(super) members: u64,
    pub(super) content: u64,
}

/// Reads all archives from the start of an image on: an initrd is one behind another. Nothing when it begins with none.
pub(super) fn read_all(source: &dyn ImageSource) -> Result<Option<Vec<ArchiveFacts>>, InspectError> {
    let mut archives: Vec<ArchiveFacts> = Vec::new();
    let mut offset = 0;
    while archives.len() < MOST {
        let Some((packing, form)) = form_at(source, offset)? else { break };
        let archive = read_one(source, offset, packing, form)?;
        // Where a compressed stream ends, or a tar, nothing else is looked for.
        let is_last = packing.is_some() || form == ArchiveForm::Tar || archive.flaw.is_some();
        let end = offset.saturating_add(archive.length);
        archives.push(archive);
        match if is_last { None } else { skip_zeros(source, end)? } {
            Some(next) => offset = next,
            None => return Ok(Some(archives)),
        }
    }
    if let Some(last) = archives.last_mut() {
        last.flaw = Some((last.length, Flaw::Form { what: "there is something else behind the archive" }.into()));
    }
    Ok(Some(archives).filter(|archives| !archives.is_empty()))
}

/// How what begins at an offset is packed, and what it is as it stands; nothing where it is neither packed nor an archive.
pub(super) fn form_at(source: &dyn ImageSource, offset: u64) -> Result<Option<(Option<Packing>, ArchiveForm)>, InspectError> {
    let mut start = [0; START];
    let length = read::fill(source, offset, &mut start)?;
    let start = &start[..length];
    let (packing, form) = (Packing::of(start), ArchiveForm::of(start));
    Ok((packing.is_some() || form != ArchiveForm::Other).then_some((packing, form)))
}

fn read_one(source: &dyn ImageSource, offset: u64, packing: Option<Packing>, form: ArchiveForm) -> Result<ArchiveFacts, InspectError> {
    let failure = Cell::new(None);
    let flow = Flow::new(source, offset, &failure);
    let mut facts = ArchiveFacts { offset, packing, form, members: 0, content: 0, length: 0, flaw: None };
    let plain: io::Result<Box<dyn Read>> = match packing {
        Some(packing) => packing.unpack(flow),
        None => Ok(Box::new(io::BufReader::with_capacity(1 << 16, flow))),
    };
    match plain {
        Ok(plain) => facts.read(plain),
        Err(source) => facts.flaw = Some((0, Flaw::Stream { source }.into())),
    }
    failure.take().map_or(Ok(facts), Err)
}

impl ArchiveFacts {
    fn read(&mut self, plain: Box<dyn Read + '_>) {
        let mut tape = Tape::new(plain);
        let mut count = Count::default();
        let result = tape.peek().and_then(|()| {
            if self.packing.is_some() {
                self.form = ArchiveForm::of(&tape.ahead);
            }
            match self.form {
                ArchiveForm::Cpio => cpio::read(&mut tape, &mut count, self.packing.is_some()),
                ArchiveForm::Tar => tar::read(&mut tape, &mut count),
                ArchiveForm::Other => Ok(()),
            }
        });
        // A compressed stream has checksums at its end; a tar ends where the file does.
        let result = if result.is_ok() && (self.packing.is_some() || self.form == ArchiveForm::Tar) { tape.drain() } else { result };
        (self.members, self.content, self.length) = (count.members, count.content, tape.position);
        self.flaw = result.err().map(|flaw| (tape.position, flaw.into()));
    }
}

/// Where the next byte that is not zero is.
fn skip_zeros(source: &dyn ImageSource, from: u64) -> Result<Option<u64>, InspectError> {
    let mut buffer = vec![0; 64 << 10];
    let mut at = from;
    loop {
        let count = read::fill(source, at, &mut buffer)?;
        if let Some(found) = buffer[..count].iter().position(|byte| *byte != 0) {
            return Ok(Some(at + found as u64));
        }
        if count < buffer.len() {
            return Ok(None);
        }
        at += count as u64;
    }
}

/// A stream that is read once, with a look at its start.
pub(super) struct Tape<'a> {
    stream: Box<dyn Read + 'a>,
    ahead: Vec<u8>,
    /// Bytes taken.
    pub(super) position: u64,
}

impl<'a> Tape<'a> {
    fn new(stream: Box<dyn Read + 'a>) -> Self {
        Self { stream, ahead: Vec::new(), position: 0 }
    }

    fn peek(&mut self) -> Result<(), Flaw> {
        let read = (&mut self.stream).take(START as u64).read_to_end(&mut self.ahead);
        read.map(drop).map_err(|source| Flaw::Stream { source })
    }

    /// Fills the buffer as far as the stream goes.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, Flaw> {
        let ahead = self.ahead.len().min(buffer.len());
        buffer[..ahead].copy_from_slice(&self.ahead[..ahead]);
        self.ahead.drain(..ahead);
        let mut filled = ahead;
        while filled < buffer.len() {
            match self.stream.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    self.position += filled as u64;
                    return Err(Flaw::Stream { source });
                }
            }
        }
        self.position += filled as u64;
        Ok(filled)
    }

    /// Fills the buffer, or says that the archive is cut off.
    pub(super) fn exact(&mut self, buffer: &mut [u8]) -> Result<(), Flaw> {
        if self.fill(buffer)? == buffer.len() { Ok(()) } else { Err(Flaw::Form { what: "it is cut off" }) }
    }

    /// Hands so many bytes to somebody, piece by piece.
    pub(super) fn pass(&mut self, length: u64, mut to: impl FnMut(&[u8])) -> Result<(), Flaw> {
        let mut buffer = vec![0; 32 << 10];
        let mut rest = length;
        while rest > 0 {
            let wanted = usize::try_from(rest).unwrap_or(usize::MAX).min(buffer.len());
            self.exact(&mut buffer[..wanted])?;
            to(&buffer[..wanted]);
            rest -= wanted as u64;
        }
        Ok(())
    }

    pub(super) fn skip(&mut self, length: u64) -> Result<(), Flaw> {
        self.pass(length, |_| {})
    }

    /// To the end.
    fn drain(&mut self) -> Result<(), Flaw> {
        let mut buffer = vec![0; 64 << 10];
        while self.fill(&mut buffer)? > 0 {}
        Ok(())
    }
}
