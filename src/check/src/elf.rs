use goblin::container::{Container, Ctx};
use goblin::elf::Elf;
use goblin::elf::dynamic::{DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_SONAME, Dynamic};
use goblin::elf::header::ET_DYN;
use goblin::elf::program_header::{PT_INTERP, ProgramHeader};

use crate::Machine;

/// What the loader looks at in a program or library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) header: Header,
    /// Whether others can be linked to it: what is loaded anywhere, with a table for the loader.
    pub(crate) shared: bool,
    /// The loader that the program names.
    pub(crate) interpreter: Option<Vec<u8>>,
    /// Names of libraries, in order.
    pub(crate) needed: Vec<Vec<u8>>,
    pub(crate) soname: Option<Vec<u8>>,
    /// `DT_RPATH`, which counts for what its libraries need too.
    pub(crate) rpath: Option<Vec<u8>>,
    /// `DT_RUNPATH`, which counts for this object alone and outweighs the other.
    pub(crate) runpath: Option<Vec<u8>>,
}

/// What must agree between a program and its libraries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) machine: Machine,
    /// 64-bit.
    pub(crate) wide: bool,
}

impl Object {
    /// From the first bytes of a file; the reason why not is the end of a sentence.
    pub(crate) fn parse_header(bytes: &[u8]) -> Result<Header, String> {
        let header = Elf::parse_header(bytes).map_err(|error| error.to_string())?;
        let elf = Elf::lazy_parse(header).map_err(|error| error.to_string())?;
        Ok(Header { machine: Machine::from_elf(elf.header.e_machine), wide: elf.is_64 })
    }

    /// From a whole file; the reason why not is the end of a sentence.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        Self::parse_parts(bytes).map_err(|error| error.to_string())
    }

    fn parse_parts(bytes: &[u8]) -> Result<Self, goblin::error::Error> {
        let elf = Elf::lazy_parse(Elf::parse_header(bytes)?)?;
        let header = Header { machine: Machine::from_elf(elf.header.e_machine), wide: elf.is_64 };
        let container = if elf.is_64 { Container::Big } else { Container::Little };
        let context =
            Ctx::new(container, if elf.little_endian { goblin::container::Endian::Little } else { goblin::container::Endian::Big });
        let too_far = |_| goblin::error::Error::Malformed("the program headers are out of reach".to_owned());
        let offset = usize::try_from(elf.header.e_phoff).map_err(too_far)?;
        let segments = ProgramHeader::parse(bytes, offset, usize::from(elf.header.e_phnum), context)?;
        let interpreter = segments.iter().find(|segment| segment.p_type == PT_INTERP).map(|segment| string(bytes, segment.p_offset));
        let mut object = Self { header, shared: false, interpreter, needed: Vec::new(), soname: None, rpath: None, runpath: None };
        if let Some(dynamic) = Dynamic::parse(bytes, &segments, context)? {
            object.shared = elf.header.e_type == ET_DYN;
            object.take_dynamic(bytes, &dynamic);
        }
        Ok(object)
    }

    fn take_dynamic(&mut self, bytes: &[u8], dynamic: &Dynamic) {
        let strings = bytes.get(dynamic.info.strtab..).unwrap_or_default();
        for entry in &dynamic.dyns {
            match entry.d_tag {
                DT_NEEDED => self.needed.push(string(strings, entry.d_val)),
                DT_SONAME => self.soname = Some(string(strings, entry.d_val)),
                DT_RPATH => self.rpath = Some(string(strings, entry.d_val)),
                DT_RUNPATH => self.runpath = Some(string(strings, entry.d_val)),
                _ => {}
            }
        }
    }
}

/// The string that begins at an offset; empty when that is out of reach.
fn string(bytes: &[u8], offset: u64) -> Vec<u8> {
    let tail = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
    tail.split(|byte| *byte == 0).next().unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn this_test_needs_the_c_library() {
        let own = fs_err::read("/proc/self/exe").unwrap();
        let object = Object::parse(&own).unwrap();
        assert_eq!(object.header, Object::parse_header(&own[..64]).unwrap());
        assert_eq!(Some(object.header.machine), Machine::from_name(std::env::consts::ARCH));
        assert!(object.needed.contains(&b"libc.so.6".to_vec()), "{object:?}");
        assert!(object.interpreter.unwrap().starts_with(b"/lib"));
    }

    /// Every byte of the headers set to its worst, and every length cut.
    #[test]
    fn damage_is_an_error_and_never_a_panic() {
        let own = fs_err::read("/proc/self/exe").unwrap();
        let start = &own[..own.len().min(4096)];
        for length in 0..512.min(start.len()) {
            let _ = Object::parse(&start[..length]);
        }
        for at in 4..start.len() {
            for worst in [0, 0x7f, 0x80, 0xff] {
                let mut damaged = start.to_vec();
                damaged[at] = worst;
                let _ = Object::parse(&damaged);
                damaged[at..(at + 8).min(start.len())].fill(worst);
                let _ = Object::parse(&damaged);
            }
        }
    }
}
