//! Images read back into trees: small ones of ours with bytes changed, and any bytes. What is read can be hashed or says why not.
#![no_main]

use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::sync::OnceLock;

use rootfs_image::{
    BlockSize, ContainerChoice, DiskLayout, DiskOptions, ErofsCompression, ErofsOptions, Ext4Options, Image, ImageFile, Journal, Profile,
    Qcow2Compression, Qcow2File, Quiet, ReadImage, RootFilesystem, SquashfsCompression, SquashfsOptions, Table, write_cpio,
};
use rootfs_tree::{Kind, Metadata, Node, Time, Tree};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((chosen, rest)) = bytes.split_first() else { return };
    let Some(image) = images().get(usize::from(*chosen)) else { return read(rest) };
    let mut image = image.clone();
    for change in rest.chunks_exact(4) {
        let at = usize::from_le_bytes([change[0], change[1], change[2], 0, 0, 0, 0, 0]) % image.len();
        image[at] = change[3];
    }
    read(&image);
});

fn read(bytes: &[u8]) {
    let file = rustix::fs::memfd_create("image", rustix::fs::MemfdFlags::empty()).expect("a file in memory");
    let mut file = std::fs::File::from(file);
    file.write_all(bytes).expect("a file in memory can be written");
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let spool = std::env::temp_dir().join(format!("rootfs-fuzz-{}", std::process::id()));
    if let Ok(image) = ReadImage::of(path.as_ref(), &ContainerChoice::default(), &spool, &Quiet) {
        let mut tree = image.tree;
        // What is all holes takes long to hash, and is no harm.
        let length: u64 = tree.walk().filter_map(|entry| tree.file(entry.id).map(|file| file.length)).fold(0, u64::saturating_add);
        if length < 1 << 24 {
            let _ = tree.hash_contents();
        }
    }
    let _ = std::fs::remove_dir_all(spool);
}

/// One small tree in every form.
fn images() -> &'static Vec<Vec<u8>> {
    static IMAGES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    IMAGES.get_or_init(|| {
        let tree = tree();
        let ext4 = |profile| Ext4Options { profile, block_size: BlockSize::K1, journal: Journal::None, ..Ext4Options::default() };
        let disk = |root, table| DiskOptions { root, table, ..DiskOptions::default() };
        let squashfs =
            |compression| RootFilesystem::Squashfs(SquashfsOptions { compression, block_size: 4096, ..SquashfsOptions::default() });
        let erofs = |compression| RootFilesystem::Erofs(ErofsOptions { compression, ..ErofsOptions::default() });
        let mut images: Vec<Vec<u8>> = [
            disk(RootFilesystem::Ext4(ext4(Profile::Compat)), Table::None),
            disk(RootFilesystem::Ext4(ext4(Profile::ReadOnly)), Table::None),
            disk(squashfs(SquashfsCompression::None), Table::None),
            disk(squashfs(SquashfsCompression::zstd()), Table::Gpt),
            disk(erofs(ErofsCompression::None), Table::None),
            disk(erofs(ErofsCompression::Lz4), Table::None),
        ]
        .iter()
        .map(|options| written(&tree, options, None))
        .collect();
        images.push(written(&tree, &disk(squashfs(SquashfsCompression::None), Table::Mbr), Some(Qcow2Compression::None)));
        let mut archive = Vec::new();
        write_cpio(&tree, &mut archive).expect("an archive");
        images.push(archive);
        images
    })
}

fn written(tree: &Tree, options: &DiskOptions, qcow2: Option<Qcow2Compression>) -> Vec<u8> {
    let path = std::env::temp_dir().join(format!("rootfs-fuzz-{}.img", std::process::id()));
    let layout = DiskLayout::plan(tree, options).expect("a plan");
    if let Some(compression) = qcow2 {
        let file = Qcow2File::create(&path, compression).expect("a file");
        let disk = layout.write(tree, &Image::new(&file)).expect("a disk");
        file.finish(disk.size, &Quiet).expect("an image");
    } else {
        let file = ImageFile::create(&path).expect("a file");
        let disk = layout.write(tree, &Image::new(&file)).expect("a disk");
        file.finish(disk.size).expect("an image");
    }
    let bytes = std::fs::read(&path).expect("an image");
    let _ = std::fs::remove_file(path);
    bytes
}

fn tree() -> Tree {
    let mut tree = Tree::default();
    let xattrs = [(b"user.a".as_slice().into(), vec![1; 200].into())];
    let metadata = Metadata { xattrs: Some(Box::new(xattrs.into())), ..Metadata::root(0o755, Time::from_seconds(1)) };
    let kinds = [
        Kind::inline(vec![7; 10_000]),
        Kind::inline(&b"short"[..]),
        Kind::Symlink(b"target"[..].into()),
        Kind::Symlink(vec![b'l'; 100].into()),
        Kind::CharDevice { major: 1, minor: 3 },
        Kind::directory(),
    ];
    for (index, kind) in kinds.into_iter().enumerate() {
        let node = Node { metadata: metadata.clone(), kind, package: None };
        tree.place(format!("/directory/{index}").as_bytes(), node).expect("a name");
    }
    tree
}
