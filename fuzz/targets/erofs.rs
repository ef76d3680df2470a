//! An erofs: any bytes, and images of our own with bytes changed, which get further. What verifies is no more than it was made of.
#![no_main]

use std::sync::{Mutex, OnceLock};

use rootfs_image::{ErofsCompression, ErofsLayout, ErofsOptions, ErofsReader, Image, Sink, SinkError};
use rootfs_tree::{Kind, Metadata, Node, Time, Tree};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((chosen, rest)) = bytes.split_first() else { return };
    let images = images();
    let Some(image) = images.get(usize::from(*chosen)) else { return verify(rest) };
    let mut image = image.clone();
    for change in rest.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % image.len();
        image[at] = change[2];
    }
    verify(&image);
});

fn verify(image: &[u8]) {
    if let Ok(reader) = ErofsReader::open(&image) {
        let _ = reader.verify();
        let _ = reader.lookup(b"/sbin/init");
    }
}

/// One small tree in each form, without the checksum, which would let no change of the superblock through.
fn images() -> &'static Vec<Vec<u8>> {
    static IMAGES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    let forms = [
        (ErofsCompression::None, 4096),
        (ErofsCompression::Lz4, 4096),
        (ErofsCompression::Lz4, 16 << 10),
        (ErofsCompression::lz4hc(), 4096),
        (ErofsCompression::zstd(), 8192),
    ];
    IMAGES.get_or_init(|| forms.map(|(compression, cluster_size)| image_of(compression, cluster_size)).into())
}

fn image_of(compression: ErofsCompression, cluster_size: u32) -> Vec<u8> {
    let mut tree = Tree::default();
    let xattrs = [(b"user.a".as_slice().into(), vec![1; 200].into())];
    let metadata = Metadata { xattrs: Some(Box::new(xattrs.into())), ..Metadata::root(0o755, Time::from_seconds(1)) };
    let kinds = [
        Kind::inline(b"some text ".repeat(6000)),
        Kind::inline(&b"short"[..]),
        Kind::Symlink(b"target"[..].into()),
        Kind::CharDevice { major: 1, minor: 3 },
        Kind::Fifo,
        Kind::directory(),
    ];
    for (index, kind) in kinds.into_iter().enumerate() {
        let node = Node { metadata: metadata.clone(), kind, package: None };
        tree.place(format!("/directory/{index}").as_bytes(), node).expect("a name");
    }
    for index in 0..400 {
        let node = Node { metadata: Metadata::root(0o644, Time::from_seconds(1)), kind: Kind::Fifo, package: None };
        tree.place(format!("/crowd/{index:040}").as_bytes(), node).expect("a name");
    }
    let memory = Memory::default();
    let options = ErofsOptions { compression, cluster_size, ..ErofsOptions::default() };
    let layout = ErofsLayout::plan(&tree, &options).expect("a tree that erofs holds");
    let size = layout.write(&tree, &Image::new(&memory)).expect("an erofs").size;
    let mut image = memory.0.into_inner().expect("nobody panicked");
    image.resize(usize::try_from(size).expect("a small image"), 0);
    // `EROFS_FEATURE_COMPAT_SB_CHKSUM`.
    image[1024 + 8] &= !1;
    image
}

#[derive(Default)]
struct Memory(Mutex<Vec<u8>>);

impl Sink for Memory {
    fn data(&self, offset: u64, bytes: &[u8]) -> Result<(), SinkError> {
        let mut image = self.0.lock().expect("nobody panicked");
        let at = usize::try_from(offset).expect("a small image");
        if image.len() < at + bytes.len() {
            image.resize(at + bytes.len(), 0);
        }
        image[at..at + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }
}
