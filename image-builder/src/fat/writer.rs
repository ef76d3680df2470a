use std::io;
use std::os::fd::AsFd;

use rayon::prelude::*;
use rootfs_tree::{Bytes, FileContent, NodeId, Sources, Tree};
use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromZeros, IntoBytes};

use super::date::Stamp;
use super::error::FatError;
use super::format::{
    ATTR_ARCHIVE, ATTR_DIRECTORY, ATTR_VOLUME_ID, BOOT_SIGNATURE, CODE, FsInfo, MEDIA, Parameters, Parameters32, ShortEntry, Volume,
};
use super::geometry::{Kind, SECTOR};
use super::name::{exact, long_entries};
use super::plan::{Child, FatLayout, Planned, What};
use crate::contents::ContentError;
use crate::sink::{Image, SinkError};

/// Sectors of FAT32 with copies of the first two.
const BACKUP: u64 = 6;
/// The end of a chain of clusters, and all higher bits.
const END: u32 = 0x0FFF_FFFF;

impl FatLayout {
    /// Writes the filesystem. Contents are copied by as many threads as rayon has.
    ///
    /// # Errors
    /// When a content can't be read or has another length than the tree says, when the image can't be written, or on cancellation.
    pub fn write(&self, tree: &Tree, image: &Image<'_>) -> Result<(), FatError> {
        self.write_front(image)?;
        self.write_tables(image)?;
        let sources = Sources::of(tree);
        self.nodes.par_iter().try_for_each(|node| match &node.what {
            What::Directory { children, parent } => self.write_directory(tree, node, children, *parent, image),
            What::File(length) => {
                image.check_cancelled()?;
                let file = tree.file(node.id).filter(|file| file.length == *length).ok_or(FatError::TreeChanged)?;
                self.write_file(&sources, node, file, image)
            }
        })
    }

    fn write_front(&self, image: &Image<'_>) -> Result<(), FatError> {
        let mut front = self.boot_sector(u32::try_from(image.base() / SECTOR).unwrap_or(0));
        if self.geometry.kind != Kind::Fat32 {
            return Ok(image.data(0, &front)?);
        }
        let mut info = FsInfo::new_zeroed();
        info.lead_sig = U32::new(0x4161_5252);
        info.struc_sig = U32::new(0x6141_7272);
        info.trail_sig = U32::new(0xAA55_0000);
        let free = self.geometry.clusters - self.used;
        info.free_count = U32::new(number(free));
        info.nxt_free = U32::new(if free > 0 { number(self.used + 2) } else { u32::MAX });
        front.extend_from_slice(info.as_bytes());
        image.data(0, &front)?;
        Ok(image.data(BACKUP * SECTOR, &front)?)
    }

    fn boot_sector(&self, hidden: u32) -> Vec<u8> {
        let geometry = &self.geometry;
        let is_large = geometry.kind == Kind::Fat32;
        let small = |number: u64| U16::new(u16::try_from(number).unwrap_or(0));
        let few_sectors = !is_large && geometry.sectors < 0x10000;
        let jump = if is_large { 0x58 } else { 0x3C };
        let parameters = Parameters {
            jmp_boot: [0xEB, jump, 0x90],
            // What the specification recommends, as some look at it.
            oem_name: *b"MSWIN4.1",
            byts_per_sec: small(SECTOR),
            sec_per_clus: u8::try_from(geometry.sectors_per_cluster).unwrap_or(0),
            rsvd_sec_cnt: small(geometry.kind.reserved()),
            num_fats: 2,
            root_ent_cnt: if let Kind::Fat16 { root_entries } = geometry.kind { small(root_entries) } else { U16::ZERO },
            tot_sec_16: if few_sectors { small(geometry.sectors) } else { U16::ZERO },
            media: MEDIA,
            fat_sz_16: if is_large { U16::ZERO } else { small(geometry.table) },
            sec_per_trk: U16::new(63),
            num_heads: U16::new(255),
            hidd_sec: U32::new(hidden),
            tot_sec_32: if few_sectors { U32::ZERO } else { U32::new(number(geometry.sectors)) },
        };
        let mut bytes = parameters.as_bytes().to_vec();
        if is_large {
            let more = Parameters32 {
                fat_sz_32: U32::new(number(geometry.table)),
                ext_flags: U16::ZERO,
                fs_ver: U16::ZERO,
                root_clus: U32::new(number(self.nodes[0].first)),
                fs_info: U16::new(1),
                bk_boot_sec: small(BACKUP),
                reserved: [0; 12],
            };
            bytes.extend_from_slice(more.as_bytes());
        }
        let volume = Volume {
            drv_num: 0x80,
            reserved1: 0,
            boot_sig: 0x29,
            vol_id: U32::new(self.volume_id),
            vol_lab: self.label,
            fil_sys_type: if is_large { *b"FAT32   " } else { *b"FAT16   " },
        };
        bytes.extend_from_slice(volume.as_bytes());
        bytes.extend_from_slice(&CODE);
        bytes.resize(510, 0);
        bytes.extend_from_slice(&BOOT_SIGNATURE);
        bytes
    }

    /// Both tables, as far as clusters are in use.
    fn write_tables(&self, image: &Image<'_>) -> Result<(), FatError> {
        let kind = self.geometry.kind;
        let mut table = Vec::new();
        let mut push = |number: u32| match kind {
            Kind::Fat32 => table.extend_from_slice(&number.to_le_bytes()),
            Kind::Fat16 { .. } => table.extend_from_slice(&number.to_le_bytes()[..2]),
        };
        push(END & !0xFF | u32::from(MEDIA));
        push(END);
        for node in &self.nodes {
            for cluster in node.first..node.first + node.count {
                push(if cluster + 1 == node.first + node.count { END } else { number(cluster + 1) });
            }
        }
        for copy in 0..2 {
            image.data((kind.reserved() + copy * self.geometry.table) * SECTOR, &table)?;
        }
        Ok(())
    }

    fn write_directory(
        &self,
        tree: &Tree,
        node: &Planned,
        children: &[Child],
        parent: Option<usize>,
        image: &Image<'_>,
    ) -> Result<(), FatError> {
        let mut bytes = Vec::new();
        if let Some(parent) = parent {
            // The root is number 0 here, wherever it is.
            let above = if parent == 0 { 0 } else { self.nodes[parent].first };
            for (name, first) in [(*b".          ", node.first), (*b"..         ", above)] {
                bytes.extend_from_slice(entry(tree, node.id, name, ATTR_DIRECTORY, first, 0).as_bytes());
            }
        } else {
            bytes.extend_from_slice(entry(tree, node.id, self.label, ATTR_VOLUME_ID, 0, 0).as_bytes());
        }
        for child in children {
            if exact(&child.name).is_none() {
                bytes.extend(long_entries(&child.name, &child.short));
            }
            let planned = &self.nodes[child.node];
            let (attributes, length) = match planned.what {
                What::Directory { .. } => (ATTR_DIRECTORY, 0),
                What::File(length) => (ATTR_ARCHIVE, length),
            };
            bytes.extend_from_slice(entry(tree, planned.id, child.short, attributes, planned.first, length).as_bytes());
        }
        let offset = if node.first == 0 { self.geometry.behind_tables() * SECTOR } else { self.geometry.offset(node.first) };
        Ok(image.data(offset, &bytes)?)
    }

    fn write_file(&self, sources: &Sources<'_>, node: &Planned, file: &FileContent, image: &Image<'_>) -> Result<(), FatError> {
        if file.length == 0 {
            return Ok(());
        }
        let offset = self.geometry.offset(node.first);
        let written = match sources.find(node.id, file).map_err(ContentError::Tree)? {
            Bytes::Inline(bytes) if bytes.len() as u64 != file.length => Err(SinkError::Read(io::ErrorKind::UnexpectedEof.into())),
            Bytes::Inline(bytes) => image.data(offset, bytes),
            Bytes::Section(section) => image.copy(offset, section.as_fd(), section.offset, file.length),
        };
        written.map_err(|source| ContentError::Content { path: node.path.clone(), source })?;
        image.advance(file.length);
        Ok(())
    }
}

fn entry(tree: &Tree, id: NodeId, name: [u8; 11], attr: u8, first: u64, length: u64) -> ShortEntry {
    let Stamp { date, time, tenth } = Stamp::of(tree.node(id).metadata.mtime);
    let half = |number: u64| U16::new(u16::try_from(number & 0xFFFF).unwrap_or(0));
    ShortEntry {
        name,
        attr,
        nt_res: 0,
        crt_time_tenth: tenth,
        crt_time: U16::new(time),
        crt_date: U16::new(date),
        lst_acc_date: U16::new(date),
        fst_clus_hi: half(first >> 16),
        wrt_time: U16::new(time),
        wrt_date: U16::new(date),
        fst_clus_lo: half(first),
        file_size: U32::new(number(length)),
    }
}

/// What the plan has seen to fit.
fn number(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
