//! Who runs a program, as the kernel decides it.

const PT_INTERP: u32 = 3;

/// The interpreter that the first bytes of a program name: a script's `#!` line or an ELF header's `PT_INTERP`.
///
/// None for a static program and for anything else. Only little-endian ELF is looked at: no other architecture is built.
pub(crate) fn interpreter(start: &[u8]) -> Option<Vec<u8>> {
    if let Some(line) = start.strip_prefix(b"#!") {
        let line = line.split(|byte| *byte == b'\n').next()?;
        let word = line.split(|byte| matches!(byte, b' ' | b'\t')).find(|word| !word.is_empty())?;
        return Some(word.to_vec());
    }
    let layout = match start.get(..6)? {
        [0x7f, b'E', b'L', b'F', 2, 1] => &ELF64,
        [0x7f, b'E', b'L', b'F', 1, 1] => &ELF32,
        _ => return None,
    };
    let table = number(start, layout.table, layout.word)?;
    let size = number(start, layout.entry_size, 2)?;
    let count = number(start, layout.entry_size + 2, 2)?;
    (0..count).find_map(|index| {
        let entry = start.get(table.checked_add(index.checked_mul(size)?)?..)?;
        if number(entry, 0, 4)? != PT_INTERP as usize {
            return None;
        }
        let offset = number(entry, layout.offset, layout.word)?;
        let length = number(entry, layout.length, layout.word)?;
        let path = start.get(offset..offset.checked_add(length)?)?;
        path.split(|byte| *byte == 0).next().map(<[u8]>::to_vec)
    })
}

/// Offsets of what matters here, from elf(5).
struct Layout {
    word: usize,
    table: usize,
    entry_size: usize,
    offset: usize,
    length: usize,
}

const ELF64: Layout = Layout { word: 8, table: 32, entry_size: 54, offset: 8, length: 32 };
const ELF32: Layout = Layout { word: 4, table: 28, entry_size: 42, offset: 4, length: 16 };

fn number(bytes: &[u8], offset: usize, width: usize) -> Option<usize> {
    let field = bytes.get(offset..offset.checked_add(width)?)?;
    field.iter().rev().try_fold(0_usize, |number, byte| number.checked_mul(256)?.checked_add(usize::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_name_it_in_their_first_line() {
        assert_eq!(interpreter(b"#!/bin/sh\necho").as_deref(), Some(b"/bin/sh".as_slice()));
        assert_eq!(interpreter(b"#! /usr/bin/env python3\n").as_deref(), Some(b"/usr/bin/env".as_slice()));
        assert_eq!(interpreter(b"#!/bin/sh").as_deref(), Some(b"/bin/sh".as_slice()));
        assert_eq!(interpreter(b"#!\n"), None);
        assert_eq!(interpreter(b"echo\n"), None);
        assert_eq!(interpreter(b""), None);
    }

    #[test]
    fn programs_name_it_in_a_header() {
        let shell = fs_start("/bin/sh");
        let named = interpreter(&shell).expect("the host's shell is dynamic");
        assert!(named.starts_with(b"/lib"), "{}", named.escape_ascii());
        for length in 0..shell.len() {
            let _ = interpreter(&shell[..length]);
        }
    }

    #[test]
    fn wild_offsets_name_nothing() {
        let mut header = [0xff; 128];
        header[..6].copy_from_slice(b"\x7fELF\x02\x01");
        assert_eq!(interpreter(&header), None);
    }

    fn fs_start(path: &str) -> Vec<u8> {
        use std::io::Read;
        let mut start = Vec::new();
        std::fs::OpenOptions::new().read(true).open(path).unwrap().take(4096).read_to_end(&mut start).unwrap();
        start
    }
}
