use zerocopy::FromBytes;

use super::UkiError;
use super::format::{
    CERTIFICATES, DOS_MAGIC, Directory, EFI_APPLICATION, FileHeader, OptionalHeader, PE_MAGIC, PE_OFFSET_AT, PE32_PLUS, SYMBOL_SIZE,
    SectionHeader,
};

/// Largest that either alignment may be.
const ALIGNMENT_LIMIT: u32 = 1 << 16;

/// What begins a PE32+ file.
#[derive(Debug)]
pub(super) struct Headers {
    pub(super) file: FileHeader,
    pub(super) optional: OptionalHeader,
    /// Where the certificates are, if there is such a directory.
    certificates: Option<Directory>,
    /// Where in the file the [`FileHeader`] is; the [`OptionalHeader`] follows it.
    pub(super) at: usize,
    /// Where in the file the table of sections is.
    pub(super) table: usize,
}

impl Headers {
    /// Nothing when they are not of that form.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        if !bytes.starts_with(DOS_MAGIC) {
            return None;
        }
        let (offset, _) = bytes.get(PE_OFFSET_AT..)?.split_first_chunk::<4>()?;
        let at = usize::try_from(u32::from_le_bytes(*offset)).ok()?.checked_add(PE_MAGIC.len())?;
        let (file, _) = FileHeader::read_from_prefix(bytes.get(at - PE_MAGIC.len()..)?.strip_prefix(PE_MAGIC)?).ok()?;
        let optional_at = at + size_of::<FileHeader>();
        let table = optional_at + usize::from(file.size_of_optional_header.get());
        let (optional, directories) = OptionalHeader::read_from_prefix(bytes.get(optional_at..table)?).ok()?;
        let count = usize::try_from(optional.number_of_rva_and_sizes.get()).ok()?;
        let directory = directories.get(CERTIFICATES * size_of::<Directory>()..).filter(|_| count > CERTIFICATES);
        let certificates = directory.and_then(|bytes| Some(Directory::read_from_prefix(bytes).ok()?.0));
        (optional.magic.get() == PE32_PLUS).then_some(Self { file, optional, certificates, at, table })
    }
}

/// A stub that can be added to.
#[derive(Debug)]
pub(super) struct Stub<'a> {
    pub(super) headers: Headers,
    pub(super) sections: Vec<SectionHeader>,
    /// Headers and sections, without what is behind them.
    pub(super) bytes: &'a [u8],
    /// The first address that no section has.
    pub(super) virtual_end: u64,
    /// Where the room for headers ends.
    pub(super) headers_end: usize,
}

impl<'a> Stub<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, UkiError> {
        let headers = Headers::parse(bytes).ok_or(UkiError::NotPe { what: "stub" })?;
        let Headers { optional, certificates, .. } = &headers;
        let (section, file) = (optional.section_alignment.get(), optional.file_alignment.get());
        if [section, file].iter().any(|alignment| !alignment.is_power_of_two() || *alignment > ALIGNMENT_LIMIT) {
            return Err(UkiError::Alignment { section, file });
        }
        if optional.subsystem.get() != EFI_APPLICATION {
            return Err(UkiError::Subsystem { subsystem: optional.subsystem.get() });
        }
        if certificates.as_ref().is_some_and(|directory| directory.virtual_address.get() != 0 || directory.size.get() != 0) {
            return Err(UkiError::Signed);
        }
        let count = usize::from(headers.file.number_of_sections.get());
        let cut_off = |end: u64| UkiError::Truncated { length: bytes.len(), end };
        let table_end = headers.table + count * size_of::<SectionHeader>();
        let table = bytes.get(headers.table..table_end).ok_or_else(|| cut_off(table_end as u64))?;
        let sections: Vec<SectionHeader> =
            table.as_chunks::<{ size_of::<SectionHeader>() }>().0.iter().map(|bytes| zerocopy::transmute!(*bytes)).collect();
        let raw = |section: &&SectionHeader| section.size_of_raw_data.get() > 0;
        let end = |at: u32, size: u32| u64::from(at) + u64::from(size);
        let raw_end = |section: &SectionHeader| end(section.pointer_to_raw_data.get(), section.size_of_raw_data.get());
        let virtual_end = |section: &SectionHeader| end(section.virtual_address.get(), section.virtual_size.get());
        let file_end = sections.iter().filter(raw).map(raw_end).max().unwrap_or(0).max(table_end as u64);
        let kept = usize::try_from(file_end).ok().and_then(|end| bytes.split_at_checked(end));
        let (kept, rest) = kept.filter(|_| count > 0).ok_or_else(|| cut_off(file_end))?;
        check_rest(&headers.file, kept.len(), rest)?;
        let starts = sections.iter().filter(raw).map(|section| section.pointer_to_raw_data.get());
        let starts = starts.chain(sections.iter().map(|section| section.virtual_address.get()));
        let aligned = u64::from(optional.size_of_headers.get()).next_multiple_of(u64::from(file));
        let headers_end = starts.map(u64::from).fold(aligned, u64::min);
        Ok(Self {
            virtual_end: sections.iter().map(virtual_end).max().unwrap_or(0),
            headers_end: usize::try_from(headers_end).unwrap_or(0).min(kept.len()),
            bytes: kept,
            sections,
            headers,
        })
    }
}

/// Behind the sections there may be a table of symbols with its names, or zeros.
fn check_rest(file: &FileHeader, at: usize, rest: &[u8]) -> Result<(), UkiError> {
    let (symbols, count) = (u64::from(file.pointer_to_symbol_table.get()), u64::from(file.number_of_symbols.get()));
    let is_zero = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
    let known = || {
        let (before, table) = rest.split_at_checked(usize::try_from(symbols.checked_sub(at as u64)?).ok()?)?;
        let names = table.get(usize::try_from(count * SYMBOL_SIZE).ok()?..)?;
        let length = names.first_chunk::<4>().map_or(0, |length| u32::from_le_bytes(*length));
        Some(is_zero(before) && is_zero(names.get(usize::try_from(length).ok()?..)?))
    };
    if is_zero(rest) || symbols > 0 && known().unwrap_or(false) { Ok(()) } else { Err(UkiError::Trailing { bytes: rest.len() }) }
}
