//! `directory_to_image DIRECTORY IMAGE [--disk] [--free BYTES | --size BYTES] [--zeros] [--read-only | --compat] [--1k | --2k]`: a directory as an
//! ext4 filesystem, or as a disk.

use std::error::Error;
use std::path::PathBuf;

use rootfs_image::{BlockSize, DiskLayout, DiskOptions, Ext4Layout, Ext4Options, Holes, Image, ImageFile, Profile, RootFilesystem, Size};
use rootfs_tree::{ScanOptions, Tree};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let usage =
        "directory_to_image DIRECTORY IMAGE [--disk] [--free BYTES | --size BYTES] [--zeros] [--read-only | --compat] [--1k | --2k]";
    let (directory, image) = (PathBuf::from(arguments.next().ok_or(usage)?), PathBuf::from(arguments.next().ok_or(usage)?));
    let mut filesystem = Ext4Options::default();
    let mut as_disk = false;
    while let Some(option) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.to_str()?.parse().ok()).ok_or(usage);
        match option.to_str() {
            Some("--disk") => as_disk = true,
            Some("--free") => filesystem.size = Size::Free(number()?),
            Some("--size") => filesystem.size = Size::Fixed(number()?),
            Some("--zeros") => filesystem.holes = Holes::Zeros,
            Some("--read-only") => filesystem.profile = Profile::ReadOnly,
            Some("--compat") => filesystem.profile = Profile::Compat,
            Some("--1k") => filesystem.block_size = BlockSize::K1,
            Some("--2k") => filesystem.block_size = BlockSize::K2,
            _ => return Err(usage.into()),
        }
    }
    let tree = Tree::scan(&directory, &ScanOptions::default())?;
    let file = ImageFile::create(&image)?;
    let size = if as_disk {
        let options = DiskOptions { root: RootFilesystem::Ext4(filesystem), ..DiskOptions::default() };
        DiskLayout::plan(&tree, &options)?.write(&tree, &Image::new(&file))?.size
    } else {
        let layout = Ext4Layout::plan(&tree, &filesystem)?;
        layout.write(&tree, &Image::new(&file))?;
        layout.size()
    };
    Ok(file.finish(size)?)
}
