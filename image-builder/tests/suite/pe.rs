//! EFI programs to put together.

/// x86-64
pub(crate) const X64: u16 = 0x8664;
/// 64-bit ARM
pub(crate) const ARM64: u16 = 0xAA64;

/// A PE32+ file for EFI whose headers take 1 KiB.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) machine: u16,
    pub(crate) section_alignment: u32,
    /// In memory.
    pub(crate) size_of_image: u32,
    pub(crate) sections: Vec<(&'static str, Vec<u8>)>,
    /// Symbols behind the sections, as old stubs have them.
    pub(crate) symbols: u32,
}

pub(crate) const FILE_ALIGNMENT: usize = 512;
pub(crate) const HEADERS: usize = 1024;
/// Where the file header is.
pub(crate) const FILE_HEADER: usize = 0x44;
/// Where the optional header is.
pub(crate) const OPTIONAL: usize = FILE_HEADER + 20;
/// Where the table of sections is.
pub(crate) const TABLE: usize = OPTIONAL + 240;

impl Program {
    pub(crate) fn stub(machine: u16) -> Self {
        let sbat = b"sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md\n".to_vec();
        let sections = vec![(".text", vec![0xC3; 3000]), (".sbat", sbat)];
        Self { machine, section_alignment: 4096, size_of_image: 0x4000, sections, symbols: 0 }
    }

    pub(crate) fn kernel(machine: u16, length: usize) -> Self {
        let content = (0..length).map(|at| u8::try_from(at * at % 251).unwrap()).collect();
        Self { sections: vec![(".text", content)], size_of_image: 1 << 20, ..Self::stub(machine) }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut file = vec![0; HEADERS];
        let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, b"MZ");
        put(0x3C, &0x40_u32.to_le_bytes());
        put(0x40, b"PE\0\0");
        let count = u16::try_from(self.sections.len()).unwrap();
        put(FILE_HEADER, &[self.machine.to_le_bytes(), count.to_le_bytes()].concat());
        // 240 bytes of optional header; an executable.
        put(FILE_HEADER + 16, &[240, 0, 0x02, 0x02]);
        put(OPTIONAL, &0x20B_u16.to_le_bytes());
        for (at, value) in
            [(16, 4096), (20, 4096), (32, self.section_alignment), (36, 512), (56, self.size_of_image), (60, 1024), (108, 16)]
        {
            put(OPTIONAL + at, &value.to_le_bytes());
        }
        put(OPTIONAL + 68, &10_u16.to_le_bytes());
        let (mut raw, mut address) = (HEADERS, 4096_usize);
        for (index, (name, content)) in self.sections.iter().enumerate() {
            let length = content.len().next_multiple_of(FILE_ALIGNMENT);
            let numbers = [content.len(), address, length, raw].map(|number| u32::try_from(number).unwrap().to_le_bytes());
            put(TABLE + index * 40, name.as_bytes());
            put(TABLE + index * 40 + 8, &numbers.concat());
            put(TABLE + index * 40 + 36, &0x6000_0020_u32.to_le_bytes());
            raw += length;
            address = (address + content.len()).next_multiple_of(4096);
        }
        if self.symbols > 0 {
            put(FILE_HEADER + 8, &[u32::try_from(raw).unwrap().to_le_bytes(), self.symbols.to_le_bytes()].concat());
        }
        for (_, content) in &self.sections {
            file.extend_from_slice(content);
            file.resize(file.len().next_multiple_of(FILE_ALIGNMENT), 0);
        }
        if self.symbols > 0 {
            file.resize(file.len() + 18 * self.symbols as usize, b's');
            file.extend_from_slice(b"\x09\0\0\0name\0");
        }
        file
    }
}
