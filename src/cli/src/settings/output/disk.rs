use rootfs_image::{
    BlockSize, DiskOptions, ErofsCompression, ErofsOptions, Ext4Options, Holes, OtherXattrs, Profile, Qcow2Compression, RootFilesystem,
    Size, SquashfsOptions, Table, VerityOptions,
};

use super::compression::Packing;
use super::{one_of, refuse};
use crate::output::{Boot, Format};
use crate::setting_error::SettingError;
use crate::settings::size::bytes;
use crate::sourced::Sourced;
use crate::wishes::Wishes;

/// ext4 keeps this many bytes of a label.
const LONGEST_LABEL: usize = 16;

/// What a guest needs to boot and to keep a journal: a full filesystem boots into errors.
const USEFUL: u64 = 64 << 20;

const PROFILES: [(&str, Profile); 3] = [("default", Profile::Default), ("read-only", Profile::ReadOnly), ("compat", Profile::Compat)];

const TABLES: [(&str, Table); 3] = [("mbr", Table::Mbr), ("gpt", Table::Gpt), ("none", Table::None)];

const FILESYSTEMS: [(&str, Filesystem); 3] = [("ext4", Filesystem::Ext4), ("squashfs", Filesystem::Squashfs), ("erofs", Filesystem::Erofs)];

/// A filesystem by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filesystem {
    Ext4,
    Squashfs,
    Erofs,
}

impl Filesystem {
    fn name(self) -> &'static str {
        FILESYSTEMS.into_iter().find(|(_, filesystem)| *filesystem == self).map_or("", |(name, _)| name)
    }
}

#[cfg(test)]
pub(super) fn name_of(root: &RootFilesystem) -> &'static str {
    match root {
        RootFilesystem::Ext4(_) => "ext4",
        RootFilesystem::Squashfs(_) => "squashfs",
        RootFilesystem::Erofs(_) => "erofs",
    }
}

/// A disk, or, where the file's name is that of a filesystem, this alone.
pub(super) fn settle(wishes: &Wishes, named: Option<Filesystem>, packing: Option<Packing>) -> Result<(DiskOptions, Boot), SettingError> {
    let filesystem = match (&wishes.fs, named) {
        (Some(said), named) => {
            let asked = one_of(said, &FILESYSTEMS)?;
            match named {
                Some(named) if named != asked => return Err(SettingError::invalid(said, format!("the file's name says {}", named.name()))),
                _ => asked,
            }
        }
        (None, named) => named.unwrap_or(Filesystem::Ext4),
    };
    let table = match (&wishes.table, named) {
        (Some(said), named) => {
            let asked = one_of(said, &TABLES)?;
            match named {
                Some(named) if asked != Table::None => {
                    let reason = format!("the file's name says that it is {} without a table", with_article(named));
                    return Err(SettingError::invalid(said, reason));
                }
                _ => asked,
            }
        }
        (None, named) => named.map_or(Table::Mbr, |_| Table::None),
    };
    let boot = wishes.boot.as_ref().map(|said| one_of(said, &Boot::ALL)).transpose()?.unwrap_or_default();
    let table = match &wishes.boot {
        Some(said) if boot != Boot::Direct => {
            check_start(wishes, said, boot, table, named, filesystem)?;
            if boot == Boot::Uefi { Table::Gpt } else { table }
        }
        _ => table,
    };
    let options = DiskOptions {
        root: match filesystem {
            Filesystem::Ext4 => RootFilesystem::Ext4(ext4(wishes, packing)?),
            Filesystem::Squashfs => RootFilesystem::Squashfs(squashfs(wishes, packing)?),
            Filesystem::Erofs => RootFilesystem::Erofs(erofs(wishes, packing)?),
        },
        table,
        align: wishes.align.as_ref().map(bytes).transpose()?,
        dax: wishes.dax.unwrap_or(false),
        verity: wishes.verity.unwrap_or(false).then(VerityOptions::default),
        ..DiskOptions::default()
    };
    options.check().map_err(|source| SettingError::Mix { reason: source.to_string(), hint: source.hint() })?;
    Ok((options, boot))
}

/// A disk in a qcow2. What packs is the image's where the filesystem has no compression of its own.
pub(super) fn settle_qcow2(wishes: &Wishes, packing: Option<Packing>) -> Result<(DiskOptions, Boot, Qcow2Compression), SettingError> {
    let (own, inner) = match &wishes.fs {
        Some(said) if one_of(said, &FILESYSTEMS)? == Filesystem::Squashfs => (None, packing),
        _ => (packing, None),
    };
    let compression = own.map(|packing| packing.of_qcow2()).transpose()?.unwrap_or_default();
    let (options, boot) = settle(wishes, None, inner)?;
    if options.dax {
        return Err(SettingError::Mix { reason: "a guest maps the disk itself, and a qcow2 is none".to_owned(), hint: None });
    }
    Ok((options, boot, compression))
}

/// Refuses what doesn't go with a disk that starts by itself.
fn check_start(
    wishes: &Wishes,
    said: &Sourced<String>,
    boot: Boot,
    table: Table,
    named: Option<Filesystem>,
    filesystem: Filesystem,
) -> Result<(), SettingError> {
    let reason = match (boot, named) {
        (_, Some(named)) => format!("the file's name says that it is {} without a table", with_article(named)),
        (Boot::Uefi, _) if wishes.table.is_some() && table != Table::Gpt => {
            "firmware finds its partition by a GPT, and --table says another".to_owned()
        }
        (Boot::Bios, _) if table == Table::None => "GRUB lies behind a table, and --table says that there is none".to_owned(),
        (Boot::Bios, _) if filesystem != Filesystem::Ext4 => {
            format!("GRUB takes the kernel from an ext4, and --fs says {}", filesystem.name())
        }
        _ if wishes.verity == Some(true) || wishes.dax == Some(true) => {
            "what is mapped or has hashes gets its kernel from outside".to_owned()
        }
        _ => return Ok(()),
    };
    Err(SettingError::invalid(said, reason))
}

fn with_article(filesystem: Filesystem) -> &'static str {
    match filesystem {
        Filesystem::Ext4 => "an ext4",
        Filesystem::Squashfs => "a squashfs",
        Filesystem::Erofs => "an erofs",
    }
}

fn ext4(wishes: &Wishes, packing: Option<Packing>) -> Result<Ext4Options, SettingError> {
    if let Some(packing) = packing {
        refuse(Some(packing.said()), "ext4 has no compression")?;
    }
    if let (Some(size), Some(_)) = (&wishes.size, &wishes.free) {
        return Err(SettingError::invalid(size, "a size and free space exclude each other"));
    }
    let profile = wishes.ext4_profile.as_ref().map(|said| one_of(said, &PROFILES)).transpose()?.unwrap_or_default();
    // What is mapped into the guest, or has hashes, is never written to.
    let is_written = profile != Profile::ReadOnly && !wishes.dax.unwrap_or(false) && !wishes.verity.unwrap_or(false);
    let size = match (&wishes.size, &wishes.free) {
        (Some(size), _) => Size::Fixed(bytes(size)?),
        (None, Some(free)) => Size::Free(bytes(free)?),
        (None, None) if is_written => Size::Free(USEFUL),
        (None, None) => Size::Minimal,
    };
    Ok(Ext4Options {
        profile,
        size,
        block_size: wishes.block_size.as_ref().map(ext4_block_size).transpose()?.unwrap_or_default(),
        label: wishes.label.as_ref().map(label_of).transpose()?.unwrap_or_else(|| "root".to_owned()).into_bytes(),
        // Holes where the contents have zeros, not where this machine's disk has holes: the same tree gives the same bytes anywhere.
        holes: Holes::Zeros,
        ..Ext4Options::default()
    })
}

fn squashfs(wishes: &Wishes, packing: Option<Packing>) -> Result<SquashfsOptions, SettingError> {
    refuse(wishes.size.as_ref(), "a squashfs is as large as what is in it")?;
    refuse(wishes.free.as_ref(), "a squashfs has no free space")?;
    refuse(wishes.label.as_ref(), "a squashfs has none")?;
    refuse(wishes.ext4_profile.as_ref(), "a squashfs has none")?;
    let usual = SquashfsOptions::default();
    Ok(SquashfsOptions {
        compression: packing.map(|packing| packing.of_squashfs()).transpose()?.unwrap_or(usual.compression),
        block_size: wishes.block_size.as_ref().map(squashfs_block_size).transpose()?.unwrap_or(usual.block_size),
        other_xattrs: OtherXattrs::LeaveOut,
        ..usual
    })
}

/// Without a word on it, what is mapped is not compressed, as only then the host's pages are the guest's; else it is as Kata's builder has it.
fn erofs(wishes: &Wishes, packing: Option<Packing>) -> Result<ErofsOptions, SettingError> {
    refuse(wishes.size.as_ref(), "an erofs is as large as what is in it")?;
    refuse(wishes.free.as_ref(), "an erofs has no free space")?;
    refuse(wishes.ext4_profile.as_ref(), "an erofs has none")?;
    let is_mapped = wishes.dax.unwrap_or(false);
    let usual = ErofsOptions::default();
    let unsaid = if is_mapped { ErofsCompression::None } else { usual.compression };
    let compression = packing.map(|packing| packing.of_erofs()).transpose()?.unwrap_or(unsaid);
    let is_packed = compression != ErofsCompression::None;
    let what = if is_packed { "a cluster of an erofs" } else { "a chunk of an erofs" };
    let size = wishes.block_size.as_ref().map(|said| power_of_two(said, what)).transpose()?;
    Ok(ErofsOptions {
        compression,
        cluster_size: size.filter(|_| is_packed).unwrap_or(usual.cluster_size),
        chunk_size: size.filter(|_| !is_packed),
        inline_data: !is_mapped,
        label: wishes.label.as_ref().map(label_of).transpose()?.unwrap_or_default().into_bytes(),
        ..usual
    })
}

/// Refuses what is said of disks where something else is written.
pub(super) fn refuse_all(wishes: &Wishes, format: Format) -> Result<(), SettingError> {
    let why = format!("{} has none", format.described());
    let settings = [
        &wishes.fs,
        &wishes.table,
        &wishes.size,
        &wishes.free,
        &wishes.align,
        &wishes.boot,
        &wishes.label,
        &wishes.ext4_profile,
        &wishes.block_size,
    ];
    settings.into_iter().try_for_each(|said| refuse(said.as_ref(), &why))?;
    for (flag, said) in [("--dax", wishes.dax), ("--verity", wishes.verity)] {
        if said == Some(true) {
            return Err(SettingError::Mix { reason: format!("{flag} is for disk images, and this is {}", format.described()), hint: None });
        }
    }
    Ok(())
}

fn ext4_block_size(said: &Sourced<String>) -> Result<BlockSize, SettingError> {
    let wanted = bytes(said)?;
    let known = BlockSize::ALL.into_iter().find(|size| u64::from(size.bytes()) == wanted);
    known.ok_or_else(|| SettingError::invalid(said, "a block has 1K, 2K or 4K"))
}

fn squashfs_block_size(said: &Sourced<String>) -> Result<u32, SettingError> {
    power_of_two(said, "a block of a squashfs")
}

fn power_of_two(said: &Sourced<String>, what: &str) -> Result<u32, SettingError> {
    let wanted = u32::try_from(bytes(said)?).ok().filter(|size| size.is_power_of_two() && (4096..=1 << 20).contains(size));
    wanted.ok_or_else(|| SettingError::invalid(said, format!("{what} has 4K, 8K, 16K and so on up to 1M")))
}

fn label_of(said: &Sourced<String>) -> Result<String, SettingError> {
    if said.value.len() > LONGEST_LABEL || said.value.contains('\0') {
        return Err(SettingError::invalid(said, format!("a label has at most {LONGEST_LABEL} bytes")));
    }
    Ok(said.value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::ImageArgs;

    fn of(args: ImageArgs) -> Result<Ext4Options, String> {
        let (options, _) = settle(&Wishes::from(args), None, None).map_err(|error| error.to_string())?;
        match options.root {
            RootFilesystem::Ext4(options) => Ok(options),
            other => Err(name_of(&other).to_owned()),
        }
    }

    #[test]
    fn profiles_and_block_sizes_have_defaults() {
        let of = |profile: Option<&str>, block_size: Option<&str>| {
            let args =
                ImageArgs { ext4_profile: profile.map(str::to_owned), block_size: block_size.map(str::to_owned), ..ImageArgs::default() };
            of(args).map(|options| (options.profile, options.block_size))
        };
        assert_eq!(of(None, None), Ok((Profile::Default, BlockSize::K4)));
        for (text, block_size) in [("1K", BlockSize::K1), ("2048", BlockSize::K2), ("4KiB", BlockSize::K4)] {
            assert_eq!(of(Some("read-only"), Some(text)), Ok((Profile::ReadOnly, block_size)));
        }
        assert_eq!(of(None, Some("3K")), Err("--block-size 3K: a block has 1K, 2K or 4K".to_owned()));
    }

    #[test]
    fn an_erofs_that_is_mapped_is_stored_as_it_is() {
        let erofs = |compress: Option<&str>, dax, block_size: Option<&str>| {
            let [compress, block_size] = [compress, block_size].map(|said| said.map(str::to_owned));
            let args = ImageArgs { fs: Some("erofs".to_owned()), compress, dax, block_size, ..ImageArgs::default() };
            let wishes = Wishes::from(args);
            let packing = wishes.compress.as_ref().map(Packing::parse).transpose().map_err(|error| error.to_string())?;
            match settle(&wishes, None, packing).map_err(|error| error.to_string())?.0.root {
                RootFilesystem::Erofs(options) => Ok(options),
                other => Err(name_of(&other).to_owned()),
            }
        };
        let of = |compress, dax| erofs(compress, dax, None).map(|options| (options.compression, options.inline_data));
        assert_eq!(of(None, false), Ok((ErofsCompression::lz4hc(), true)));
        assert_eq!(of(None, true), Ok((ErofsCompression::None, false)));
        assert_eq!(of(Some("zstd:3"), true), Ok((ErofsCompression::Zstd { level: 3 }, false)));
        let block_size =
            |compress, size| erofs(Some(compress), false, Some(size)).map(|options| (options.cluster_size, options.chunk_size));
        assert_eq!(block_size("lz4", "64K"), Ok((64 << 10, None)));
        assert_eq!(block_size("none", "64K"), Ok((4096, Some(64 << 10))));
        assert_eq!(block_size("none", "2K"), Err("--block-size 2K: a chunk of an erofs has 4K, 8K, 16K and so on up to 1M".to_owned()));
        assert_eq!(of(Some("gz"), false), Err("--compress gz: an erofs is packed with lz4, lz4hc, zstd or none".to_owned()));
    }

    #[test]
    fn what_is_never_written_to_has_no_free_space() {
        let size = |args: ImageArgs| of(args).map(|options| options.size);
        assert_eq!(size(ImageArgs::default()), Ok(Size::Free(USEFUL)));
        assert_eq!(size(ImageArgs { dax: true, ..ImageArgs::default() }), Ok(Size::Minimal));
        assert_eq!(size(ImageArgs { verity: true, free: Some("1M".to_owned()), ..ImageArgs::default() }), Ok(Size::Free(1 << 20)));
    }
}
