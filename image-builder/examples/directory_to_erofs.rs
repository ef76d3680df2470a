//! `directory_to_erofs DIRECTORY IMAGE [--compression lz4|lz4hc|zstd|none] [--cluster-size BYTES] [--no-inline-data] [--chunk-size BYTES]`: a directory as an erofs.

use std::error::Error;
use std::path::PathBuf;

use rootfs_image::{ErofsCompression, ErofsLayout, ErofsOptions, Image, ImageFile};
use rootfs_tree::{ScanOptions, Tree};

const USAGE: &str =
    "directory_to_erofs DIRECTORY IMAGE [--compression lz4|lz4hc|zstd|none] [--cluster-size BYTES] [--no-inline-data] [--chunk-size BYTES]";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (directory, image) = (PathBuf::from(arguments.next().ok_or(USAGE)?), PathBuf::from(arguments.next().ok_or(USAGE)?));
    let mut options = ErofsOptions::default();
    while let Some(option) = arguments.next() {
        let mut value = || arguments.next().and_then(|text| text.into_string().ok()).ok_or(USAGE);
        match option.to_str() {
            Some("--compression") => options.compression = compression(&value()?)?,
            Some("--cluster-size") => options.cluster_size = value()?.parse()?,
            Some("--no-inline-data") => options.inline_data = false,
            Some("--chunk-size") => options.chunk_size = Some(value()?.parse()?),
            _ => return Err(USAGE.into()),
        }
    }
    let tree = Tree::scan(&directory, &ScanOptions::default())?;
    let layout = ErofsLayout::plan(&tree, &options)?;
    let file = ImageFile::create(&image)?;
    let written = layout.write(&tree, &Image::new(&file))?;
    Ok(file.finish(written.size)?)
}

fn compression(name: &str) -> Result<ErofsCompression, &'static str> {
    Ok(match name {
        "none" => ErofsCompression::None,
        "lz4" => ErofsCompression::Lz4,
        "lz4hc" => ErofsCompression::lz4hc(),
        "zstd" => ErofsCompression::zstd(),
        _ => return Err(USAGE),
    })
}
