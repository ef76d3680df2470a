//! The headers of a PE32+ file, under the names of Microsoft's "PE Format".

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// What begins the file: the program for DOS that nobody runs.
pub(super) const DOS_MAGIC: &[u8] = b"MZ";
/// Where the four bytes are that tell where [`PE_MAGIC`] is.
pub(super) const PE_OFFSET_AT: usize = 0x3C;
/// What is before the [`FileHeader`].
pub(super) const PE_MAGIC: &[u8] = b"PE\0\0";
/// [`OptionalHeader::magic`]
pub(super) const PE32_PLUS: u16 = 0x20B;
/// [`OptionalHeader::subsystem`]
pub(super) const EFI_APPLICATION: u16 = 10;
/// Among the directories behind the optional header, certificates are the fifth.
pub(super) const CERTIFICATES: usize = 4;
/// Bytes of a symbol in the table that [`FileHeader::pointer_to_symbol_table`] is of.
pub(super) const SYMBOL_SIZE: u64 = 18;
/// [`FileHeader::characteristics`]: there are no symbols.
pub(super) const LOCAL_SYMS_STRIPPED: u16 = 0x8;

/// [`SectionHeader::characteristics`]
pub(super) mod section_flag {
    pub(crate) const CODE: u32 = 0x20;
    pub(crate) const INITIALIZED_DATA: u32 = 0x40;
    pub(crate) const READ: u32 = 0x4000_0000;
}

/// COFF File Header.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(super) struct FileHeader {
    pub(super) machine: U16,
    pub(super) number_of_sections: U16,
    pub(super) time_date_stamp: U32,
    pub(super) pointer_to_symbol_table: U32,
    pub(super) number_of_symbols: U32,
    pub(super) size_of_optional_header: U16,
    pub(super) characteristics: U16,
}

/// Optional Header, up to its directories.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(super) struct OptionalHeader {
    pub(super) magic: U16,
    pub(super) linker_version: [u8; 2],
    pub(super) size_of_code: U32,
    pub(super) size_of_initialized_data: U32,
    pub(super) size_of_uninitialized_data: U32,

    pub(super) address_of_entry_point: U32,
    pub(super) base_of_code: U32,
    pub(super) image_base: U64,

    pub(super) section_alignment: U32,
    pub(super) file_alignment: U32,
    pub(super) versions: [U16; 6],
    pub(super) win32_version_value: U32,

    pub(super) size_of_image: U32,
    pub(super) size_of_headers: U32,
    pub(super) check_sum: U32,
    pub(super) subsystem: U16,
    pub(super) dll_characteristics: U16,

    pub(super) stack_and_heap: [U64; 4],

    pub(super) loader_flags: U32,
    pub(super) number_of_rva_and_sizes: U32,
}

/// Optional Header Data Directory.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(super) struct Directory {
    pub(super) virtual_address: U32,
    pub(super) size: U32,
}

/// Section Header.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C)]
pub(super) struct SectionHeader {
    pub(super) name: [u8; 8],
    pub(super) virtual_size: U32,
    pub(super) virtual_address: U32,

    pub(super) size_of_raw_data: U32,
    pub(super) pointer_to_raw_data: U32,
    pub(super) pointer_to_relocations: U32,
    pub(super) pointer_to_linenumbers: U32,

    pub(super) number_of_relocations: U16,
    pub(super) number_of_linenumbers: U16,
    pub(super) characteristics: U32,
}

const _: () = assert!(size_of::<FileHeader>() == 20 && size_of::<OptionalHeader>() == 112);
const _: () = assert!(size_of::<Directory>() == 8 && size_of::<SectionHeader>() == 40);
const _: () = assert!(std::mem::offset_of!(OptionalHeader, section_alignment) == 32);
const _: () = assert!(std::mem::offset_of!(OptionalHeader, check_sum) == 64);
