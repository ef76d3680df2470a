//! `directory_to_squashfs DIRECTORY IMAGE [--compression gzip|xz|xz-x86|zstd|lz4|lz4-hc|none] [--level N] [--block-size BYTES] [--no-fragments |
//! --tail-fragments] [--no-export] [--leave-out-acls]`: a directory as a squashfs.

use std::error::Error;
use std::path::PathBuf;

use rootfs_image::{Image, ImageFile, OtherXattrs, Squashfs, SquashfsCompression, SquashfsOptions};
use rootfs_tree::{ScanOptions, Tree};

const USAGE: &str = "directory_to_squashfs DIRECTORY IMAGE [--compression gzip|xz|xz-x86|zstd|lz4|lz4-hc|none] [--level N]
    [--block-size BYTES] [--no-fragments | --tail-fragments] [--no-export] [--leave-out-acls]";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (directory, image) = (PathBuf::from(arguments.next().ok_or(USAGE)?), PathBuf::from(arguments.next().ok_or(USAGE)?));
    let mut options = SquashfsOptions::default();
    let mut chosen = None;
    while let Some(option) = arguments.next() {
        let mut value = || arguments.next().and_then(|text| text.into_string().ok()).ok_or(USAGE);
        match option.to_str() {
            Some("--compression") => options.compression = compression(&value()?)?,
            Some("--level") => chosen = Some(value()?.parse()?),
            Some("--block-size") => options.block_size = value()?.parse()?,
            Some("--no-fragments") => options.fragments = false,
            Some("--tail-fragments") => options.tail_fragments = true,
            Some("--no-export") => options.export = false,
            Some("--leave-out-acls") => options.other_xattrs = OtherXattrs::LeaveOut,
            _ => return Err(USAGE.into()),
        }
    }
    if let Some(chosen) = chosen
        && let SquashfsCompression::Gzip { level } | SquashfsCompression::Xz { level, .. } | SquashfsCompression::Zstd { level } =
            &mut options.compression
    {
        *level = chosen;
    }
    let tree = Tree::scan(&directory, &ScanOptions::default())?;
    let file = ImageFile::create(&image)?;
    let written = Squashfs::write(&tree, &options, &Image::new(&file))?;
    Ok(file.finish(written.size)?)
}

fn compression(name: &str) -> Result<SquashfsCompression, &'static str> {
    Ok(match name {
        "gzip" => SquashfsCompression::gzip(),
        "xz" => SquashfsCompression::xz(),
        "xz-x86" => SquashfsCompression::Xz { level: 6, dictionary: None, x86: true },
        "zstd" => SquashfsCompression::zstd(),
        "lz4" => SquashfsCompression::lz4(),
        "lz4-hc" => SquashfsCompression::Lz4 { hc: true },
        "none" => SquashfsCompression::None,
        _ => return Err(USAGE),
    })
}
