//! cpio archives of the "new ASCII" form, with checksums or without (Documentation/driver-api/early-userspace/buffer-format.rst of the kernel).

use super::archive::{Count, Tape};
use super::problem::Flaw;
use super::read::printable;

/// Bytes before a name.
const HEADER: usize = 110;
/// Longest name, the NUL at its end included: the kernel's limit for a path.
const LONGEST_NAME: u64 = 4096;
const TRAILER: &[u8] = b"TRAILER!!!";

/// Whether it begins as one.
pub(super) fn is_one(start: &[u8]) -> bool {
    start.len() >= HEADER && (start.starts_with(b"070701") || start.starts_with(b"070702"))
}

/// Reads to the end of an archive, or of the stream when others may follow: `until_end`.
pub(super) fn read(tape: &mut Tape<'_>, count: &mut Count, until_end: bool) -> Result<(), Flaw> {
    let mut header = [0; HEADER];
    tape.exact(&mut header)?;
    loop {
        while member(tape, count, &header)? {
            tape.exact(&mut header)?;
        }
        if !until_end {
            return Ok(());
        }
        // Zeros up to the next one, in steps of what all is aligned to.
        let mut word = [0; 4];
        let length = loop {
            let length = tape.fill(&mut word)?;
            if length < word.len() || word != [0; 4] {
                break length;
            }
        };
        match word {
            [0, 0, 0, 0] => return Ok(()),
            [b'0', b'7', b'0', b'7'] if length == word.len() => {
                header[..4].copy_from_slice(&word);
                tape.exact(&mut header[4..])?;
            }
            _ => return Err(Flaw::Form { what: "there is something else behind the archive" }),
        }
    }
}

/// Reads what is behind a header; false for the one that ends an archive.
fn member(tape: &mut Tape<'_>, count: &mut Count, header: &[u8; HEADER]) -> Result<bool, Flaw> {
    let wrong = |what| Flaw::Form { what };
    let has_sum = match &header[..6] {
        b"070701" => false,
        b"070702" => true,
        _ => return Err(wrong("a header is none")),
    };
    let mut numbers = [0; 13];
    for (number, digits) in numbers.iter_mut().zip(header[6..].as_chunks::<8>().0) {
        *number = hexadecimal(digits).ok_or_else(|| wrong("a number in a header is none"))?;
    }
    let [_, mode, _, _, _, _, size, _, _, _, _, name_length, sum] = numbers;
    let (size, name_length) = (u64::from(size), u64::from(name_length));
    if !(1..=LONGEST_NAME).contains(&name_length) {
        return Err(Flaw::Field { what: "length of a name", value: name_length });
    }
    let mut name = vec![0; usize::try_from(name_length).unwrap_or(0)];
    tape.exact(&mut name)?;
    if name.pop() != Some(0) || name.contains(&0) {
        return Err(wrong("a name does not end as it should"));
    }
    tape.skip(padding(HEADER as u64 + name_length))?;
    let mut found = 0_u32;
    tape.pass(size, |bytes| found = bytes.iter().fold(found, |sum, byte| sum.wrapping_add(u32::from(*byte))))?;
    // GNU cpio and the kernel know sums of regular files only.
    if has_sum && mode & 0o170_000 == 0o100_000 && found != sum {
        return Err(Flaw::Member { name: printable(&name.escape_ascii().to_string()), why: "its checksum is wrong" });
    }
    if name == TRAILER {
        return Ok(false);
    }
    tape.skip(padding(size))?;
    count.members += 1;
    count.content = count.content.saturating_add(size);
    Ok(true)
}

/// To the next multiple of 4.
fn padding(length: u64) -> u64 {
    length.wrapping_neg() % 4
}

fn hexadecimal(digits: &[u8; 8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| char::from(*digit).to_digit(16).map(|digit| number << 4 | digit))
}
