//! FAT as it lies on disk: structs and constants only, under the names of Microsoft's specification.

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

pub(crate) const BOOT_SIGNATURE: [u8; 2] = [0x55, 0xAA];
pub(super) const ATTR_DIRECTORY: u8 = 0x10;
pub(super) const ATTR_ARCHIVE: u8 = 0x20;
pub(super) const ATTR_VOLUME_ID: u8 = 0x08;
pub(super) const ATTR_LONG_NAME: u8 = 0x0F;
pub(super) const LAST_LONG_ENTRY: u8 = 0x40;
/// A disk that isn't taken out of its drive.
pub(super) const MEDIA: u8 = 0xF8;
/// `EB xx 90` over the parameters, and there: have the BIOS try what else there is, and wait.
pub(super) const CODE: [u8; 4] = [0xCD, 0x18, 0xEB, 0xFE];

/// What both kinds have at the start.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Parameters {
    pub(crate) jmp_boot: [u8; 3],
    pub(crate) oem_name: [u8; 8],
    pub(crate) byts_per_sec: U16,
    pub(crate) sec_per_clus: u8,
    pub(crate) rsvd_sec_cnt: U16,

    pub(crate) num_fats: u8,
    pub(crate) root_ent_cnt: U16,
    pub(crate) tot_sec_16: U16,
    pub(crate) media: u8,
    pub(crate) fat_sz_16: U16,
    pub(crate) sec_per_trk: U16,
    pub(crate) num_heads: U16,
    pub(crate) hidd_sec: U32,

    pub(crate) tot_sec_32: U32,
}

const _: () = assert!(size_of::<Parameters>() == 36);

/// What FAT32 has then.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Parameters32 {
    pub(crate) fat_sz_32: U32,
    pub(crate) ext_flags: U16,
    pub(crate) fs_ver: U16,
    pub(crate) root_clus: U32,
    pub(crate) fs_info: U16,
    pub(crate) bk_boot_sec: U16,

    pub(crate) reserved: [u8; 12],
}

const _: () = assert!(size_of::<Parameters32>() == 28);

/// What both have behind that.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Volume {
    pub(crate) drv_num: u8,
    pub(crate) reserved1: u8,
    pub(crate) boot_sig: u8,
    pub(crate) vol_id: U32,
    pub(crate) vol_lab: [u8; 11],
    pub(crate) fil_sys_type: [u8; 8],
}

const _: () = assert!(size_of::<Volume>() == 26);

/// What FAT32 says of its free clusters.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct FsInfo {
    pub(super) lead_sig: U32,
    pub(super) reserved1: [u8; 480],
    pub(super) struc_sig: U32,
    pub(super) free_count: U32,
    pub(super) nxt_free: U32,
    pub(super) reserved2: [u8; 12],
    pub(super) trail_sig: U32,
}

const _: () = assert!(size_of::<FsInfo>() == 512);

/// A name of 8 and 3 characters, and what has it.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct ShortEntry {
    pub(super) name: [u8; 11],
    pub(super) attr: u8,
    pub(super) nt_res: u8,
    pub(super) crt_time_tenth: u8,
    pub(super) crt_time: U16,

    pub(super) crt_date: U16,
    pub(super) lst_acc_date: U16,
    pub(super) fst_clus_hi: U16,
    pub(super) wrt_time: U16,
    pub(super) wrt_date: U16,
    pub(super) fst_clus_lo: U16,
    pub(super) file_size: U32,
}

const _: () = assert!(size_of::<ShortEntry>() == 32);

/// 13 characters of a longer name; the last ones come first.
#[derive(Debug, Clone, FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct LongEntry {
    pub(super) ord: u8,
    pub(super) name1: [U16; 5],
    pub(super) attr: u8,
    pub(super) kind: u8,
    pub(super) chksum: u8,
    pub(super) name2: [U16; 6],
    pub(super) fst_clus_lo: U16,
    pub(super) name3: [U16; 2],
}

const _: () = assert!(size_of::<LongEntry>() == 32);
