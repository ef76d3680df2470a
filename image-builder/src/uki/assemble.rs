use zerocopy::IntoBytes;

use super::UkiError;
use super::format::{LOCAL_SYMS_STRIPPED, OptionalHeader, SectionHeader, section_flag};
use super::stub::Stub;

/// Old stubs align sections to less than a page.
const PAGE: u32 = 4096;

/// What is added.
#[derive(Debug)]
pub(super) struct Section<'a> {
    name: &'static str,
    content: &'a [u8],
    /// Bytes in memory: zeros follow the content.
    size: u64,
    flags: u32,
}

impl<'a> Section<'a> {
    pub(super) fn data(name: &'static str, content: &'a [u8]) -> Self {
        Self { name, content, size: content.len() as u64, flags: section_flag::INITIALIZED_DATA | section_flag::READ }
    }

    /// Stubs start an old kernel where it lies, so that it needs all of its space, and firmware must let it be executed.
    pub(super) fn kernel(content: &'a [u8], size_of_image: u32) -> Self {
        let size = u64::from(size_of_image).max(content.len() as u64);
        Self { name: ".linux", content, size, flags: section_flag::CODE | section_flag::READ }
    }
}

/// A stub, and sections that have their places behind its own.
#[derive(Debug)]
pub(super) struct Assembly<'a> {
    stub: Stub<'a>,
    added: Vec<(Section<'a>, SectionHeader)>,
    file_end: u32,
    virtual_end: u32,
}

impl<'a> Assembly<'a> {
    pub(super) fn new(stub: Stub<'a>, sections: Vec<Section<'a>>) -> Result<Self, UkiError> {
        let table_end = stub.headers.table + size_of_val(stub.sections.as_slice());
        let free = stub.bytes.get(table_end..stub.headers_end).unwrap_or_default();
        // What isn't zero belongs to somebody.
        let free = free.iter().position(|byte| *byte != 0).unwrap_or(free.len());
        let room = free / size_of::<SectionHeader>();
        if sections.len() > room {
            return Err(UkiError::NoRoom { needed: sections.len(), room });
        }
        let optional = &stub.headers.optional;
        let file_alignment = u64::from(optional.file_alignment.get());
        let section_alignment = u64::from(optional.section_alignment.get().max(PAGE));
        let (mut file_end, mut virtual_end) = (aligned(stub.bytes.len() as u64, file_alignment)?, narrow(stub.virtual_end)?);
        let mut added = Vec::with_capacity(sections.len());
        for section in sections {
            let mut name = [0; 8];
            name[..section.name.len()].copy_from_slice(section.name.as_bytes());
            if stub.sections.iter().any(|other| other.name == name) {
                return Err(UkiError::Taken { name: section.name });
            }
            let address = aligned(u64::from(virtual_end), section_alignment)?;
            let raw = aligned(section.content.len() as u64, file_alignment)?;
            let header = SectionHeader {
                name,
                virtual_size: narrow(section.size)?.into(),
                virtual_address: address.into(),
                size_of_raw_data: raw.into(),
                pointer_to_raw_data: file_end.into(),
                pointer_to_relocations: 0.into(),
                pointer_to_linenumbers: 0.into(),
                number_of_relocations: 0.into(),
                number_of_linenumbers: 0.into(),
                characteristics: section.flags.into(),
            };
            virtual_end = narrow(u64::from(address) + section.size)?;
            file_end = narrow(u64::from(file_end) + u64::from(raw))?;
            added.push((section, header));
        }
        let virtual_end = aligned(u64::from(virtual_end), section_alignment)?;
        Ok(Self { stub, added, file_end, virtual_end })
    }

    /// The file.
    pub(super) fn bytes(self) -> Result<Vec<u8>, UkiError> {
        let Self { stub, added, file_end, virtual_end } = self;
        let file_end = usize::try_from(file_end).unwrap_or(usize::MAX);
        let (mut file, mut optional) = (stub.headers.file, stub.headers.optional);
        let count = narrow16(stub.sections.len() + added.len())?;
        file.number_of_sections = count.into();
        file.pointer_to_symbol_table = 0.into();
        file.number_of_symbols = 0.into();
        file.characteristics = (file.characteristics.get() | LOCAL_SYMS_STRIPPED).into();
        let sum = |flag: u32| -> u64 {
            let some = added.iter().filter(|(section, _)| section.flags & flag != 0);
            some.map(|(_, header)| u64::from(header.size_of_raw_data.get())).sum()
        };
        optional.size_of_code = narrow(u64::from(optional.size_of_code.get()) + sum(section_flag::CODE))?.into();
        let data = u64::from(optional.size_of_initialized_data.get()) + sum(section_flag::INITIALIZED_DATA);
        optional.size_of_initialized_data = narrow(data)?.into();
        optional.size_of_image = virtual_end.into();
        optional.size_of_headers = narrow(stub.headers_end as u64)?.into();
        optional.check_sum = 0.into();

        let mut image = Vec::with_capacity(file_end);
        image.extend_from_slice(stub.bytes);
        for (section, header) in &added {
            image.resize(usize::try_from(header.pointer_to_raw_data.get()).unwrap_or(usize::MAX), 0);
            image.extend_from_slice(section.content);
        }
        image.resize(file_end, 0);
        let optional_at = stub.headers.at + file.as_bytes().len();
        let mut table_at = stub.headers.table + size_of_val(stub.sections.as_slice());
        for (_, header) in &added {
            put(&mut image, table_at, header.as_bytes());
            table_at += size_of::<SectionHeader>();
        }
        put(&mut image, stub.headers.at, file.as_bytes());
        put(&mut image, optional_at, optional.as_bytes());
        let sum = check_sum(&image);
        put(&mut image, optional_at + std::mem::offset_of!(OptionalHeader, check_sum), &sum.to_le_bytes());
        Ok(image)
    }
}

fn put(image: &mut [u8], at: usize, bytes: &[u8]) {
    image[at..at + bytes.len()].copy_from_slice(bytes);
}

/// That of `ImageHlp.dll`, of a file whose field for it is 0: words of 16 bits with the carry added again, and the length.
fn check_sum(image: &[u8]) -> u32 {
    let (words, last) = image.as_chunks::<2>();
    let last = last.first().map_or(0, |byte| u64::from(*byte));
    let mut sum = words.iter().map(|word| u64::from(u16::from_le_bytes(*word))).sum::<u64>() + last;
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    // Files have less than 4 GiB.
    u32::try_from(sum + image.len() as u64).unwrap_or(u32::MAX)
}

fn narrow(value: u64) -> Result<u32, UkiError> {
    u32::try_from(value).ok().ok_or(UkiError::TooLarge { limit: u32::MAX })
}

fn narrow16(count: usize) -> Result<u16, UkiError> {
    u16::try_from(count).ok().ok_or(UkiError::NoRoom { needed: count, room: usize::from(u16::MAX) })
}

fn aligned(value: u64, alignment: u64) -> Result<u32, UkiError> {
    narrow(value.next_multiple_of(alignment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_has_its_carries_and_the_length() {
        assert_eq!(check_sum(&[]), 0);
        assert_eq!(check_sum(&[0x34, 0x12, 1]), 0x1235 + 3);
        assert_eq!(check_sum(&[0xFF, 0xFF, 0x02, 0x00]), 2 + 4);
        assert_eq!(check_sum(&[0xFF; 6]), 0xFFFF + 6);
    }
}
