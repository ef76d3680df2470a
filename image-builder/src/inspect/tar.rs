//! tar archives of all common forms (POSIX.1-2017, pax), as far as it takes to get from one member to the next.

use super::archive::{Count, Tape};
use super::problem::Flaw;
use super::read::printable;

const BLOCK: usize = 512;
/// Longest extended header: all attributes of an inode fit.
const LONGEST_EXTENSION: u64 = 8 << 20;
const CHECKSUM: std::ops::Range<usize> = 148..156;

/// Whether it begins as one.
pub(super) fn is_one(start: &[u8]) -> bool {
    start.first_chunk::<BLOCK>().is_some_and(|header| is_header(header) && header.iter().any(|byte| *byte != 0))
}

/// Reads to the mark of the end.
pub(super) fn read(tape: &mut Tape<'_>, count: &mut Count) -> Result<(), Flaw> {
    let mut header = [0; BLOCK];
    // What a pax header says of the length of the next member.
    let mut told = None;
    loop {
        if tape.fill(&mut header)? < BLOCK {
            return Err(Flaw::Form { what: "it is cut off: its end is not marked" });
        }
        if header.iter().all(|byte| *byte == 0) {
            return Ok(());
        }
        let wrong = |why| Flaw::Member { name: name(&header), why };
        if !is_header(&header) {
            return Err(wrong("the checksum of its header is wrong"));
        }
        let size = number(&header[124..136]).ok_or_else(|| wrong("its length is no number"))?;
        match header[156] {
            b'x' => {
                if size > LONGEST_EXTENSION {
                    return Err(wrong("its extended header is too long"));
                }
                let mut text = Vec::new();
                tape.pass(size, |bytes| text.extend_from_slice(bytes))?;
                told = pax_size(&text).ok_or_else(|| wrong("its extended header is damaged"))?.or(told);
                tape.skip(padding(size))?;
            }
            b'g' | b'L' | b'K' | b'V' => tape.skip(size)?,
            kind => {
                if kind == b'S' {
                    skip_sparse_map(tape, &header)?;
                }
                // Old writers give a hard link the length of its file, and no content follows.
                let own = if matches!(kind, b'1'..=b'6') { 0 } else { size };
                let size = told.take().unwrap_or(own);
                tape.skip(size).map_err(|flaw| if let Flaw::Form { .. } = flaw { wrong("it is cut off") } else { flaw })?;
                tape.skip(padding(size))?;
                count.members += 1;
                count.content = count.content.saturating_add(size);
            }
        }
        if matches!(header[156], b'g' | b'L' | b'K' | b'V') {
            tape.skip(padding(size))?;
        }
    }
}

/// More blocks with the places of data in a sparse file, in GNU tar's oldest form.
fn skip_sparse_map(tape: &mut Tape<'_>, header: &[u8; BLOCK]) -> Result<(), Flaw> {
    let mut more = header[482];
    while more != 0 {
        let mut map = [0; BLOCK];
        tape.exact(&mut map)?;
        more = map[504];
    }
    Ok(())
}

fn is_header(header: &[u8; BLOCK]) -> bool {
    let field = header[CHECKSUM].iter().map(|byte| u64::from(*byte)).sum::<u64>();
    let sum = header.iter().map(|byte| u64::from(*byte)).sum::<u64>() - field + 8 * u64::from(b' ');
    number(&header[CHECKSUM]) == Some(sum)
}

/// Octal digits between spaces and NULs, or, with the top bit set, a number of 95 bits.
fn number(field: &[u8]) -> Option<u64> {
    if let [0x80, rest @ ..] = field {
        let (high, low) = rest.split_at(rest.len().saturating_sub(8));
        return high.iter().all(|byte| *byte == 0).then(|| low.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)));
    }
    let text = field.iter().skip_while(|byte| matches!(byte, b' ' | 0)).take_while(|byte| !matches!(byte, b' ' | 0));
    text.copied().try_fold(0_u64, |number, byte| matches!(byte, b'0'..=b'7').then(|| number << 3 | u64::from(byte - b'0')))
}

/// `size` of a pax header, where it is there; nothing for a header that is none.
fn pax_size(text: &[u8]) -> Option<Option<u64>> {
    let (mut rest, mut size) = (text, None);
    while !rest.is_empty() {
        let space = rest.iter().position(|byte| *byte == b' ')?;
        let length: usize = str::from_utf8(&rest[..space]).ok()?.parse().ok()?;
        let record = rest.get(space + 1..length)?.strip_suffix(b"\n")?;
        let equals = record.iter().position(|byte| *byte == b'=')?;
        if &record[..equals] == b"size" {
            size = Some(str::from_utf8(&record[equals + 1..]).ok()?.parse().ok()?);
        }
        rest = &rest[length..];
    }
    Some(size)
}

fn padding(length: u64) -> u64 {
    length.wrapping_neg() % BLOCK as u64
}

fn name(header: &[u8; BLOCK]) -> String {
    let name = header[..100].split(|byte| *byte == 0).next().unwrap_or_default();
    printable(&name.escape_ascii().to_string())
}
